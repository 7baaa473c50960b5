import { Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { describe, expect } from "vitest";
import { placeOfJob } from "../../src/launch/queue-place.ts";
import { readAudit, readHistory } from "../../src/launch/read-history.ts";
import { actOnRun, type RunAct } from "../../src/launch/run-act.ts";
import { triggerJob } from "../../src/launch/trigger.ts";
import { type Fate, FaultyProxy } from "../support/faulty-proxy.ts";
import { test } from "../support/fixtures.ts";
import { jobOf } from "../support/jobs.ts";

const T0 = Date.UTC(2026, 10, 23, 7);
const JOB = jobOf("report");

const it = test.extend("setup", ({ keys, connect, defer }) => async () => {
  const redis = await connect("noRetry");
  const queue = new Queue("default", { connection: redis, prefix: keys.bullmqPrefix });
  defer(() => queue.close());
  const worker = new Worker("default", null, {
    connection: await connect("worker"),
    prefix: keys.bullmqPrefix,
  });
  defer(() => worker.close(true));
  const place = placeOfJob(keys, JOB);
  const trigger = async (requestId: string) => {
    const started = await triggerJob(redis, keys, { job: JOB, data: {}, by: "ann", nowMs: T0, requestId });
    if (started.outcome !== "launched") throw new Error("not launched");
    return started.run;
  };
  const act = (over: Redis, what: RunAct["act"], run: string, requestId: string) =>
    actOnRun(over, keys, { act: what, job: JOB.name, place, run, by: "bob", requestId });
  /** Takes the next run, as a worker does. */
  const take = async () => {
    const job = await worker.getNextJob("token");
    if (!job) throw new Error("there is no run");
    return job;
  };
  const fail = async () => (await take()).moveToFailed(new Error("no paper"), "token");
  const audit = async () => (await readAudit(redis, keys, 9)).map(({ action, run, by }) => [action, run, by]);
  const history = () => readHistory(redis, keys, JOB.name, 9);
  return { redis, queue, trigger, act, take, fail, audit, history };
});

describe("a failed run", () => {
  it("is put back with all of its attempts, once for each request", async ({ setup }) => {
    const { redis, queue, trigger, act, fail, audit } = await setup();
    const run = await trigger("t");
    await fail();
    expect(await act(redis, "retry", run, "one")).toEqual({ outcome: "done" });
    expect(await queue.getJob(run)).toMatchObject({ attemptsMade: 0 });
    await fail();
    // The same request is answered as before, although the run has failed again.
    expect(await act(redis, "retry", run, "one")).toEqual({ outcome: "done" });
    expect(await (await queue.getJob(run))?.getState()).toBe("failed");
    expect(await act(redis, "retry", run, "two")).toEqual({ outcome: "done" });
    expect(await audit()).toEqual([
      ["retry", run, "bob"],
      ["retry", run, "bob"],
      ["trigger", run, "ann"],
    ]);
  });

  it("is the only one that can be retried", async ({ setup }) => {
    const { redis, trigger, act, take, audit } = await setup();
    const run = await trigger("t");
    const refused = (state: string) => ({ outcome: "other state", state });
    expect(await act(redis, "retry", run, "one")).toEqual(refused("waiting"));
    const job = await take();
    expect(await act(redis, "retry", run, "two")).toEqual(refused("active"));
    await job.moveToCompleted("done", "token");
    expect(await act(redis, "retry", run, "three")).toEqual(refused("completed"));
    expect(await act(redis, "retry", "report@other", "four")).toEqual({ outcome: "unknown" });
    expect(await audit()).toHaveLength(1);
  });
});

describe("a waiting run", () => {
  it("is removed with a reason in the history, once for each request", async ({ setup }) => {
    const { redis, queue, trigger, act, audit, history } = await setup();
    const run = await trigger("t");
    expect(await act(redis, "cancel", run, "one")).toEqual({ outcome: "done" });
    expect(await act(redis, "cancel", run, "one")).toEqual({ outcome: "done" });
    expect(await act(redis, "cancel", run, "two")).toEqual({ outcome: "unknown" });
    expect(await queue.getJobs()).toEqual([]);
    expect(await audit()).toEqual([
      ["cancel", run, "bob"],
      ["trigger", run, "ann"],
    ]);
    expect(await history()).toMatchObject([{ run, result: "removed", error: "cancelled by bob" }]);
  });

  it("that waits for its next attempt is removed too", async ({ setup }) => {
    const { redis, queue, act } = await setup();
    await queue.add("report", {}, { jobId: "report@late", delay: 60_000 });
    expect(await act(redis, "cancel", "report@late", "one")).toEqual({ outcome: "done" });
    expect(await queue.getJobs()).toEqual([]);
  });

  it("is left alone once a worker has taken it, and when it has ended", async ({ setup }) => {
    const { redis, queue, trigger, act, take } = await setup();
    const run = await trigger("t");
    const job = await take();
    expect(await act(redis, "cancel", run, "one")).toEqual({ outcome: "other state", state: "active" });
    await job.moveToCompleted("done", "token");
    expect(await act(redis, "cancel", run, "two")).toEqual({ outcome: "other state", state: "completed" });
    expect(await (await queue.getJob(run))?.getState()).toBe("completed");
  });

  it("is left alone when a worker takes it between the look and the transaction", async ({
    setup,
    connect,
  }) => {
    const { queue, trigger, act, take, audit } = await setup();
    const run = await trigger("t");
    const redis = await connect("noRetry");
    const time = redis.time.bind(redis);
    redis.time = async () => {
      redis.time = time;
      await take();
      return await time();
    };
    const cancelled = act(redis, "cancel", run, "one");
    expect(await cancelled).toEqual({ outcome: "other state", state: "active" });
    expect(await (await queue.getJob(run))?.getState()).toBe("active");
    expect(await audit()).toHaveLength(1);
  });
});

describe.each(["retry", "cancel"] as const)("%s", what => {
  it.for(["cut after", "cut before"] as const)(
    "is done once when the connection breaks: %s the transaction",
    async (fate, { setup, server, defer, connect }) => {
      const { redis: other, trigger, act, fail, audit } = await setup();
      const run = await trigger("t");
      if (what === "retry") await fail();
      const proxy = await FaultyProxy.to(server.port);
      defer(() => proxy.stop());
      const redis = await connect("noRetry", proxy.url);
      proxy.decide = (chunk): Fate => {
        if (!chunk.toLowerCase().includes("exec\r\n")) return "pass";
        proxy.decide = () => "pass";
        return fate;
      };
      await expect(act(redis, what, run, "one")).rejects.toThrow();
      expect(await act(other, what, run, "one")).toEqual({ outcome: "done" });
      expect(await audit()).toEqual([
        [what, run, "bob"],
        ["trigger", run, "ann"],
      ]);
    },
  );

  it("leaves nothing on record when Redis refuses it", async ({ setup, defer }) => {
    const { redis, trigger, act, fail, audit } = await setup();
    const run = await trigger("t");
    if (what === "retry") await fail();
    await redis.config("SET", "maxmemory", "1");
    defer(() => redis.config("SET", "maxmemory", "0"));
    const refused = await act(redis, what, run, "one").catch((error: unknown) => error);
    await redis.config("SET", "maxmemory", "0");
    expect(refused).toMatchObject({ code: "BW_RUN_REFUSED" });
    expect(await audit()).toHaveLength(1);
    expect(await act(redis, what, run, "one")).toEqual({ outcome: "done" });
  });
});
