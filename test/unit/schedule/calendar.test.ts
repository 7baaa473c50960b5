import { describe, expect, test } from "vitest";
import { Calendar } from "../../../src/schedule/calendar.ts";
import type { Stretch } from "../../../src/schedule/exception.ts";
import { iso, scheduleOf, ticksAfter } from "./setup.ts";

const at = Date.parse;
const HOUR = 3_600_000;

function wall(start: string, hours: number, name?: string): Stretch {
  return { clock: "wall", start: at(start), end: at(start) + hours * HOUR, ...(name && { name }) };
}

function instants(start: string, hours: number, name?: string): Stretch {
  return { ...wall(start, hours, name), clock: "instant" };
}

function hourly(stretches: readonly Stretch[], timezone = "Europe/Berlin") {
  const calendars = { closed: new Calendar({ name: "closed", stretches }) };
  return scheduleOf({ cron: ["0 * * * *"], timezone, except: ["calendar:closed"], calendars });
}

describe("a calendar", () => {
  const rows: [name: string, stretches: Stretch[], after: string, next: string][] = [
    [
      "takes out days of the schedule's own clock",
      [wall("2026-12-25T00:00Z", 24)],
      "2026-12-24T22:30Z",
      "2026-12-25T23:00Z",
    ],
    [
      "takes out a day of 23 hours",
      [wall("2026-03-29T00:00Z", 24)],
      "2026-03-28T22:30Z",
      "2026-03-29T22:00Z",
    ],
    [
      "takes out a day of 25 hours",
      [wall("2026-10-25T00:00Z", 24)],
      "2026-10-24T21:30Z",
      "2026-10-25T23:00Z",
    ],
    [
      "takes out instants whatever the clock shows",
      [instants("2026-06-01T10:30Z", 2)],
      "2026-06-01T10:00Z",
      "2026-06-01T13:00Z",
    ],
    [
      "counts the start of a stretch and not its end",
      [instants("2026-06-01T11:00Z", 1)],
      "2026-06-01T10:00Z",
      "2026-06-01T12:00Z",
    ],
    [
      "takes out what overlapping stretches hold together",
      [wall("2026-06-01T10:00Z", 4), wall("2026-06-01T11:00Z", 1), wall("2026-06-01T13:00Z", 3)],
      "2026-06-01T07:00Z",
      "2026-06-01T14:00Z",
    ],
    ["takes out nothing when it is empty", [], "2026-06-01T10:00Z", "2026-06-01T11:00Z"],
  ];
  test.each(rows)("%s", (_name, stretches, after, next) => {
    const schedule = hourly(stretches);
    const tick = schedule.next(at(after));
    expect(iso(tick?.at ?? 0)).toBe(next);
    expect(schedule.previous((tick?.at ?? 0) - 1)?.at).toBe(schedule.previous(at(after))?.at);
  });
});

describe("a tick that does not exist", () => {
  const calendars = {
    closed: new Calendar({
      name: "closed",
      stretches: [wall("2026-12-25T00:00Z", 24, "Christmas Day"), wall("2026-12-31T00:00Z", 24)],
    }),
  };
  const [startMs, endMs] = [at("2026-12-20T00:00Z"), at("2027-01-05T12:00Z")];
  const schedule = scheduleOf({
    cron: ["0 */6 * * *"],
    except: ["calendar:closed", "* * 24 12 *", "2026-12-26", "2026-12-27T06:00:00Z", "2026-12-25"],
    calendars,
    startMs,
    endMs,
  });
  const rows: [after: string, reason: string, lastAt: string][] = [
    ["2026-12-18T23:00Z", "before start 2026-12-20T00:00:00Z", "2026-12-19T18:00Z"],
    ["2026-12-23T23:00Z", 'except "* * 24 12 *"', "2026-12-24T18:00Z"],
    ["2026-12-24T23:00Z", "calendar closed (Christmas Day)", "2026-12-25T18:00Z"],
    ["2026-12-25T23:00Z", "except 2026-12-26", "2026-12-26T18:00Z"],
    ["2026-12-27T05:00Z", "except 2026-12-27T06:00:00Z", "2026-12-27T06:00Z"],
    ["2026-12-30T23:00Z", "calendar closed", "2026-12-31T18:00Z"],
  ];
  test.each(rows)("after %s tells its reason: %s", (after, reason, lastAt) => {
    const { exclusion } = schedule.candidate(at(after)) ?? {};
    expect(exclusion).toEqual({ reason, lastAt: at(lastAt) });
  });

  test("behind the end has no later one", () => {
    const { exclusion } = schedule.candidate(endMs) ?? {};
    expect(exclusion).toEqual({ reason: "after end 2027-01-05T12:00:00Z", lastAt: Number.POSITIVE_INFINITY });
  });

  test("stands between those that exist, which are told as ever", () => {
    const [tick] = ticksAfter(schedule, "2026-12-27T06:00Z", 1);
    expect(schedule.candidate(at("2026-12-27T06:00Z"))).toEqual(tick);
  });
});

describe("the fingerprint of a schedule with a calendar", () => {
  const days = [wall("2026-12-25T00:00Z", 24), wall("2026-12-26T00:00Z", 24)];
  const of = (stretches: readonly Stretch[]) => hourly(stretches).fingerprint;

  test.each([
    ["names change", days.map(day => ({ ...day, name: "Holiday" }))],
    ["the order changes", days.toReversed()],
    ["two days become one event", [wall("2026-12-25T00:00Z", 48)]],
    ["an event is inside another", [...days, wall("2026-12-25T08:00Z", 2)]],
    ["an event stands twice", [...days, wall("2026-12-25T00:00Z", 24)]],
  ])("stays when %s", (_name, stretches) => {
    expect(of(stretches)).toBe(of(days));
  });

  test.each([
    ["a day comes", [...days, wall("2027-01-01T00:00Z", 24)]],
    ["a day goes", days.slice(1)],
    ["a day is shorter", [wall("2026-12-25T00:00Z", 47)]],
    ["days become instants", days.map(day => ({ ...day, clock: "instant" as const }))],
  ])("changes when %s", (_name, stretches) => {
    expect(of(stretches)).not.toBe(of(days));
  });
});
