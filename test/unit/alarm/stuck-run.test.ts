import { describe, expect, it } from "vitest";
import { STUCK_LIMITS, stuckCause, type WaitingRun, waitLimitMs } from "../../../src/alarm/stuck-run.ts";
import { jobOf } from "../../support/jobs.ts";

const MINUTE_MS = 60_000;

/** It has waited for ten minutes of the five that it may, and nothing in its queue has moved for as long. */
const STUCK: WaitingRun = {
  state: "waiting",
  waitedMs: 10 * MINUTE_MS,
  limitMs: 5 * MINUTE_MS,
  maxLimitMs: 60 * MINUTE_MS,
  stillMs: 10 * MINUTE_MS,
  hasWorkers: true,
  queue: { isPaused: false, limitedMs: 0, active: 0 },
};
const paused = { isPaused: true, limitedMs: 0, active: 0 };
const limited = { isPaused: false, limitedMs: 5_000, active: 0 };
const atWork = { isPaused: false, limitedMs: 0, active: 2 };

describe("a run", () => {
  it.each<[string, Partial<WaitingRun>, ReturnType<typeof stuckCause>]>([
    ["that workers do not take is stuck", {}, "not taken"],
    ["that has waited for just as long as it may is not", { waitedMs: 5 * MINUTE_MS }, null],
    ["of a paused queue is stuck", { queue: paused }, "paused"],
    ["of a queue that was paused a moment ago is stuck too", { queue: paused, stillMs: 0 }, "paused"],
    ["of a paused queue may wait as long as another one", { queue: paused, waitedMs: 1_000 }, null],
    [
      "of a paused queue without workers needs the queue first",
      { queue: paused, hasWorkers: false },
      "paused",
    ],
    ["of a queue with a rate limit is not stuck", { queue: limited }, null],
    ["of a queue that gets on is not stuck", { stillMs: MINUTE_MS }, null],
    ["without any worker is stuck", { hasWorkers: false }, "no worker"],
    ["without any worker is not stuck while others' workers get on", { hasWorkers: false, stillMs: 0 }, null],
    ["behind runs that take long is not stuck", { queue: atWork, stillMs: 59 * MINUTE_MS }, null],
    [
      "behind runs that have not ended for over an hour is",
      { queue: atWork, stillMs: 61 * MINUTE_MS },
      "busy",
    ],
    ["in no list is lost", { state: "nowhere" }, "lost"],
    ["in no list is lost, although its queue gets on", { state: "nowhere", stillMs: 0 }, "lost"],
    ["in no list of a paused queue is lost", { state: "nowhere", queue: paused }, "lost"],
    ["in no list may be on its way at first", { state: "nowhere", waitedMs: 1_000 }, null],
    ["that is delayed, as for a retry, is not stuck", { state: "delayed" }, null],
    ["that is delayed in a paused queue is not stuck", { state: "delayed", queue: paused }, null],
    ["at work is not stuck", { state: "active" }, null],
    ["that has ended is not stuck", { state: "finished" }, null],
    ["that BullMQ does not have is not stuck", { state: "gone" }, null],
    ["of which nothing is known is not stuck", { state: "unknown" }, null],
  ])("%s", (_, change, cause) => {
    expect(stuckCause({ ...STUCK, ...change })).toBe(cause);
  });

  it.each([
    ["of a job of every second", { everyMs: 1_000 }, 5],
    ["of a job of every ten minutes", { everyMs: 10 * MINUTE_MS }, 10],
    ["of a daily job", { cron: ["0 2 * * *"] }, 60],
    ["of a job with a single tick", { at: [Date.UTC(2026, 10, 23, 7)] }, 60],
  ])("%s may wait for one period, but for 5 min to 1 h", (_, schedule, minutes) => {
    const { schedule: of } = jobOf("report", {}, schedule);
    expect(waitLimitMs(of, Date.UTC(2026, 10, 23, 7), STUCK_LIMITS)).toBe(minutes * MINUTE_MS);
  });

  it("of a job that is not known may wait for an hour", () => {
    expect(waitLimitMs(null, 0, STUCK_LIMITS)).toBe(60 * MINUTE_MS);
  });
});
