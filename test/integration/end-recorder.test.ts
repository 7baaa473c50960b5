import { describe, expect, vi } from "vitest";
import { EndRecorder, type RunEndRecord } from "../../src/launch/end-recorder.ts";
import { dayOf, readFailing, readTally } from "../../src/launch/job-summary.ts";
import type { TripPoint } from "../support/faulty-link.ts";
import { test } from "../support/fixtures.ts";
import { cluster } from "./worker.setup.ts";

const NOW = Date.UTC(2026, 10, 23, 7);

const it = test
  .extend("stopping", () => new AbortController())
  /** A recorder behind a link that breaks, and a connection that sees what came of it. */
  .extend("setup", async ({ keys, link, connect, stopping }) => {
    const [redis, direct] = await Promise.all([connect("plain", link.url), connect("plain")]);
    const { signal } = stopping;
    const recorder = new EndRecorder({ redis, keys, nowMs: () => NOW, signal });
    const rows = async (job: string) => {
      const entries = await direct.xrange(keys.history(job), "-", "+");
      return entries.map(([, flat]) => `${flat[1]} ${flat[3]} ${flat[5]}`);
    };
    const completed = () => readTally(direct, keys, "completed", dayOf(NOW));
    /** How often scripts were called while `work` went on. */
    const callsOf = async (work: () => Promise<unknown>) => {
      const count = async () => {
        const stats = await direct.info("commandstats");
        const calls = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)];
        return calls.reduce((sum, [, calls]) => sum + Number(calls), 0);
      };
      const before = await count();
      await work();
      return (await count()) - before;
    };
    return { recorder, direct, rows, completed, callsOf, keys, link };
  });

function endOf(job: string, more: Partial<RunEndRecord> = {}): RunEndRecord {
  const usual = { run: `${job}@1`, result: "completed", attempts: 1, durationMs: 5, replica: "me" } as const;
  return { job, ...usual, ...more };
}

const jobsOf = (count: number) => Array.from({ length: count }, (_, i) => `job-${i}`);

describe("ends of runs", () => {
  it("go together while another one is on its way, and the first goes alone", async ({ setup }) => {
    const { recorder, rows, completed, callsOf } = setup;
    await recorder.record(endOf("first"));
    const jobs = jobsOf(500);
    const calls = await callsOf(() => Promise.all(jobs.map(job => recorder.record(endOf(job)))));
    expect(calls).toBeLessThanOrEqual(4);
    for (const job of ["first", "job-0", "job-499"])
      expect(await rows(job)).toEqual([`${job}@1 completed 1`]);
    expect((await completed()).size).toBe(501);
  });

  it("of one job are recorded in their order, and the last one says whether it fails", async ({ setup }) => {
    const { recorder, rows, direct, keys } = setup;
    const failed = endOf("report", { result: "failed", attempts: 3, error: "no paper" });
    const again = endOf("report", { attempts: 4 });
    const next = endOf("report", { run: "report@2", result: "failed", error: "no paper" });
    await Promise.all([failed, again].map(end => recorder.record(end)));
    expect(await readFailing(direct, keys)).toEqual(new Set());
    await Promise.all([again, next].map(end => recorder.record(end)));
    expect(await rows("report")).toEqual([
      "report@1 failed 3",
      "report@1 completed 4",
      "report@1 completed 4",
      "report@2 failed 1",
    ]);
    expect(await readFailing(direct, keys)).toEqual(new Set(["report"]));
  });

  it("that Redis refuses for a moment stay before later ones: of a run the newest counts", async ({
    setup,
  }) => {
    const { recorder, rows, direct } = setup;
    await direct.config("SET", "min-replicas-to-write", 9);
    const ends = [endOf("report", { result: "failed", attempts: 1 }), endOf("report", { attempts: 2 })];
    const recorded = Promise.all(ends.map(end => recorder.record(end)));
    const refusals = async () =>
      /errorstat_NOREPLICAS:count=(\d+)/.exec(await direct.info("errorstats"))?.[1];
    await vi.waitFor(async () => expect(Number(await refusals())).toBeGreaterThan(0), { timeout: 10_000 });
    await direct.config("SET", "min-replicas-to-write", 0);
    await recorded;
    expect(await rows("report")).toEqual(["report@1 failed 1", "report@1 completed 2"]);
  });

  it("are recorded beside one that cannot be: another program wrote its history", async ({ setup }) => {
    const { recorder, rows, completed, callsOf, direct, keys } = setup;
    await recorder.record(endOf("first"));
    await direct.set(keys.history("job-2"), "what is this");
    let ends: PromiseSettledResult<void>[] = [];
    const calls = await callsOf(async () => {
      ends = await Promise.allSettled(jobsOf(4).map(job => recorder.record(endOf(job))));
    });
    expect(calls).toBe(1);
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
    expect(ends[2]).toMatchObject({ reason: { message: expect.stringContaining("WRONGTYPE") } });
    for (const job of ["job-0", "job-1", "job-3"]) expect(await rows(job)).toHaveLength(1);
    expect([...(await completed()).keys()].toSorted()).toEqual(["first", "job-0", "job-1", "job-3"]);
  });

  it("are recorded beside one for which the whole call fails", async ({ setup, connect, keys, stopping }) => {
    const { rows } = setup;
    const redis = await connect("plain");
    const calls = vi.spyOn(redis, "evalsha");
    calls.mockImplementation((...args: unknown[]) => {
      if (args.includes(keys.history("job-2"))) return Promise.reject(new Error("ERR not this one"));
      return redis.call("evalsha", ...(args as string[]));
    });
    const recorder = new EndRecorder({ redis, keys, nowMs: () => NOW, signal: stopping.signal });
    const ends = await Promise.allSettled(jobsOf(5).map(job => recorder.record(endOf(job))));
    expect(ends.flatMap(({ status }, i) => (status === "rejected" ? [i] : []))).toEqual([2]);
    for (const i of [0, 1, 3, 4]) expect(await rows(`job-${i}`)).toHaveLength(1);
  });

  it.for<TripPoint>(["before", "within", "after"])(
    "are recorded once when the connection breaks %s the call that has them",
    async (at, { setup }) => {
      const { recorder, rows, completed, link } = setup;
      await recorder.record(endOf("first"));
      // A run that ended twice, by another attempt: that is no repetition.
      const before = endOf("job-0", { result: "failed", attempts: 1 });
      await recorder.record(before);
      link.armTrip(at, "job-49@1", () => undefined);
      const ends = jobsOf(50).map(job => endOf(job, job === "job-0" ? { attempts: 2 } : {}));
      await Promise.all(ends.map(end => recorder.record(end)));
      expect(await rows("job-0")).toEqual(["job-0@1 failed 1", "job-0@1 completed 2"]);
      for (const job of jobsOf(50).slice(1)) expect(await rows(job)).toEqual([`${job}@1 completed 1`]);
      expect([...(await completed()).values()]).toEqual(Array.from({ length: 51 }, () => 1));
    },
  );

  it("are on record when a worker has stopped, however many waited", async ({
    server,
    connect,
    stopping,
    defer,
  }) => {
    const { keys, start, launch, close } = cluster(server);
    defer(close);
    const direct = await connect("plain");
    const { signal } = stopping;
    const recorder = new EndRecorder({ redis: direct, keys, nowMs: () => NOW, signal });
    const more = { recordResult: (end: RunEndRecord) => recorder.record(end) };
    const { workers, events } = await start("pod-1", { report: () => 1 }, { concurrency: 20, more });
    const ticks = Array.from({ length: 40 }, (_, i) => `2026-11-23T07:00:${i + 10}.000Z`);
    await Promise.all(ticks.map(at => launch("report", { at })));
    await events.wait("run.completed", 40);
    await workers.stop({ deadlineMs: 5_000 });
    expect(await direct.xlen(keys.history("report"))).toBe(40);
  });

  it("are given up when there is no time left, and say why", async ({ setup, stopping }) => {
    const { recorder, direct, rows } = setup;
    await direct.config("SET", "min-replicas-to-write", 9);
    try {
      const ends = Promise.allSettled(jobsOf(3).map(job => recorder.record(endOf(job))));
      stopping.abort();
      for (const end of await ends)
        expect(end).toMatchObject({ reason: { message: expect.stringContaining("NOREPLICAS") } });
    } finally {
      await direct.config("SET", "min-replicas-to-write", 0);
    }
    expect(await rows("job-0")).toEqual([]);
  });
});
