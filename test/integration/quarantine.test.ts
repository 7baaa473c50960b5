import { Queue } from "bullmq";
import { describe, expect } from "vitest";
import type { Job } from "../../src/config/config.ts";
import { Launcher } from "../../src/launch/launcher.ts";
import { readQuarantine } from "../../src/launch/quarantine.ts";
import { LeaderLoop } from "../../src/leader/leader-loop.ts";
import { type RedisKeys, redisKeys } from "../../src/redis/keys.ts";
import { test } from "../support/fixtures.ts";
import { jobOf } from "../support/jobs.ts";
import { realClock } from "../support/real-clock.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";

const FENCE = "1:t";
const MiB = 1024 * 1024;

const GOOD = [jobOf("good"), jobOf("better")];

/** A leader of good jobs and a bad one, with its term open for the first time. */
const it = test.extend("setup", ({ connect, defer }) => async (bad: Job) => {
  const keys = redisKeys(namespace());
  const [redis, other] = await Promise.all([connect("noRetry"), connect("plain")]);
  const [jobs, clock, recorder] = [[...GOOD, bad], realClock(), new Recorder()];
  const launcher = new Launcher({ redis, keys, jobs });
  defer(() => launcher.close());
  await other.set(keys.term, FENCE);
  await launcher.open(FENCE, clock.nowMs());
  const loop = new LeaderLoop({ launcher, clock, events: recorder.events, jobs });
  const runTerm = () => {
    const ending = new AbortController();
    const ended = loop.runTerm({ number: 1, fence: FENCE, signal: ending.signal });
    defer(async () => {
      ending.abort();
      await ended;
    });
  };
  /** All others are launched after the bad job was found. */
  const othersGoOn = async () => {
    const at = new Set(recorder.of("tick.launched").map(({ job, tick }) => `${job} ${tick}`));
    for (const { name } of GOOD) {
      await recorder.when("tick.launched", ({ job, tick }) => job === name && !at.has(`${job} ${tick}`));
    }
  };
  return { keys, other, recorder, loop, jobs, runTerm, othersGoOn };
});

describe("a job that Redis or BullMQ does not take", () => {
  it("is quarantined when a key of its queue has another type, and recovers when that is repaired", async ({
    setup,
    defer,
  }) => {
    const { keys, other, recorder, loop, jobs, runTerm, othersGoOn } = await setup(
      jobOf("bad", { queue: "own" }),
    );
    const wait = new Queue("own", { connection: other, prefix: keys.bullmqPrefix });
    defer(() => wait.close());
    await other.set(wait.toKey("wait"), "a string");
    runTerm();
    const { reason } = await recorder.when("job.quarantined", ({ job }) => job === "bad");
    expect(reason).toContain("WRONGTYPE");
    await othersGoOn();
    expect((await readQuarantine(other, keys)).get("bad")).toMatchObject({ reason, isCorrupt: false });
    // Other releases read this word, also while they run beside this one.
    expect(JSON.parse((await other.hget(keys.quarantine, "bad")) ?? "")).toMatchObject({ isBooks: false });
    await other.del(wait.toKey("wait"));
    loop.setJobs(jobs);
    await recorder.when("job.recovered", ({ job }) => job === "bad");
    await othersGoOn();
    expect(recorder.of("tick.launched").some(({ job }) => job === "bad")).toBe(true);
    expect(recorder.of("job.quarantined")).toHaveLength(1);
    expect((await readQuarantine(other, keys)).size).toBe(0);
  });

  it("is quarantined when its data is so large that the server closes the connection", async ({
    setup,
    defer,
  }) => {
    const { other, recorder, runTerm, othersGoOn } = await setup(
      jobOf("bad", { data: { text: "x".repeat(2 * MiB) } }),
    );
    const [, before = ""] = (await other.config("GET", "proto-max-bulk-len")) as string[];
    defer(() => other.config("SET", "proto-max-bulk-len", before));
    await other.config("SET", "proto-max-bulk-len", MiB);
    runTerm();
    await recorder.when("job.quarantined", ({ job }) => job === "bad");
    await othersGoOn();
    expect(recorder.of("job.quarantined")).toHaveLength(1);
  });

  it("is quarantined when its run cannot be made", async ({ setup }) => {
    const toJSON = () => {
      throw new Error("it cannot be written");
    };
    const data = { list: Object.assign([], { toJSON }) };
    const { recorder, runTerm, othersGoOn } = await setup(jobOf("bad", { data }));
    runTerm();
    const { reason } = await recorder.when("job.quarantined", ({ job }) => job === "bad");
    expect(reason).toContain("it cannot be written");
    await othersGoOn();
  });
});

describe("a job whose state another program wrote into", () => {
  it.for([
    ["cursor", (keys: RedisKeys) => keys.cursors, jobOf("bad")],
    ["count of launched ticks", (keys: RedisKeys) => keys.launched, jobOf("bad", { maxRuns: 100 })],
  ] as const)(
    "is quarantined for its %s, with the way out, which works",
    async ([_, keyOf, bad], { setup }) => {
      const { keys, other, recorder, loop, jobs, runTerm, othersGoOn } = await setup(bad);
      await other.hset(keyOf(keys), "bad", "garbage");
      runTerm();
      const { reason } = await recorder.when("job.quarantined", ({ job }) => job === "bad");
      const [, key = "", field = ""] = /HDEL (\S+) (\w+)/.exec(reason) ?? [];
      expect([key, field]).toEqual([keyOf(keys), "bad"]);
      await othersGoOn();
      expect(recorder.of("tick.launched").filter(({ job }) => job === "bad")).toEqual([]);
      await other.hdel(key, field);
      loop.setJobs(jobs);
      await recorder.when("job.recovered", ({ job }) => job === "bad");
      await recorder.when("tick.launched", ({ job }) => job === "bad");
    },
  );

  it("goes on where it was when its definition cannot be read", async ({ setup }) => {
    const { keys, other, recorder, runTerm, othersGoOn } = await setup(jobOf("bad"));
    await other.hset(keys.definitions, "bad", "garbage");
    runTerm();
    await othersGoOn();
    await recorder.when("tick.launched", ({ job }) => job === "bad");
    expect(recorder.of("job.quarantined")).toEqual([]);
  });
});
