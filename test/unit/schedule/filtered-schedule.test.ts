import { expect, test } from "vitest";
import { FilteredSchedule } from "../../../src/schedule/filtered-schedule.ts";
import { parseException } from "../../../src/schedule/parse-exception.ts";
import type { TickSource } from "../../../src/schedule/schedule.ts";
import { Zone } from "../../../src/schedule/zone.ts";
import { specOf } from "./setup.ts";

const NOON = 12 * 3_600_000;

/** New year at noon, every year; remembers how often it was asked. */
class NewYears implements TickSource {
  asked = 0;

  next(afterMs: number) {
    this.asked += 1;
    const year = new Date(afterMs).getUTCFullYear();
    const at = Date.UTC(year, 0) + NOON;
    return { at: at > afterMs ? at : Date.UTC(year + 1, 0) + NOON };
  }

  previous(atMs: number) {
    this.asked += 1;
    const year = new Date(atMs).getUTCFullYear();
    const at = Date.UTC(year, 0) + NOON;
    return { at: at <= atMs ? at : Date.UTC(year - 1, 0) + NOON };
  }
}

function setup(...except: readonly string[]) {
  const source = new NewYears();
  const exceptions = except.flatMap(text => {
    const parsed = parseException(text, { seed: "", calendars: {} });
    return parsed.ok ? [parsed.exception] : [];
  });
  const options = { source, exceptions, zone: new Zone("UTC"), fingerprint: "" };
  return { source, ticks: new FilteredSchedule({ spec: specOf({}), ...options }) };
}

test("gives up when everything was excepted for the 400 years after which the calendar repeats", () => {
  const { source, ticks } = setup("* * 1 1 *");
  expect(ticks.next(Date.UTC(2026, 0))).toBeNull();
  expect(ticks.previous(Date.UTC(9000, 0))).toBeNull();
  expect(source.asked).toBeLessThan(1_000);
});

test("goes on for as long as the excepted ticks are few", () => {
  const years = Array.from({ length: 50 }, (_, year) => `${2026 + year}-01-01`);
  expect(setup(...years).ticks.next(Date.UTC(2026, 0))?.at).toBe(Date.UTC(2076, 0) + NOON);
});
