import { Queue } from "bullmq";
import { describe, expect } from "vitest";
import { StuckAlarm } from "../../src/alarm/stuck-alarm.ts";
import { LaunchedRuns } from "../../src/launch/launched-runs.ts";
import { lookAtQueue } from "../../src/launch/queue-look.ts";
import { placeOfQueue } from "../../src/launch/queue-place.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { test } from "../support/fixtures.ts";
import { jobOf } from "../support/jobs.ts";
import { realClock } from "../support/real-clock.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";

const it = test.extend("setup", ({ defer, connect }) => async () => {
  const redis = await connect("plain");
  const keys = redisKeys(namespace());
  const queue = new Queue("default", { connection: redis, prefix: keys.bullmqPrefix });
  defer(() => queue.close());
  const key = (name: string) => `${keys.bullmqPrefix}:default:${name}`;
  const add = async (id: string, options: { delay?: number; priority?: number } = {}) => {
    await queue.add("report", {}, { jobId: id, ...options });
    await redis.xadd(keys.history("report"), "*", "outcome", "launched", "run", id);
  };
  const look = (...runs: string[]) => lookAtQueue(redis, placeOfQueue(keys, "default", {}), runs);
  const stateOf = async (id: string) => (await look(id)).asked[0]?.state;
  const recorder = new Recorder();
  const watch = (launched = new LaunchedRuns(redis, keys)) => {
    const alarm = new StuckAlarm({
      clock: realClock(),
      events: recorder.events,
      queues: {},
      launched,
      jobs: [jobOf("report", {}, { everyMs: 1_000 })],
      lookAt: (name, runs) => lookAtQueue(redis, placeOfQueue(keys, name, {}), runs),
      hasWorkers: async () => true,
      limits: { minMs: 100, maxMs: 200 },
      intervalMs: 20,
      delayMs: 0,
    });
    defer(() => alarm.checks.stop());
    alarm.checks.start();
    return alarm;
  };
  return { redis, keys, queue, key, add, look, stateOf, recorder, watch };
});

describe("a look at a queue", () => {
  it("says where runs are", async ({ setup }) => {
    const { redis, queue, key, add, stateOf } = await setup();
    await add("waits");
    await add("later", { delay: 60_000 });
    await add("prior", { priority: 3 });
    expect(await stateOf("waits")).toBe("waiting");
    expect(await stateOf("later")).toBe("delayed");
    expect(await stateOf("prior")).toBe("waiting");
    expect(await stateOf("none")).toBe("gone");
    await queue.pause();
    expect(await stateOf("waits")).toBe("waiting");
    // As BullMQ up to 5 pauses.
    await redis.rename(key("wait"), key("paused"));
    expect(await stateOf("waits")).toBe("waiting");
    await redis.del(key("paused"), key("delayed"), key("prioritized"));
    expect(await stateOf("waits")).toBe("nowhere");
    expect(await stateOf("later")).toBe("nowhere");
    expect(await stateOf("prior")).toBe("nowhere");
    await redis.hset(key("waits"), "finishedOn", "1");
    expect(await stateOf("waits")).toBe("finished");
  });

  it("takes a run whose lock is held for one at work, in whatever list it is missing", async ({ setup }) => {
    const { redis, key, add, stateOf } = await setup();
    await add("works");
    await redis.del(key("wait"));
    await redis.set(`${key("works")}:lock`, "token", "PX", 60_000);
    expect(await stateOf("works")).toBe("active");
  });

  it("names what has waited longest, and passes over ids without a run", async ({ setup }) => {
    const { redis, key, add, look } = await setup();
    for (const id of ["a", "b", "c", "d"]) await add(id);
    await redis.del(key("a"));
    await add("prior", { priority: 1 });
    const { oldest } = await look();
    expect(oldest.map(({ run }) => run)).toEqual(["b", "c", "d", "prior"]);
    expect(oldest).toMatchObject([{ job: "report", isStarted: false, state: "waiting" }, {}, {}, {}]);
  });

  it("does not call a run missing when the list is too long to be searched", async ({ setup }) => {
    const { redis, key, add, stateOf } = await setup();
    await add("lost");
    await redis.del(key("wait"));
    await redis.rpush(key("wait"), ...Array.from({ length: 10_001 }, (_, i) => `other-${i}`));
    expect(await stateOf("lost")).toBe("unknown");
  });

  it("survives keys that another program overwrote", async ({ setup }) => {
    const { redis, key, add, look } = await setup();
    await add("a");
    for (const name of ["wait", "meta", "active", "completed", "limiter"]) {
      await redis.set(key(name), "no list");
    }
    expect(await look("a")).toMatchObject({ isPaused: false, oldest: [], asked: [{ state: "nowhere" }] });
  });

  it("writes nothing", async ({ setup }) => {
    const { redis, keys, look } = await setup();
    await look("none");
    expect(await redis.keys(`${keys.bullmqPrefix}:none:*`)).toEqual([]);
  });
});

describe("the stuck alarm", () => {
  it("tells of a queue that was paused from outside until it is resumed and worked off", async ({
    setup,
  }) => {
    const { queue, add, recorder, watch } = await setup();
    await queue.pause();
    await add("report@1");
    const alarm = watch();
    expect(await recorder.when("run.stuck")).toMatchObject({ run: "report@1", cause: "paused" });
    expect(alarm.stuck()).toHaveLength(1);
    await queue.resume();
    await queue.remove("report@1");
    expect(await recorder.when("run.unstuck")).toMatchObject({ run: "report@1" });
  });

  it("finds the run whose wait list was deleted, also behind newer runs that ended", async ({ setup }) => {
    const { redis, queue, key, add, recorder, watch } = await setup();
    for (let i = 0; i < 60; i++) await add(`done@${i}`);
    for (let i = 0; i < 60; i++) await redis.hset(key(`done@${i}`), "finishedOn", "1");
    await add("report@1");
    await redis.del(key("wait"));
    await add("report@2");
    await redis.hset(key("report@2"), "finishedOn", "1");
    watch();
    expect(await recorder.when("run.stuck")).toMatchObject({ run: "report@1", cause: "lost" });
    expect(recorder.of("run.stuck")).toHaveLength(1);
    await queue.remove("report@1");
    expect(await recorder.when("run.unstuck")).toMatchObject({ run: "report@1", cause: "lost" });
  });

  it("looks at many jobs in turn, each at its own place", async ({ setup }) => {
    const { redis, keys } = await setup();
    const jobs = Array.from({ length: 1_500 }, (_, i) => `job-${i}`);
    for (const job of jobs)
      await redis.xadd(keys.history(job), "1-1", "outcome", "launched", "run", `${job}@1`);
    const launched = new LaunchedRuns(redis, keys);
    const first = await launched.look(jobs, Date.now());
    launched.pass(() => false);
    const second = await launched.look(jobs, Date.now());
    expect([...first.keys()]).toEqual(jobs.slice(0, 1_000));
    expect(new Set([...first.keys(), ...second.keys()]).size).toBe(1_500);
    launched.pass(() => true);
    const third = await launched.look(jobs, Date.now());
    launched.pass(() => true);
    expect([...third.values()].flat().length).toBeGreaterThan(0);
    const fourth = await launched.look(jobs, Date.now());
    expect([...fourth.values()].flat()).toEqual([]);
  });
});
