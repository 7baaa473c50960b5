import { Queue, QueueEvents, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { describe, expect, vi } from "vitest";
import type { Job } from "../../src/config/config.ts";
import type { Launcher } from "../../src/launch/launcher.ts";
import { readHistory } from "../../src/launch/read-history.ts";
import { FORMAT } from "../../src/redis/format.ts";
import type { RedisKeys } from "../../src/redis/keys.ts";
import type { Decision } from "../../src/schedule/decision.ts";
import { type Fate, FaultyProxy } from "../support/faulty-proxy.ts";
import { jobOf } from "../support/jobs.ts";
import { FENCE, launchOf, T0, test } from "../support/leader.ts";

const it = test
  .extend(
    "setup",
    ({ keys, redis: other, fenced, lead, added: runs }) =>
      (jobs?: readonly Job[], redis = fenced) => {
        const { launcher, commit } = lead(jobs, redis);
        return { keys, redis, other, launcher, commit, runs };
      },
  )
  /** The same, with a connection that can be cut, and a tick that was launched. */
  .extend("throughProxy", ({ server, connect, setup, defer }) => async () => {
    const proxy = await FaultyProxy.to(server.port);
    defer(() => proxy.stop());
    const bundle = setup([jobOf("report")], await connect("noRetry", proxy.url));
    await bundle.commit([launchOf(T1)], await cursorsOf(bundle.launcher));
    const cutOnce = (where: string, fate: Fate) => {
      proxy.decide = chunk => {
        if (!chunk.toLowerCase().includes(where)) return "pass";
        proxy.decide = () => "pass";
        return fate;
      };
    };
    return { ...bundle, cutOnce };
  });

async function cursorsOf(launcher: Launcher, nowMs = T0): Promise<Map<string, number>> {
  const opened = await launcher.open(FENCE, nowMs);
  if (opened.outcome !== "opened") throw new Error("fenced");
  return new Map(opened.cursors);
}

/** Opens again until the connection recovers. */
async function reopened(launcher: Launcher): Promise<Map<string, number>> {
  for (;;) {
    try {
      return await cursorsOf(launcher);
    } catch {
      await new Promise(resolve => setImmediate(resolve));
    }
  }
}

const T1 = T0 + 1_000;
const T2 = T0 + 2_000;

describe("opening a term", () => {
  it("gives a new job a cursor at now, so that it never catches up on its past", async ({ setup }) => {
    const { launcher } = setup();
    expect(await cursorsOf(launcher, T0)).toEqual(new Map([["report", T0]]));
    expect(await cursorsOf(launcher, T0 + 60_000)).toEqual(new Map([["report", T0]]));
  });

  it("records the instants of a new job that passed in the last hour, once, and no tick of a cron", async ({
    setup,
  }) => {
    const at = [T0 - 2 * 60 * 60_000, T0 - 50 * 60_000, T0 - 3_000, T0, T0 + 60_000];
    const jobs = [jobOf("once", {}, { at }), jobOf("hourly", {}, { cron: ["0 * * * *"] })];
    const { launcher, other, keys } = setup(jobs);
    for (const nowMs of [T0, T0 + 1_000]) {
      expect((await cursorsOf(launcher, nowMs)).get("once")).toBe(T0);
    }
    const rows = await readHistory(other, keys, "once", 10);
    const missed = { outcome: "missed", kind: "scheduled", term: 1 };
    expect(rows).toMatchObject(
      [T0, T0 - 3_000, T0 - 50 * 60_000].map(tick => ({
        ...missed,
        tick: new Date(tick).toISOString(),
        lateMs: T0 - tick,
        reason: "Redis did not know the job by then, or has lost what it knew",
        reasonCode: "job_unknown",
      })),
    );
    expect(await readHistory(other, keys, "hourly", 10)).toEqual([]);
  });

  it("moves the cursor of a schedule that changed to the change, once, and tells so in the history", async ({
    setup,
  }) => {
    const { launcher, other, keys } = setup();
    await cursorsOf(launcher, T0);
    const changed = setup([jobOf("report", {}, { everyMs: 5_000 })]);
    for (const nowMs of [T0 + 60_000, T0 + 90_000]) {
      const opened = await changed.launcher.open(FENCE, nowMs);
      if (opened.outcome !== "opened") throw new Error("fenced");
      expect(opened.cursors.get("report")).toBe(T0 + 60_000);
    }
    const rows = await readHistory(other, keys, "report", 10);
    expect(rows.map(row => [row.outcome, row.tick])).toEqual([
      ["rescheduled", new Date(T0 + 60_000).toISOString()],
    ]);
  });

  it("leaves the cursor of a schedule that changed where it is, when it is past the change", async ({
    setup,
  }) => {
    const { launcher } = setup();
    await cursorsOf(launcher, T0);
    const changed = setup([jobOf("report", {}, { everyMs: 5_000 })]);
    const opened = await changed.launcher.open(FENCE, T0 - 4_000);
    expect(opened.outcome === "opened" && opened.cursors.get("report")).toBe(T0);
  });

  it("opens more jobs than one call can name, and reports how it gets on", async ({ setup }) => {
    const jobs = Array.from({ length: 12_000 }, (_, i) => jobOf(`job-${i}`));
    const { launcher } = setup(jobs);
    const onPage = vi.fn();
    const opened = await launcher.open(FENCE, T0, onPage);
    const cursors = opened.outcome === "opened" ? opened.cursors : new Map();
    expect(cursors.size).toBe(12_000);
    expect(new Set(cursors.values())).toEqual(new Set([T0]));
    // At least once for every 5,000 jobs that are read, and again for those that are written.
    expect(onPage.mock.calls.length).toBeGreaterThanOrEqual(6);
  });

  it("refuses an older term and writes nothing", async ({ setup }) => {
    const { launcher, other, keys } = setup();
    await other.set(keys.term, "2:newer");
    expect(await launcher.open(FENCE, T0)).toEqual({ outcome: "fenced" });
    expect(await other.exists(keys.cursors)).toBe(0);
  });

  it.for(["open", "commit"] as const)(
    "looks for the server anew when %s finds it fenced",
    async (step, { setup }) => {
      const { launcher, commit, other, keys, redis } = setup();
      const cursors = await cursorsOf(launcher);
      const closed = new Promise(resolve => redis.once("close", resolve));
      await other.set(keys.term, "2:newer");
      await (step === "open" ? launcher.open(FENCE, T0) : commit([launchOf(T1)], cursors));
      await closed;
      await other.set(keys.term, FENCE);
      expect(await reopened(launcher)).toEqual(cursors);
    },
  );

  it("refuses state of a newer format and writes nothing", async ({ setup }) => {
    const { launcher, other, keys } = setup();
    await other.set(keys.format, FORMAT + 1);
    await expect(launcher.open(FENCE, T0)).rejects.toMatchObject({ code: "BW_FORMAT_NEWER" });
    expect(await other.exists(keys.cursors)).toBe(0);
  });

  it("writes nothing when a newer term begins between reading the job states and changing them", async ({
    setup,
  }) => {
    const { launcher, redis, other, keys } = setup();
    let pages = 0;
    const onPage = () => {
      // On the same connection, so before the second script.
      if (++pages === 2) redis.set(keys.term, "2:newer").catch(() => undefined);
    };
    expect(await launcher.open(FENCE, T0, onPage)).toEqual({ outcome: "fenced" });
    expect(await other.exists(keys.cursors)).toBe(0);
  });

  it("has no term open for other jobs", async ({ setup }) => {
    const { launcher } = setup();
    await cursorsOf(launcher);
    launcher.setJobs([jobOf("other")]);
    expect(launcher.isOpen()).toBe(false);
    expect(await cursorsOf(launcher)).toEqual(new Map([["other", T0]]));
    expect(launcher.isOpen()).toBe(true);
  });

  it("keeps nothing of queues that no job has any more", async ({ setup }) => {
    const { launcher, redis, commit, runs } = setup([jobOf("report", { queue: "queue-0" })]);
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      const queue = `queue-${i % 3}`;
      launcher.setJobs([jobOf(`job-${i}`, { queue })]);
      const cursors = await cursorsOf(launcher);
      expect(await commit([launchOf(T1, `job-${i}`)], cursors)).toMatchObject({ outcome: "committed" });
      counts.push(redis.eventNames().reduce((sum, name) => sum + redis.listenerCount(name), 0));
    }
    expect(new Set(counts).size).toBe(1);
    expect(await runs("queue-0")).toHaveLength(2);
  });

  it("does not take a term for open whose connection broke while it was read", async ({ setup }) => {
    const { launcher, redis, keys } = setup();
    const hgetall = redis.hgetall.bind(redis);
    Object.assign(redis, {
      hgetall: async (key: string) => {
        const reply = await hgetall(key);
        if (key !== keys.controls) return reply;
        redis.disconnect(true);
        await new Promise(resolve => redis.once("ready", resolve));
        return reply;
      },
    });
    await cursorsOf(launcher);
    expect(launcher.isOpen()).toBe(false);
  });

  it("notices that its connection broke since", async ({ setup }) => {
    const { launcher, redis } = setup();
    expect(launcher.isOpen()).toBe(false);
    await cursorsOf(launcher);
    expect(launcher.isOpen()).toBe(true);
    redis.disconnect(true);
    await new Promise(resolve => redis.once("close", resolve));
    expect(launcher.isOpen()).toBe(false);
    await reopened(launcher);
    expect(launcher.isOpen()).toBe(true);
  });
});

describe("committing", () => {
  it("adds the run, moves the cursor and records the decision", async ({ setup }) => {
    const { launcher, commit, keys, other, runs } = setup([jobOf("report", { data: { format: "pdf" } })]);
    const outcome = await commit([launchOf(T1)], await cursorsOf(launcher));
    expect(outcome).toMatchObject({
      outcome: "committed",
      decided: [{ outcome: "launched", tickAtMs: T1 }],
    });
    expect(await runs()).toEqual(["report@20261123T070001Z"]);
    expect(await other.hget(keys.cursors, "report")).toBe(String(T1));
    expect(await readHistory(other, keys, "report", 5)).toEqual([
      {
        tick: "2026-11-23T07:00:01.000Z",
        outcome: "launched",
        kind: "scheduled",
        term: 1,
        lateMs: 9_000,
        run: "report@20261123T070001Z",
      },
    ]);
  });

  it("counts as late what is later than the tick was due, not what its jitter held", async ({ setup }) => {
    const { launcher, commit, keys, other } = setup();
    await commit([{ ...launchOf(T1), dueAtMs: T1 + 7_500 }], await cursorsOf(launcher));
    expect(await readHistory(other, keys, "report", 5)).toMatchObject([{ lateMs: 1_500 }]);
  });

  it("records a missed tick with its reason, without a run", async ({ setup }) => {
    const { launcher, commit, keys, other, runs } = setup();
    const missed: Decision = {
      outcome: "missed",
      job: "report",
      tickAtMs: T2,
      reason: { code: "catch_up_none" },
      fromAtMs: T1,
      count: 2,
    };
    expect(await commit([missed], await cursorsOf(launcher))).toMatchObject({
      decided: [{ outcome: "missed" }],
    });
    expect(await runs()).toEqual([]);
    expect(await other.hget(keys.cursors, "report")).toBe(String(T2));
    expect(await readHistory(other, keys, "report", 5)).toMatchObject([
      { outcome: "missed", reason: "catchUp: none", from: "2026-11-23T07:00:01.000Z", count: 2 },
    ]);
  });

  it("refuses when a newer term stands, and writes nothing", async ({ setup }) => {
    const { launcher, commit, keys, other, runs } = setup();
    const cursors = await cursorsOf(launcher);
    await other.set(keys.term, "2:newer");
    expect(await commit([launchOf(T1)], cursors)).toEqual({ outcome: "fenced" });
    expect(await runs()).toEqual([]);
  });

  it("refuses the same term number with another token", async ({ setup }) => {
    const { launcher, commit, keys, other } = setup();
    const cursors = await cursorsOf(launcher);
    await other.set(keys.term, "1:another");
    expect(await commit([launchOf(T1)], cursors)).toEqual({ outcome: "fenced" });
  });

  it("refuses when the cursor is ahead of the plan, as after somebody else's launch", async ({ setup }) => {
    const { launcher, commit, keys, other, runs } = setup();
    const cursors = await cursorsOf(launcher);
    await other.hset(keys.cursors, "report", T1);
    expect(await commit([launchOf(T1)], cursors)).toEqual({ outcome: "moved" });
    expect(await runs()).toEqual([]);
  });

  it("refuses when the cursor is behind the plan, as after a failover that lost writes", async ({
    setup,
  }) => {
    const { launcher, commit, keys, other, runs } = setup();
    const cursors = await cursorsOf(launcher);
    await other.hset(keys.cursors, "report", T0 - 5_000);
    expect(await commit([launchOf(T1)], cursors)).toEqual({ outcome: "moved" });
    expect(await runs()).toEqual([]);
  });

  it.for([
    ["the term", (keys: RedisKeys, other: Redis) => other.set(keys.term, "2:newer")],
    ["a cursor", (keys: RedisKeys, other: Redis) => other.hset(keys.cursors, "report", T1)],
    [
      "the cursor of a closed epoch",
      (keys: RedisKeys, other: Redis) => other.hset(keys.epochCursors, "1:report", T1),
    ],
  ] as const)(
    "adds nothing when %s changes between the look and the transaction",
    async ([_, change], { setup }) => {
      const { launcher, commit, redis, keys, other, runs } = setup();
      const cursors = await cursorsOf(launcher);
      const hmget = redis.hmget.bind(redis) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(redis, {
        hmget: async (...args: unknown[]) => {
          const reply = await hmget(...args);
          await change(keys, other);
          return reply;
        },
      });
      expect(await commit([launchOf(T1)], cursors)).toEqual({ outcome: "moved" });
      expect(await runs()).toEqual([]);
    },
  );

  it("launches ticks of many jobs and queues in one transaction", async ({ setup }) => {
    const jobs = Array.from({ length: 20 }, (_, i) => jobOf(`job-${i}`, { queue: i % 2 ? "odd" : "even" }));
    const { launcher, commit, runs } = setup(jobs);
    const decisions = jobs.flatMap(job => [launchOf(T1, job.name), launchOf(T2, job.name)]);
    await commit(decisions, await cursorsOf(launcher));
    expect(await runs("odd")).toHaveLength(20);
    expect(await runs("even")).toHaveLength(20);
  });
});

describe("when Redis refuses the run", () => {
  it("keeps the cursor before a tick whose run was not added, and launches it on a new connection", async ({
    setup,
  }) => {
    const { launcher, commit, other, keys, runs } = setup();
    await commit([launchOf(T1)], await cursorsOf(launcher));
    await other.script("FLUSH");
    const cursors = await cursorsOf(launcher);
    expect(await commit([launchOf(T2)], cursors)).toMatchObject({
      decided: [],
      refused: expect.stringContaining("NOSCRIPT"),
    });
    expect(await other.hget(keys.cursors, "report")).toBe(String(T1));

    await commit([launchOf(T2)], await reopened(launcher));
    expect(await runs()).toEqual(["report@20261123T070001Z", "report@20261123T070002Z"]);
  });

  it("does not let a later tick pass one that was not added", async ({ setup }) => {
    const { launcher, commit, other, keys, redis } = setup([jobOf("report"), jobOf("other")]);
    const cursors = await cursorsOf(launcher);
    // The first add fails, the second of the same job succeeds. BullMQ's commands stand under versioned names.
    const pipeline = redis.pipeline.bind(redis);
    Object.assign(redis, {
      pipeline: () => {
        const transaction = pipeline();
        const name = Object.keys(transaction).find(key => key.startsWith("addStandardJob")) ?? "";
        const add = Reflect.get(transaction, name) as (args: unknown[]) => unknown;
        let adds = 0;
        const failFirst = (args: unknown[]) =>
          adds++ === 0 ? transaction.evalsha("0".repeat(40), 0) : add.call(transaction, args);
        return Object.assign(transaction, { [name]: failFirst });
      },
    });
    const outcome = await commit([launchOf(T1), launchOf(T2), launchOf(T1, "other")], cursors);
    expect(outcome).toMatchObject({
      decided: [{ job: "other", outcome: "launched" }],
      refused: expect.stringContaining("NOSCRIPT"),
    });
    expect(await other.hgetall(keys.cursors)).toEqual({ report: String(T0), other: String(T1) });
  });

  it("moves the cursor of a run that is there although its record cannot be written", async ({ setup }) => {
    const { launcher, commit, other, keys, runs } = setup();
    const cursors = await cursorsOf(launcher);
    await other.set(keys.history("report"), "not a stream");
    expect(await commit([launchOf(T1)], cursors)).toMatchObject({ decided: [{ outcome: "launched" }] });
    expect(await other.hget(keys.cursors, "report")).toBe(String(T1));
    expect(await runs()).toHaveLength(1);
  });

  it("keeps the cursor when memory has run out", async ({ setup, defer }) => {
    const { launcher, commit, other, keys, runs } = setup();
    const cursors = await cursorsOf(launcher);
    await commit([launchOf(T1)], cursors);
    await other.config("SET", "maxmemory", "1");
    defer(() => other.config("SET", "maxmemory", "0"));
    await expect(commit([launchOf(T2)], new Map([["report", T1]]))).rejects.toThrow(/OOM/);
    await other.config("SET", "maxmemory", "0");
    expect(await other.hget(keys.cursors, "report")).toBe(String(T1));
    await commit([launchOf(T2)], await reopened(launcher));
    expect(await runs()).toEqual(["report@20261123T070001Z", "report@20261123T070002Z"]);
  });
});

describe("when the connection breaks", () => {
  it("finds a launch that was committed although its answer was lost, and does not repeat it", async ({
    throughProxy,
  }) => {
    const { launcher, commit, cutOnce, runs } = await throughProxy();
    cutOnce("exec", "cut after");
    await expect(commit([launchOf(T2)], new Map([["report", T1]]))).rejects.toMatchObject({
      code: "BW_REDIS_NO_ANSWER",
    });
    const cursors = await reopened(launcher);
    expect(cursors.get("report")).toBe(T2);
    expect(await runs()).toEqual(["report@20261123T070001Z", "report@20261123T070002Z"]);
  });

  it("names what a transaction without an answer has decided, once, as the term is opened", async ({
    throughProxy,
  }) => {
    const { launcher, commit, cutOnce } = await throughProxy();
    const decisions: Decision[] = [
      launchOf(T2),
      { ...launchOf(T2 + 1_000), outcome: "skipped", reason: { code: "paused" } },
    ];
    cutOnce("exec", "cut after");
    await expect(commit(decisions, new Map([["report", T1]]))).rejects.toThrow();
    const found = await vi.waitUntil(async () => {
      const opened = await launcher.open(FENCE, T0).catch(() => null);
      return opened?.outcome === "opened" ? opened.found : null;
    });
    expect(found).toEqual([{ nowMs: T0 + 10_000, decided: decisions }]);
    expect(await launcher.open(FENCE, T0)).toMatchObject({ found: [] });
  });

  it.for(["watch", "exec"])(
    "launches a tick once when %s never arrived",
    async (command, { throughProxy }) => {
      const { launcher, commit, cutOnce, runs } = await throughProxy();
      cutOnce(command, "cut before");
      await expect(commit([launchOf(T2)], new Map([["report", T1]]))).rejects.toThrow();
      await commit([launchOf(T2)], await reopened(launcher));
      expect(await runs()).toEqual(["report@20261123T070001Z", "report@20261123T070002Z"]);
    },
  );

  it("never sends a transaction on another connection than its WATCH", async ({ setup }) => {
    const { launcher, commit, redis, runs } = setup();
    const cursors = await cursorsOf(launcher);
    await commit([launchOf(T1)], cursors);
    const hmget = redis.hmget.bind(redis) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(redis, {
      hmget: async (...args: unknown[]) => {
        const reply = await hmget(...args);
        redis.disconnect(true);
        await new Promise(resolve => redis.once("ready", resolve));
        return reply;
      },
    });
    await expect(commit([launchOf(T2)], new Map([["report", T1]]))).rejects.toMatchObject({
      code: "BW_CONNECTION_CHANGED",
    });
    expect(await runs()).toEqual(["report@20261123T070001Z"]);
  });
});

describe("runs are ordinary BullMQ jobs", () => {
  it("lets a Worker and QueueEvents of another program see them", async ({ setup, connect, defer }) => {
    const { launcher, commit, keys } = setup([jobOf("report", { data: { format: "pdf" } })]);
    const prefix = keys.bullmqPrefix;
    const events = new QueueEvents("default", { connection: await connect("worker"), prefix });
    defer(() => events.close());
    await events.waitUntilReady();
    const completed = new Promise(resolve => events.once("completed", resolve));
    const seen: unknown[] = [];
    const worker = new Worker(
      "default",
      async job => {
        seen.push([job.id, job.name, job.data]);
        return "done";
      },
      { connection: await connect("worker"), prefix },
    );
    defer(() => worker.close());
    await commit([launchOf(T1)], await cursorsOf(launcher));
    expect(await completed).toMatchObject({ jobId: "report@20261123T070001Z", returnvalue: "done" });
    expect(seen).toEqual([
      [
        "report@20261123T070001Z",
        "report",
        { format: "pdf", _tick: { at: "2026-11-23T07:00:01.000Z", kind: "scheduled", term: 1 } },
      ],
    ]);
  });

  it("have BullMQ's documented escape hatch to rely on", async ({ connect, defer }) => {
    const redis = await connect("plain");
    const queue = new Queue("guard", { connection: redis, prefix: "{guard}" });
    defer(() => queue.close());
    await queue.waitUntilReady();
    expect(queue.getBackend()).toHaveProperty("addJobToTransaction");
  });
});
