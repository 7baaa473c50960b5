import { describe, expect, it } from "vitest";
import { calendar, readCalendar as read } from "../../support/ics.ts";

/** The lines of a VTIMEZONE: every last Sunday of March and October at 01:00 UTC, or as given. */
function zone(tzid: string, [winter, summer] = ["+0100", "+0200"], rules = EUROPE): string {
  const part = (name: string, [start, rule]: readonly string[], from: string, to: string) =>
    `BEGIN:${name}|DTSTART:${start}|${rule}|TZOFFSETFROM:${from}|TZOFFSETTO:${to}|END:${name}`;
  const [standard = [], daylight = []] = rules;
  return [
    `BEGIN:VTIMEZONE|TZID:${tzid}`,
    part("STANDARD", standard, summer ?? "", winter ?? ""),
    part("DAYLIGHT", daylight, winter ?? "", summer ?? ""),
    "END:VTIMEZONE",
  ].join("|");
}

const EUROPE = [
  ["19961027T030000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10"],
  ["19810329T020000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3"],
];

/** A calendar that defines zones. */
function withZones(zones: readonly string[], ...events: readonly string[]): string {
  const [head = "", ...rest] = calendar(...events).split("BEGIN:VEVENT");
  const defined = zones.flatMap(text => text.split("|")).map(line => `${line}\r\n`);
  return [`${head}${defined.join("")}`, ...rest].join("BEGIN:VEVENT");
}

describe("a zone that the file defines", () => {
  const event = (tzid: string, start: string) => `DTSTART;TZID=${tzid}:${start}|DURATION:PT1H`;

  it("counts, whatever the runtime knows by that name", () => {
    const text = withZones(
      [zone("GMT"), zone("UTC", ["-0500", "-0400"])],
      ...["GMT", "UTC"].flatMap(name => [event(name, "20260701T090000"), event(name, "20261201T090000")]),
    );
    expect(read(text)).toEqual([
      "instant 2026-07-01T07:00 2026-07-01T08:00",
      "instant 2026-12-01T08:00 2026-12-01T09:00",
      "instant 2026-07-01T13:00 2026-07-01T14:00",
      "instant 2026-12-01T14:00 2026-12-01T15:00",
    ]);
  });

  it("does what the runtime's own does, around each change of ten years", () => {
    const days = Array.from({ length: 10 }, (_, index) => {
      const last = (month: number) => 31 - new Date(Date.UTC(2026 + index, month, 31)).getUTCDay();
      return [`${2026 + index}03${last(2)}`, `${2026 + index}10${last(9)}`];
    }).flat();
    const times = days.flatMap(day =>
      ["005959", "013000", "023000", "030000", "230000"].map(at => `${day}T${at}`),
    );
    const ours = read(withZones([zone("Own")], ...times.map(at => event("Own", at))));
    expect(ours).toEqual(read(calendar(...times.map(at => event("Europe/Berlin", at)))));
  });

  it("may end its rules in UTC, list its changes, and have only one part", () => {
    const ended = [
      ["20241027T030000", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10;UNTIL=20251026T010000Z"],
      ["20240331T020000", "RDATE:20250330T020000,20260329T020000"],
    ];
    const single =
      "BEGIN:VTIMEZONE|TZID:Kathmandu|BEGIN:STANDARD|DTSTART:19700101T000000|TZOFFSETFROM:+0530|TZOFFSETTO:+0545|END:STANDARD|END:VTIMEZONE";
    const text = withZones(
      [zone("Ended", undefined, ended), single],
      ...["20251101T120000", "20260701T120000", "20270101T120000"].map(at => event("Ended", at)),
      event("Kathmandu", "20260701T120000"),
    );
    expect(read(text)).toEqual([
      "instant 2025-11-01T11:00 2025-11-01T12:00",
      "instant 2026-07-01T10:00 2026-07-01T11:00",
      "instant 2027-01-01T10:00 2027-01-01T11:00",
      "instant 2026-07-01T06:15 2026-07-01T07:15",
    ]);
  });

  it("is no matter where no event uses it, and named where one does", () => {
    const broken =
      "BEGIN:VTIMEZONE|TZID:Odd|BEGIN:STANDARD|DTSTART:19700101T000000|TZOFFSETFROM:east|END:STANDARD|END:VTIMEZONE";
    expect(read(withZones([broken], event("Europe/Berlin", "20260101T000000")))).toHaveLength(1);
    expect(read(withZones([broken], event("Odd", "20260101T000000")))).toEqual([
      expect.stringMatching(/^event 1, line 7: TZOFFSETFROM: /),
    ]);
  });

  it("is found by its name in other capitals, and with blanks around it", () => {
    const text = withZones(
      [zone("My Zone")],
      event("my zone", "20260701T090000"),
      event(" My Zone ", "20260701T090000"),
    );
    expect(new Set(read(text))).toEqual(new Set(["instant 2026-07-01T07:00 2026-07-01T08:00"]));
  });

  it("is found by a name of Windows or behind a prefix where it is not in the file", () => {
    const names = ["W. Europe Standard Time", "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin"];
    const more = ["/mozilla.org/20050126_1/Europe/Berlin", '"Europe/Berlin"'];
    const text = calendar(...[...names, ...more].map(name => event(name, "20260701T090000")));
    expect(new Set(read(text))).toEqual(new Set(["instant 2026-07-01T07:00 2026-07-01T08:00"]));
    expect(read(calendar(event("CEST", "20260701T090000")))).toEqual([
      expect.stringMatching(/TZID "CEST" is not known: .*; did you mean Europe\/Berlin\?$/),
    ]);
  });
});

describe("an event over a change of clocks", () => {
  const start = "DTSTART;TZID=Europe/Berlin:20270327T220000";
  it.each([
    ["of hours is exact", `${start}|DURATION:PT8H`, "2027-03-28T05:00"],
    ["of a day and hours has the day first", `${start}|DURATION:P1DT2H`, "2027-03-28T22:00"],
    ["of a day ends at the same time", `${start}|DURATION:P1D`, "2027-03-28T20:00"],
    ["of a week does, too", `${start}|DURATION:P1W`, "2027-04-03T20:00"],
    ["with an end ends at it", `${start}|DTEND;TZID=Europe/Berlin:20270328T060000`, "2027-03-28T04:00"],
  ])("%s", (_name, event, end) => {
    expect(read(calendar(event))).toEqual([`instant 2027-03-27T21:00 ${end}`]);
  });

  it("is as long as the first of its repetitions, by DTEND", () => {
    const weekly =
      "DTSTART;TZID=Europe/Berlin:20270320T220000|DTEND;TZID=Europe/Berlin:20270321T060000|RRULE:FREQ=WEEKLY;COUNT=2";
    expect(read(calendar(weekly))).toEqual([
      "instant 2027-03-20T21:00 2027-03-21T05:00",
      "instant 2027-03-27T21:00 2027-03-28T05:00",
    ]);
  });
});
