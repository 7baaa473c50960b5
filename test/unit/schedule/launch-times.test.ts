import { describe, expect, test } from "vitest";
import { launchTimes } from "../../../src/schedule/launch-times.ts";
import { scheduleOf, ticksAfter } from "./setup.ts";

describe("launchTimes", () => {
  test("is the tick itself without a jitter", () => {
    expect(launchTimes(scheduleOf({ everyMs: 1_000 }))(5_000)).toBe(5_000);
  });

  test("is the tick and its own jitter where ticks are far apart", () => {
    const schedule = scheduleOf({ cron: ["0 * * * *"], jitterMs: 60_000 });
    const tickAtMs = Date.parse("2026-01-01T05:00Z");
    expect(launchTimes(schedule)(tickAtMs)).toBe(tickAtMs + schedule.jitterOf(tickAtMs));
  });

  test("never lets a tick overtake an earlier one, wherever the list begins", () => {
    const schedule = scheduleOf({ everyMs: 1_000, jitterMs: 30_000 });
    const ticks = ticksAfter(schedule, "2026-01-01T00:00Z", 100).map(tick => tick.at);
    const launchAt = launchTimes(schedule);
    const times = ticks.map(launchAt);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(ticks.slice(50).map(tickAtMs => launchTimes(schedule)(tickAtMs))).toEqual(times.slice(50));
  });
});
