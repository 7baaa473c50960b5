import { describe, expect, vi } from "vitest";
import type { Job } from "../../src/config/config.ts";
import { loadJobStates, rehearseReading } from "../../src/launch/job-states.ts";
import { retireJobs } from "../../src/launch/retire.ts";
import type { RedisKeys } from "../../src/redis/keys.ts";
import { jobOf } from "../support/jobs.ts";
import { T0, test } from "../support/leader.ts";

const DAY_MS = 24 * 60 * 60_000;
const MANY = Array.from({ length: 1_200 }, (_, i) => jobOf(`job-${i}`));

const it = test.extend("setup", ({ keys, redis }) => () => {
  let fence = "";
  /** Another leader is elected. */
  const elect = async () => {
    fence = `${Number.parseInt(fence || "0", 10) + 1}:token`;
    await redis.set(keys.term, fence);
  };
  /** The leader opens its term. Resolves with the states, and whether it wrote or compared any definition. */
  const open = async (jobs: readonly Job[], nowMs = T0) => {
    const opening = await redis.get(keys.opening);
    const states = await loadJobStates(redis, keys, { fence, jobs, nowMs, format: 1 });
    if (states === null) throw new Error("fenced");
    return { ...states, isWhole: (await redis.get(keys.opening)) !== opening };
  };
  const lead = async (jobs: readonly Job[], nowMs = T0) => {
    await elect();
    return await open(jobs, nowMs);
  };
  return { keys, redis, elect, open, lead, fence: () => fence };
});

describe("a leader with the jobs of the one before it", () => {
  it("reads the places of the jobs, and compares no definition", async ({ setup }) => {
    const { lead, redis, keys } = setup();
    expect(await lead(MANY)).toMatchObject({ isWhole: true, unchecked: [] });
    await redis.hset(keys.cursors, "job-7", T0 + 7_000);
    const { isWhole, cursors, launched, unchecked } = await lead([...MANY], T0 + 60_000);
    expect([isWhole, [...launched], unchecked]).toEqual([false, [], MANY]);
    expect([...cursors]).toEqual(MANY.map(({ name }, i) => [name, i === 7 ? T0 + 7_000 : T0]));
    expect((await lead(MANY, T0 + 120_000)).isWhole).toBe(false);
  });

  it("may have read the places before it led, which changes nothing", async ({ setup }) => {
    const { lead, redis, keys } = setup();
    await rehearseReading(redis, keys, MANY, new AbortController().signal);
    expect(await redis.exists(keys.cursors, keys.launched, keys.opening)).toBe(0);
    await lead(MANY);
    await rehearseReading(redis, keys, MANY, new AbortController().signal);
    await expect(rehearseReading(redis, keys, MANY, AbortSignal.abort())).rejects.toThrow("aborted");
    await redis.hset(keys.cursors, "job-7", T0 + 7_000);
    const { isWhole, cursors } = await lead(MANY, T0 + 60_000);
    expect([isWhole, cursors.get("job-6"), cursors.get("job-7")]).toEqual([false, T0, T0 + 7_000]);
  });

  it("reads the counts of launched ticks where there are any", async ({ setup }) => {
    const { lead, redis, keys } = setup();
    const jobs = [jobOf("few", { maxRuns: 5 }), jobOf("free")];
    await lead(jobs);
    await redis.hset(keys.launched, "few", 3);
    const { isWhole, launched } = await lead(jobs);
    expect([isWhole, [...launched]]).toEqual([false, [["few", 3]]]);
  });

  it("finds a cursor that is no number, and says which", async ({ setup }) => {
    const { lead, redis, keys } = setup();
    const jobs = [jobOf("bad"), jobOf("good")];
    await lead(jobs);
    await redis.hset(keys.cursors, "bad", "soon");
    const { isWhole, cursors, corrupt } = await lead(jobs);
    expect([isWhole, [...cursors.keys()], [...corrupt.keys()]]).toEqual([false, ["good"], ["bad"]]);
  });

  it("opens its own term again in the same way, after its connection broke", async ({ setup }) => {
    const { lead, open } = setup();
    await lead(MANY);
    expect((await open(MANY)).isWhole).toBe(false);
  });

  it("has no term when another leader was elected meanwhile", async ({ setup }) => {
    const { lead, redis, keys, open } = setup();
    await lead(MANY);
    await redis.set(keys.term, "9:newer");
    const record = await redis.get(keys.catalogue);
    await expect(open(MANY)).rejects.toThrow("fenced");
    expect(await redis.get(keys.catalogue)).toBe(record);
  });
});

describe("a leader compares everything", () => {
  it("when one job has changed, and its successor does not", async ({ setup }) => {
    const { lead, redis, keys } = setup();
    await lead(MANY);
    const changed = MANY.with(3, jobOf("job-3", {}, { everyMs: 7_000 }));
    const { isWhole, cursors } = await lead(changed, T0 + 60_000);
    expect([isWhole, cursors.get("job-3"), cursors.get("job-4")]).toEqual([true, T0 + 60_000, T0]);
    expect(await redis.hkeys(keys.epochs)).toEqual(["1:job-3"]);
    expect((await lead(changed, T0 + 90_000)).isWhole).toBe(false);
  });

  it("each time that leaders of two configurations take turns, as in a rolling deployment", async ({
    setup,
  }) => {
    const { lead, redis, keys } = setup();
    const [before, after] = [[jobOf("job")], [jobOf("job", {}, { everyMs: 7_000 })]];
    const cursors: number[] = [];
    for (const [i, jobs] of [before, after, before, after].entries()) {
      const nowMs = T0 + i * 60_000;
      const states = await lead(jobs, nowMs);
      expect(states.isWhole).toBe(true);
      cursors.push(states.cursors.get("job") ?? 0);
    }
    expect(cursors).toEqual([0, 1, 2, 3].map(i => T0 + i * 60_000));
    expect((await redis.hkeys(keys.epochs)).sort()).toEqual(["1:job", "2:job", "3:job"]);
  });

  it.for([
    ["cursors", (keys: RedisKeys) => keys.cursors],
    ["definitions", (keys: RedisKeys) => keys.definitions],
    ["schedules", (keys: RedisKeys) => keys.schedules],
  ] as const)("when the store has lost the %s, or one of them", async ([_, keyOf], { setup }) => {
    const { lead, redis, keys } = setup();
    for (const lose of [
      (key: string) => redis.del(key),
      (key: string) => redis.hdel(key, "job-1"),
      // As many as before, and one of them another.
      (key: string) => redis.multi().hdel(key, "job-1").hset(key, "other", "1").exec(),
    ]) {
      await lead(MANY);
      await lose(keyOf(keys));
      const { cursors, unchecked } = await lead(MANY, T0 + 60_000);
      // The last loss is seen by reading the cursors, or else by the check of the definitions.
      if (unchecked.length === 0) expect(await redis.hexists(keyOf(keys), "job-1")).toBe(1);
      else expect(keyOf(keys)).not.toBe(keys.cursors);
      expect(cursors.size).toBe(MANY.length);
      await redis.flushdb();
      await redis.set(keys.term, "0:none");
    }
  });

  it("when the store has lost everything", async ({ setup }) => {
    const { lead, redis } = setup();
    await lead(MANY);
    await redis.flushdb();
    const { isWhole, cursors } = await lead(MANY, T0 + 60_000);
    expect([isWhole, new Set(cursors.values())]).toEqual([true, new Set([T0 + 60_000])]);
  });

  it("when a leader before it has left no record: of another release, or replaced before its term was open", async ({
    setup,
  }) => {
    const { lead, elect } = setup();
    await lead(MANY);
    await elect();
    expect((await lead(MANY)).isWhole).toBe(true);
    expect((await lead(MANY)).isWhole).toBe(false);
  });

  it("when an opening has not come to its end", async ({ setup }) => {
    const { lead, redis, open } = setup();
    const jobs = [jobOf("job")];
    await lead(jobs);
    const evalsha = redis.evalsha.bind(redis);
    const scripts = vi.spyOn(redis, "evalsha");
    // What is stored is not of these jobs; the term is opened; their definition does not arrive.
    scripts.mockImplementationOnce(evalsha).mockImplementationOnce(evalsha);
    scripts.mockRejectedValueOnce(new Error("Connection is closed."));
    await expect(open([jobOf("job", {}, { everyMs: 7_000 })])).rejects.toThrow("Connection is closed.");
    scripts.mockRestore();
    expect((await open(jobs)).isWhole).toBe(true);
  });

  it("when a job was missed or retired in between", async ({ setup }) => {
    const { lead, redis, keys, fence } = setup();
    const jobs = [jobOf("gone"), jobOf("kept")];
    const kept = new Map([["kept", jobs[1]]]);
    for (const nowMs of [T0, T0 + DAY_MS]) {
      await lead(jobs, nowMs);
      await retireJobs(redis, keys, { fence: fence(), nowMs, kept });
      await retireJobs(redis, keys, { fence: fence(), nowMs: nowMs + DAY_MS, kept });
      const { isWhole, cursors } = await lead(jobs, nowMs + DAY_MS);
      expect([isWhole, cursors.get("gone")]).toEqual([true, nowMs + DAY_MS]);
    }
    expect(await redis.exists(keys.retired)).toBe(0);
  });
});
