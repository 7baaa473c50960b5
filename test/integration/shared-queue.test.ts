import { Queue, Worker } from "bullmq";
import { describe, expect } from "vitest";
import type { Job, SharedQueue } from "../../src/config/config.ts";
import { readHistory } from "../../src/launch/read-history.ts";
import { triggerJob } from "../../src/launch/trigger.ts";
import { type RedisKeys, redisKeys } from "../../src/redis/keys.ts";
import { jobOf } from "../support/jobs.ts";
import { FENCE, launchOf, T0, test } from "../support/leader.ts";
import { namespace } from "../support/redis-server.ts";

const [T1, T2] = [T0 + 1_000, T0 + 2_000];

/** A queue of a team, and a leader that launches into it. */
const it = test.extend(
  "setup",
  ({ keys, redis, lead, connect, defer }) =>
    async (overrides: Partial<Job> = {}) => {
      const prefix = `team-${namespace()}`;
      const queue = new Queue("orders", {
        connection: redis,
        prefix,
        streams: { events: { maxLen: 123 } },
      });
      defer(() => queue.close());
      await queue.waitUntilReady();
      const sharedQueue: SharedQueue = { prefix, runPrefix: "acme~" };
      const job = jobOf("report", { queue: "orders", sharedQueue, handler: null, ...overrides });
      const { open, commit } = lead([job]);
      const launch = async (...ticks: readonly number[]) => {
        const { cursors } = await open();
        return commit(
          ticks.map(tickAtMs => launchOf(tickAtMs)),
          cursors,
        );
      };
      const work = async (handle: (name: string, run: string) => Promise<unknown>) => {
        const worker = new Worker("orders", run => handle(run.name, run.id ?? ""), {
          connection: await connect("worker"),
          prefix,
        });
        defer(() => worker.close(true));
        return worker;
      };
      return { keys, redis, prefix, queue, job, launch, open, commit, work };
    },
);

describe("a queue of another program", () => {
  it("gets runs under its own prefix, with ids that carry the namespace, and its meta stays as it is", async ({
    setup,
    history,
  }) => {
    const { redis, keys, prefix, queue, launch } = await setup();
    const meta = await redis.hgetall(`${prefix}:orders:meta`);
    expect(await launch(T1, T2)).toMatchObject({ outcome: "committed", refused: null });
    const waiting = await queue.getWaiting();
    expect(waiting.map(({ id, name }) => [id, name])).toEqual([
      ["acme~report@20261123T070001Z", "report"],
      ["acme~report@20261123T070002Z", "report"],
    ]);
    expect(waiting[0]?.data).toEqual({
      _tick: { at: "2026-11-23T07:00:01.000Z", kind: "scheduled", term: 1 },
    });
    // BullMQ would remove by them what the team keeps.
    expect(waiting[0]?.opts).not.toHaveProperty("removeOnComplete");
    expect(waiting[0]?.opts).not.toHaveProperty("removeOnFail");
    expect(await redis.hgetall(`${prefix}:orders:meta`)).toEqual(meta);
    expect(await redis.keys(`${keys.bullmqPrefix}:*`)).toEqual([]);
    expect(await redis.hget(keys.cursors, "report")).toBe(String(T2));
    expect((await history()).map(({ run }) => run).reverse()).toEqual(waiting.map(({ id }) => id));
  });

  it("keeps a launch one transaction: a leader whose term has ended adds nothing", async ({ setup }) => {
    const { redis, keys, queue, open, commit } = await setup();
    const { cursors } = await open();
    await redis.set(keys.term, "2:another");
    expect(await commit([launchOf(T1)], cursors)).toEqual({ outcome: "fenced" });
    await redis.set(keys.term, FENCE);
    expect(await queue.getJobCounts()).toMatchObject({ waiting: 0 });
    expect(await redis.hget(keys.cursors, "report")).toBe(String(T0));
  });

  it("is not launched into while another program has broken one of its keys", async ({ setup }) => {
    const { redis, keys, prefix, launch } = await setup();
    await redis.set(`${prefix}:orders:wait`, "broken");
    const outcome = await launch(T1);
    expect(outcome).toMatchObject({
      outcome: "committed",
      decided: [],
      refused: `WRONGTYPE ${prefix}:orders:wait is a string, expected a list`,
    });
    expect(await redis.hget(keys.cursors, "report")).toBe(String(T0));
  });

  it("holds the next tick back while its own worker has the run before it, and no longer", async ({
    setup,
  }) => {
    const { launch, work } = await setup({ overlap: "queue" });
    const [started, end] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
    const worker = await work(async (_, run) => {
      started.resolve(run);
      await end.promise;
    });
    await launch(T1);
    const run = await started.promise;
    expect(run).toBe("acme~report@20261123T070001Z");
    expect(await launch(T2)).toMatchObject({
      decided: [],
      held: new Map([["report", expect.objectContaining({ run, sinceMs: T1 })]]),
    });
    const ended = new Promise(resolve => worker.once("completed", resolve));
    end.resolve();
    await ended;
    expect(await launch(T2)).toMatchObject({
      decided: [{ outcome: "launched", tickAtMs: T2 }],
      held: new Map(),
    });
  });

  it("may have a deduplication of the job's name: that is no run of ours in the way", async ({ setup }) => {
    const { queue, launch } = await setup({ overlap: "skip" });
    await queue.add("report", {}, { jobId: "theirs", deduplication: { id: "report" } });
    expect(await launch(T1)).toMatchObject({ decided: [{ outcome: "launched" }] });
    expect(await launch(T2)).toMatchObject({
      decided: [{ outcome: "skipped", blockedBy: "acme~report@20261123T070001Z" }],
    });
  });

  it("is fed by two namespaces that have a job of one name: each sees its own runs only", async ({
    setup,
    connect,
  }) => {
    const { keys, prefix, queue, job, launch } = await setup({ overlap: "skip" });
    const other = redisKeys(namespace());
    const theirs = { ...job, sharedQueue: { prefix, runPrefix: "other~" } };
    const redis = await connect("noRetry");
    const trigger = (trigger: Job, where: RedisKeys, requestId: string) =>
      triggerJob(redis, where, { job: trigger, data: {}, by: "ann", nowMs: T0, requestId });
    expect(await launch(T1)).toMatchObject({ decided: [{ outcome: "launched" }] });
    const started = await trigger(theirs, other, "one");
    expect(started).toEqual({ outcome: "launched", run: expect.stringMatching(/^other~report@manual-/) });
    expect(await trigger(job, keys, "two")).toEqual({
      outcome: "skipped",
      blockedBy: "acme~report@20261123T070001Z",
    });
    expect((await queue.getWaiting()).map(({ id }) => id?.split("~")[0]).sort()).toEqual(["acme", "other"]);
    expect(await readHistory(redis, other, "report", 10)).toHaveLength(1);
  });
});
