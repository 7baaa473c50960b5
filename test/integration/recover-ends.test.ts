import { Queue, Worker } from "bullmq";
import { describe, expect } from "vitest";
import { LaunchedRuns } from "../../src/launch/launched-runs.ts";
import { placeOfQueue } from "../../src/launch/queue-place.ts";
import { readHistory } from "../../src/launch/read-history.ts";
import { recoverEnds } from "../../src/launch/recover-ends.ts";
import { readTimeMs } from "../../src/redis/time.ts";
import { test } from "../support/fixtures.ts";

/** A run that was launched, and that a worker ended of which the process died before it recorded that. */
const it = test.extend(
  "setup",
  ({ connect, keys, defer, server }) =>
    async (how: "completed" | "failed" | "removed") => {
      const redis = await connect("plain");
      const [run, prefix] = ["report@1", keys.bullmqPrefix];
      const queue = new Queue("default", { connection: redis, prefix });
      defer(() => queue.close());
      const about = { tick: 1, outcome: "launched", kind: "scheduled", term: 1, lateMs: 0 };
      await redis.xadd(keys.history("report"), "*", ...Object.entries({ ...about, run }).flat());
      await queue.add("report", {}, { jobId: run, removeOnComplete: how === "removed" });
      const connection = await connect("worker", server.url);
      const body = async () => {
        if (how === "failed") throw new Error("no paper");
      };
      const worker = new Worker("default", body, { connection, prefix, name: "pod-1" });
      defer(() => worker.close(true));
      await new Promise<void>(resolve =>
        worker.once(how === "failed" ? "failed" : "completed", () => resolve()),
      );
      const place = placeOfQueue(keys, "default", {});
      const launched = new LaunchedRuns(redis, keys);
      /** What the alarm does. */
      const recover = async (perJob?: number) => {
        await launched.look(["report"], (await readTimeMs(redis)) + 60_000);
        const runs = launched.unrecorded(() => true).map(one => ({ ...one, place }));
        return (await recoverEnds(redis, keys, runs, perJob)).map(({ outcome }) => outcome);
      };
      /** The run ended a while ago. */
      const age = () => redis.hset(`${prefix}:default:${run}`, "finishedOn", Date.now() - 120_000);
      const rows = () => readHistory(redis, keys, "report", 10);
      return { redis, keys, recover, age, rows, run };
    },
);

describe("the end of a run whose worker died before it recorded it", () => {
  it.for([
    ["completed", { result: "completed", attempts: 1, replica: "pod-1" }],
    ["failed", { result: "failed", attempts: 1, error: "no paper" }],
  ] as const)("is that of BullMQ: %s", async ([how, row], { setup }) => {
    const { recover, age, rows } = await setup(how);
    await age();
    expect(await recover()).toEqual([how]);
    expect(await rows()).toMatchObject([row]);
    // Any replica may ask, at any time.
    expect(await recover()).toEqual([]);
    expect(await rows()).toHaveLength(1);
  });

  it("is unknown where BullMQ does not have the run any more", async ({ setup }) => {
    const { recover, rows } = await setup("removed");
    expect(await recover()).toEqual(["unknown"]);
    expect(await rows()).toMatchObject([{ result: "unknown", endCode: "end_unrecorded" }]);
  });

  it("is left to the worker while it may still record it", async ({ setup }) => {
    const { recover, rows } = await setup("completed");
    expect(await recover()).toEqual(["early"]);
    expect((await rows())[0]?.result).toBeUndefined();
  });

  it("trims no history that may be longer", async ({ setup }) => {
    const { recover, age, redis, keys } = await setup("completed");
    await age();
    const add = (i: number) =>
      redis.xadd(keys.history("report"), "*", "run", `report@other-${i}`, "result", "removed");
    await Promise.all(Array.from({ length: 900 }, (_, i) => add(i)));
    expect(await recover(1_000)).toEqual(["completed"]);
    expect(await redis.xlen(keys.history("report"))).toBe(902);
  });

  it("is recorded once by two replicas, and not where it comes long after the launch", async ({ setup }) => {
    const { recover, age, rows, redis, keys, run } = await setup("completed");
    await age();
    for (let i = 0; i < 70; i++)
      await redis.xadd(keys.history("report"), "*", "run", `report@other-${i}`, "result", "removed");
    const [first, second] = await Promise.all([recover(), recover()]);
    expect([first, second].flat().toSorted()).toEqual(["completed", "known"]);
    const ends = (await redis.xrange(keys.history("report"), "-", "+")).filter(
      ([, flat]) => flat.includes(run) && flat.includes("result"),
    );
    expect(ends).toHaveLength(1);
    expect((await rows())[0]?.result).toBe("completed");
  });
});
