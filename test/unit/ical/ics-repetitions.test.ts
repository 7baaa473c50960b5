import ICAL from "ical.js";
import { expect, it } from "vitest";
import { repetitionsOf } from "../../../src/ical/ics-repetitions.ts";
import { zoneOf } from "../../../src/schedule/zone.ts";

function findZone(): never {
  throw new Error("no property names a zone");
}

it.each([
  [
    "RRULE, one of which is left out by EXDATE",
    ["RRULE:FREQ=MONTHLY;BYDAY=-1FR", "EXDATE:20260227T090000"],
    ["2026-01-02T09:00", "2026-01-30T09:00", "2026-03-27T09:00"],
  ],
  [
    "RDATE, on the clock of the start",
    ["RDATE:20260701T100000Z", "RDATE:20260101T100000Z"],
    ["2026-01-02T09:00", "2026-07-01T12:00", "2026-01-01T11:00"],
  ],
  [
    "RDATE and RRULE together, each once",
    ["RDATE:20260103T090000", "RRULE:FREQ=DAILY;COUNT=3"],
    ["2026-01-02T09:00", "2026-01-03T09:00", "2026-01-04T09:00"],
  ],
])("follows %s, without a file", (_name, lines, expected) => {
  const component = new ICAL.Component("vevent");
  for (const line of lines) component.addProperty(ICAL.Property.fromString(line));
  const start = { wall: Date.UTC(2026, 0, 2, 9), isDate: false, zone: zoneOf("Europe/Berlin") };
  const walls = repetitionsOf(component, start, { budget: { left: 1_000 }, findZone }).take(3);
  expect([...walls].map(wall => new Date(wall).toISOString().slice(0, 16))).toEqual(expected);
});
