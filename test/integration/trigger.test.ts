import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { describe, expect } from "vitest";
import type { Job } from "../../src/config/config.ts";
import { readAudit, readHistory } from "../../src/launch/read-history.ts";
import { triggerJob } from "../../src/launch/trigger.ts";
import { Operator } from "../../src/operator/operator.ts";
import { type Fate, FaultyProxy } from "../support/faulty-proxy.ts";
import { test } from "../support/fixtures.ts";
import { jobOf } from "../support/jobs.ts";
import { reconnectAfterGet } from "../support/reconnect.ts";

const T0 = Date.UTC(2026, 10, 23, 7);

const it = test.extend("setup", ({ keys, connect, defer }) => async () => {
  const other = await connect("noRetry");
  const queue = new Queue("default", { connection: other, prefix: keys.bullmqPrefix });
  defer(() => queue.close());
  const trigger = (redis: Redis, requestId: string, overrides: Partial<Job> = {}) => {
    const job = jobOf("report", overrides);
    return triggerJob(redis, keys, { job, data: { format: "pdf" }, by: "ann", nowMs: T0, requestId });
  };
  /** What there is of runs, in BullMQ and on record. */
  const traces = async () => ({
    runs: (await queue.getJobs()).map(run => run.id),
    history: (await readHistory(other, keys, "report", 9)).map(({ run }) => run),
    audit: (await readAudit(other, keys, 9)).map(({ run }) => run),
  });
  return { keys, other, trigger, traces };
});

describe("a run that an operator starts", () => {
  it("is one for each request, however often that is sent", async ({ setup }) => {
    const { other, trigger, traces } = await setup();
    const first = await trigger(other, "one");
    expect(await trigger(other, "one")).toEqual(first);
    expect(await trigger(other, "two")).not.toEqual(first);
    expect((await traces()).runs).toHaveLength(2);
    await expect(trigger(other, "one", { name: "another" })).rejects.toMatchObject({
      code: "BW_REQUEST_REUSED",
    });
  });

  it.for(["cut after", "cut before"] as const)(
    "is started once when the connection breaks: %s the transaction",
    async (fate, { setup, server, defer, connect }) => {
      const { other, trigger, traces } = await setup();
      const proxy = await FaultyProxy.to(server.port);
      defer(() => proxy.stop());
      const redis = await connect("noRetry", proxy.url);
      proxy.decide = (chunk): Fate => {
        if (!chunk.toLowerCase().includes("exec\r\n")) return "pass";
        proxy.decide = () => "pass";
        return fate;
      };
      await expect(trigger(redis, "one")).rejects.toThrow();
      const again = await trigger(other, "one");
      const run = again.outcome === "launched" ? again.run : "";
      expect(await traces()).toEqual({ runs: [run], history: [run], audit: [run] });
    },
  );

  it("is one of twenty that are asked for at once, where runs must not overlap", async ({
    setup,
    connect,
  }) => {
    const { keys, trigger, traces } = await setup();
    const connections = await Promise.all(Array.from({ length: 20 }, () => connect("noRetry")));
    const outcomes = await Promise.all(
      connections.map((redis, i) => trigger(redis, `request ${i}`, { overlap: "skip" })),
    );
    const launched = outcomes.flatMap(answer => (answer.outcome === "launched" ? [answer.run] : []));
    expect(launched).toHaveLength(1);
    const blockers = outcomes.flatMap(answer => (answer.outcome === "skipped" ? [answer.blockedBy] : []));
    expect(new Set(blockers)).toEqual(new Set(launched));
    expect(await traces()).toEqual({ runs: launched, history: launched, audit: launched });
    expect(await connections[0]?.get(keys.unfinished("report"))).toContain(launched[0]);
  });

  it("is never sent on another connection than its WATCH", async ({ setup, connect }) => {
    const { other, trigger, traces } = await setup();
    const redis = await connect("noRetry");
    await trigger(redis, "one");
    reconnectAfterGet(redis);
    await expect(trigger(redis, "two")).rejects.toMatchObject({ code: "BW_CONNECTION_CHANGED" });
    expect((await traces()).runs).toHaveLength(1);
    expect(await trigger(other, "two")).toMatchObject({ outcome: "launched" });
  });

  it("is not on record when Redis has not added it", async ({ setup, connect }) => {
    const { other, trigger, traces } = await setup();
    await trigger(other, "one");
    // The connection believes that the server still knows BullMQ's scripts.
    await other.script("FLUSH");
    await expect(trigger(other, "two")).rejects.toMatchObject({
      code: "BW_TRIGGER_REFUSED",
      message: expect.stringContaining("NOSCRIPT"),
    });
    const { runs, history, audit } = await traces();
    expect([runs, history, audit].map(found => found.length)).toEqual([1, 1, 1]);
    expect(await trigger(await connect("noRetry"), "two")).toMatchObject({ outcome: "launched" });
  });

  it("leaves nothing on record when Redis refuses it", async ({ setup, defer }) => {
    const { other, trigger, traces } = await setup();
    await other.config("SET", "maxmemory", "1");
    defer(() => other.config("SET", "maxmemory", "0"));
    await expect(trigger(other, "one")).rejects.toMatchObject({
      code: "BW_TRIGGER_REFUSED",
      message: expect.stringContaining("OOM"),
    });
    await other.config("SET", "maxmemory", "0");
    expect(await traces()).toEqual({ runs: [], history: [], audit: [] });
    expect(await trigger(other, "one")).toMatchObject({ outcome: "launched" });
  });

  it("takes its turn behind others that the same operator asked for", async ({ setup }) => {
    const { keys, other, traces } = await setup();
    const operator = new Operator({ redis: other, keys, by: "ann" });
    const job = jobOf("report", { overlap: "skip" });
    const outcomes = await Promise.all([1, 2, 3].map(i => operator.trigger(job, {}, { requestId: `${i}` })));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["launched", "skipped", "skipped"]);
    expect((await traces()).runs).toHaveLength(1);
  });
});
