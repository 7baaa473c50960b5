import { describe, expect } from "vitest";
import { EndRecorder } from "../../src/launch/end-recorder.ts";
import { dayOf, readCompleted, readFailing, readStrips, readTally } from "../../src/launch/job-summary.ts";
import { retireJobs } from "../../src/launch/retire.ts";
import { runIdOf } from "../../src/launch/run-id.ts";
import { triggerJob } from "../../src/launch/trigger.ts";
import { jobOf } from "../support/jobs.ts";
import { FENCE, launchOf, T0, test } from "../support/leader.ts";

const DAY_MS = 24 * 60 * 60_000;
const NOW = T0 + 10_000;
const signal = new AbortController().signal;

/** What lists show of the job `report`, and what writes it. */
const it = test.extend(
  "setup",
  ({ keys, redis, lead }) =>
    async (overrides: Parameters<typeof jobOf>[1] = {}) => {
      const job = jobOf("report", overrides);
      const { open, commit } = lead([job]);
      const { cursors } = await open();
      const tickAt = (i: number) => T0 + i * 1_000;
      const runOf = (i: number) => runIdOf("report", tickAt(i));
      const ends = new EndRecorder({ redis, keys, nowMs: () => NOW, signal });
      const end = (run: string, result: "completed" | "failed" = "completed") =>
        ends.record({ job: "report", run, result, attempts: 1, durationMs: 250, replica: "me" });
      const summary = async () => {
        const day = dayOf(NOW);
        const of = async (tally: "failed" | "skipped" | "missed") =>
          (await readTally(redis, keys, tally, day)).get("report") ?? 0;
        const [strip] = await readStrips(redis, keys, ["report"]);
        const [completed] = await readCompleted(redis, keys, day, ["report"]);
        const counts = {
          completed,
          failed: await of("failed"),
          skipped: await of("skipped"),
          missed: await of("missed"),
        };
        return { ...strip, counts, isFailing: (await readFailing(redis, keys)).has("report") };
      };
      return { job, cursors, commit, tickAt, runOf, end, summary };
    },
);

describe("what lists show of a job", () => {
  it("has each tick, how its run ended, and how late and long they were", async ({ setup }) => {
    const { cursors, commit, tickAt, runOf, end, summary } = await setup();
    const paused = { code: "paused" } as const;
    await commit(
      [
        launchOf(tickAt(1)),
        { outcome: "skipped", job: "report", tickAtMs: tickAt(2), reason: paused },
        launchOf(tickAt(3)),
        launchOf(tickAt(4)),
      ],
      cursors,
    );
    expect((await summary()).outcomes).toEqual(["running", "skipped", "running", "running"]);
    await end(runOf(1));
    await end(runOf(3), "failed");
    expect(await summary()).toMatchObject({
      outcomes: ["completed", "skipped", "failed", "running"],
      durationMs: { p50: 250, p95: 250 },
      counts: { completed: 1, failed: 1, skipped: 1, missed: 0 },
      isFailing: true,
    });
    // Late by 9, 7 and 6 s.
    const { lateMs } = await summary();
    expect([lateMs?.p50, lateMs?.p95].map(ms => Math.round((ms ?? 0) / 100))).toEqual([70, 90]);
    await end(runOf(4));
    expect(await summary()).toMatchObject({ isFailing: false, counts: { completed: 2, failed: 1 } });
  });

  it("counts every tick that one record covers", async ({ setup }) => {
    const { cursors, commit, tickAt, summary } = await setup();
    const missed = { code: "catch_up_none" } as const;
    const range = { tickAtMs: tickAt(5), fromMs: tickAt(1), from: tickAt(1), count: 5 };
    await commit([{ outcome: "missed", job: "report", reason: missed, ...range }], cursors);
    expect(await summary()).toMatchObject({ outcomes: ["missed"], counts: { missed: 5, skipped: 0 } });
  });

  it("has one cell for a run whose end is recorded twice, or tried again from outside", async ({ setup }) => {
    const { cursors, commit, tickAt, runOf, end, summary } = await setup();
    await commit([launchOf(tickAt(1)), launchOf(tickAt(2))], cursors);
    await end(runOf(1), "failed");
    await end(runOf(1), "failed");
    await end(runOf(1), "completed");
    expect(await summary()).toMatchObject({ outcomes: ["completed", "running"], isFailing: false });
  });

  it("has the runs that operators start, also where one ends before its beginning is recorded", async ({
    setup,
    redis,
    keys,
  }) => {
    const { job, end, summary } = await setup();
    const request = { job, data: {}, by: "ann", nowMs: NOW };
    const first = await triggerJob(redis, keys, { ...request, requestId: "one" });
    expect((await summary()).outcomes).toEqual(["running"]);
    await end("run" in first ? first.run : "");
    expect((await summary()).outcomes).toEqual(["completed"]);
    await redis.del(keys.strip("report"));
    await end("run" in first ? first.run : "");
    expect((await summary()).outcomes).toEqual(["completed"]);
  });

  it("leaves out a run that was removed in BullMQ before its end", async ({ setup, redis, keys }) => {
    const { cursors, commit, tickAt, runOf, summary } = await setup({ overlap: "skip" });
    await commit([launchOf(tickAt(1))], cursors);
    await redis.del(`${keys.bullmqPrefix}:default:${runOf(1)}`);
    await commit([launchOf(tickAt(2))], new Map([["report", tickAt(1)]]));
    expect((await summary()).outcomes).toEqual(["running"]);
  });

  it("stays small, however many ticks there are", { timeout: 60_000 }, async ({ setup, redis, keys }) => {
    const { commit, tickAt, runOf, end, summary } = await setup();
    for (let from = 0; from < 300; from += 100) {
      const ticks = Array.from({ length: 100 }, (_, i) => from + i + 1);
      await commit(
        ticks.map(i => launchOf(tickAt(i))),
        new Map([["report", tickAt(from)]]),
      );
      await Promise.all(ticks.map(i => end(runOf(i))));
    }
    expect(await redis.strlen(keys.strip("report"))).toBeLessThanOrEqual(2_160 + 9 * 100);
    expect((await summary()).outcomes).toEqual(Array.from({ length: 60 }, () => "completed"));
    expect((await summary()).counts.completed).toBe(300);
  });

  it.for(["strip", "failing", "tally"] as const)(
    "never keeps a tick from being launched or an end from being recorded: another program wrote its %s",
    async (broken, { setup, redis, keys, history }) => {
      const { cursors, commit, tickAt, runOf, end } = await setup();
      const day = dayOf(NOW);
      const names = {
        strip: [keys.strip("report")],
        failing: [keys.failing],
        tally: [keys.tally("completed", day), keys.tally("skipped", day)],
      };
      for (const name of names[broken]) await redis.zadd(name, 1, "what is this");
      const skipped = { outcome: "skipped", job: "report", tickAtMs: tickAt(2) } as const;
      const decisions = [launchOf(tickAt(1)), { ...skipped, reason: { code: "paused" } as const }];
      expect(await commit(decisions, cursors)).toMatchObject({ outcome: "committed", refused: null });
      await end(runOf(1));
      expect(await history()).toMatchObject([{ outcome: "skipped" }, { run: runOf(1), result: "completed" }]);
    },
  );

  it("is removed with the job, and its counts after a day", async ({ setup, redis, keys }) => {
    const { cursors, commit, tickAt, runOf, end, summary } = await setup();
    await commit([launchOf(tickAt(1))], cursors);
    await end(runOf(1), "failed");
    const tally = keys.tally("failed", dayOf(NOW));
    expect(await redis.ttl(tally)).toBeGreaterThan(DAY_MS / 1_000);
    const retire = (nowMs: number) => retireJobs(redis, keys, { fence: FENCE, nowMs, kept: new Map() });
    await retire(NOW);
    expect((await summary()).outcomes).toEqual(["failed"]);
    await retire(NOW + DAY_MS);
    expect(await summary()).toMatchObject({ outcomes: [], isFailing: false });
  });
});
