import { describe, expect } from "vitest";
import { DataGuard } from "../../src/alarm/data-guard.ts";
import { readControls } from "../../src/launch/controls.ts";
import { type Memory, putBack, readMemory } from "../../src/launch/memory.ts";
import { readAudit, readHistory } from "../../src/launch/read-history.ts";
import { Operator } from "../../src/operator/operator.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { test } from "../support/fixtures.ts";
import { jobOf } from "../support/jobs.ts";
import { realClock } from "../support/real-clock.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";

const FENCE = "7:token";
const report = jobOf("report");
const mail = jobOf("mail");

const it = test
  .extend("setup", ({ connect }) => async () => {
    const redis = await connect("plain");
    const keys = redisKeys(namespace());
    const operator = new Operator({ redis, keys, by: "ann" });
    const all = async () => (await redis.keys(`{${keys.bullmqPrefix.slice(1, -1)}}*`)).sort();
    /** Puts the namespace back to what it was when this was called. */
    const snapshot = async () => {
      const dumps = await Promise.all(
        (await all()).map(async key => [key, await redis.dumpBuffer(key)] as const),
      );
      return async () => {
        await empty();
        for (const [key, dump] of dumps) if (dump) await redis.restore(key, 0, dump);
      };
    };
    const empty = async () => {
      const found = await all();
      if (found.length > 0) await redis.del(...found);
    };
    const remember = (before: Memory | null = null, fence: string | null = null) =>
      readMemory(redis, keys, { before, fence, isWhole: true });
    const restore = (memory: Memory, fence: string | null = null) =>
      putBack(redis, keys, memory, { fence, by: "replica-1" });
    const paused = async () => [...(await readControls(redis, keys)).paused.keys()].sort();
    await redis.set(keys.term, FENCE);
    await redis.hset(keys.cursors, "report", "1");
    await remember(null, FENCE);
    return { redis, keys, operator, snapshot, empty, remember, restore, paused };
  })
  /** The guards of this many replicas. */
  .extend("guards", ({ setup, defer }) => async (count: number) => {
    const fixture = await setup();
    const { redis, keys } = fixture;
    const all = Array.from({ length: count }, (_, i) => {
      const recorder = new Recorder();
      const memories: Memory[] = [];
      const guard = new DataGuard({
        clock: realClock(),
        events: recorder.events,
        read: async options => {
          const memory = await readMemory(redis, keys, options);
          memories.push(memory);
          return memory;
        },
        putBack: (memory, fence) => putBack(redis, keys, memory, { fence, by: `replica-${i}` }),
      });
      guard.checks.start();
      defer(() => guard.checks.stop());
      const knows = async (order: string) => {
        while (!memories.some(({ controls }) => controls.has(order))) await new Promise(setImmediate);
      };
      return { guard, recorder, knows };
    });
    return { ...fixture, all };
  });

describe("what a replica remembers", () => {
  it("is put back into an empty namespace: pauses, skips, counts, the floor; with a record, and void plans", async ({
    setup,
  }) => {
    const { redis, keys, operator, empty, remember, restore } = await setup();
    await operator.pause(report);
    await operator.skipNext(mail);
    await redis.hset(keys.launched, "promo", "2");
    await redis.set(keys.generation, "4");
    const memory = await remember();
    const before = await readControls(redis, keys);
    await empty();
    expect(await restore(memory)).toEqual({ outcome: "done", jobs: ["report"] });
    const after = await readControls(redis, keys);
    expect(after.paused).toEqual(before.paused);
    expect(after.skips).toEqual(before.skips);
    expect(after.version).toBeGreaterThan(before.version);
    expect(await redis.hget(keys.launched, "promo")).toBe("2");
    expect(await redis.get(keys.generation)).toBe("4");
    const reasonCode = "order_lost";
    expect(await readHistory(redis, keys, "report", 5)).toMatchObject([
      { outcome: "paused", by: "replica-1", reason: "Redis had lost the order", reasonCode },
    ]);
    const [tick = expect.fail()] = before.skips.get("mail") ?? [];
    const ticks = [new Date(tick).toISOString()];
    const reason = "Redis had lost the order";
    expect(await readHistory(redis, keys, "mail", 5)).toMatchObject([
      { outcome: "skip-next", by: "replica-1", reason: `tick ${ticks[0]}: ${reason}`, reasonCode },
    ]);
    expect((await readAudit(redis, keys, 5)).map(({ at: _, ...row }) => row)).toEqual(
      expect.arrayContaining([
        { action: "pause", job: "report", by: "replica-1", reason, reasonCode },
        { action: "skip-next", job: "mail", by: "replica-1", ticks, reason, reasonCode },
      ]),
    );
  });

  it("of ticks to be skipped is put back where some of them are still there, unless they are decided", async ({
    setup,
  }) => {
    const { redis, keys, operator, snapshot, remember, restore } = await setup();
    await operator.skipNext(mail);
    const goBack = await snapshot();
    await operator.skipNext(mail);
    await operator.skipNext(mail);
    const memory = await remember();
    const [first = expect.fail(), second = expect.fail(), third = expect.fail()] =
      (await readControls(redis, keys)).skips.get("mail") ?? [];
    await goBack();
    await redis.hset(keys.cursors, "mail", second);
    expect(await restore(memory)).toMatchObject({ outcome: "done" });
    expect((await readControls(redis, keys)).skips.get("mail")).toEqual([first, third]);
    const [audited] = await readAudit(redis, keys, 1);
    expect(audited?.ticks).toEqual([new Date(third).toISOString()]);
  });

  it("is put back into a namespace that has begun anew, and lowers no count", async ({ setup }) => {
    const { redis, keys, operator, empty, remember, restore, paused } = await setup();
    await operator.pause(report);
    await redis.hset(keys.launched, "promo", "2");
    const memory = await remember();
    await empty();
    await redis.set(keys.term, "1:new");
    await redis.hset(keys.launched, "promo", "3");
    await remember(null, "1:new");
    expect(await restore(memory)).toMatchObject({ outcome: "done" });
    expect(await paused()).toEqual(["report"]);
    expect(await redis.hget(keys.launched, "promo")).toBe("3");
  });

  it("is put back after a restore that went back, but counts belong to their cursors", async ({ setup }) => {
    const { redis, keys, operator, snapshot, remember, restore, paused } = await setup();
    await redis.hset(keys.launched, "promo", "1");
    const goBack = await snapshot();
    await operator.pause(report);
    await redis.hset(keys.launched, "promo", "2");
    const [one, two] = [await remember(), await remember()];
    await goBack();
    expect(await restore(one)).toMatchObject({ outcome: "done", jobs: ["report"] });
    expect(await restore(two)).toEqual({ outcome: "known" });
    expect(await paused()).toEqual(["report"]);
    expect(await redis.hget(keys.launched, "promo")).toBe("1");
  });

  it("changes nothing where nothing was lost, however late it comes", async ({ setup }) => {
    const { redis, keys, operator, remember, restore, paused } = await setup();
    await operator.pause(report);
    const memory = await remember();
    await operator.resume(report);
    const version = await redis.hget(keys.controls, "version");
    expect(await restore(memory)).toEqual({ outcome: "kept" });
    expect(await paused()).toEqual([]);
    expect(await redis.hget(keys.controls, "version")).toBe(version);
  });

  it("of a leader is not put back once a newer term is in force", async ({ setup }) => {
    const { redis, keys, operator, empty, remember, restore, paused } = await setup();
    await operator.pause(report);
    const memory = await remember();
    await empty();
    await redis.set(keys.term, "8:other");
    expect(await restore(memory, FENCE)).toEqual({ outcome: "fenced" });
    expect(await paused()).toEqual([]);
  });

  it("that is older than what another replica put back adds nothing", async ({ setup }) => {
    const { operator, empty, remember, restore, paused } = await setup();
    await operator.pause(report);
    const old = await remember();
    await operator.resume(report);
    await operator.pause(mail);
    const newer = await remember();
    await empty();
    expect(await restore(newer)).toMatchObject({ jobs: ["mail"] });
    expect(await restore(old)).toEqual({ outcome: "known" });
    expect(await paused()).toEqual(["mail"]);
  });

  it("that is newer than what another replica put back adds its pauses, and ends none", async ({ setup }) => {
    const { operator, empty, remember, restore, paused } = await setup();
    await operator.pause(report);
    const old = await remember();
    await operator.resume(report);
    await operator.pause(mail);
    const newer = await remember();
    await empty();
    await restore(old);
    expect(await restore(newer)).toEqual({ outcome: "done", jobs: ["mail"] });
    expect(await paused()).toEqual(["mail", "report"]);
  });

  it("never overwrites what was ordered since: neither a resume nor a pause", async ({ setup }) => {
    const { redis, keys, operator, empty, remember, restore, paused } = await setup();
    await operator.pause(report);
    await operator.pause(mail);
    const old = await remember();
    await operator.skipNext(report);
    const newer = await remember();
    await empty();
    await restore(old);
    await operator.resume(report);
    await operator.resume(mail);
    const by = new Operator({ redis, keys, by: "bob" });
    await by.pause(mail);
    expect(await restore(newer)).toEqual({ outcome: "done", jobs: [] });
    expect(await paused()).toEqual(["mail"]);
    expect((await readControls(redis, keys)).paused.get("mail")?.by).toBe("bob");
  });
});

describe("the newest term that a replica remembers", () => {
  it("is put back for the next term, and leaves the one in force alone", async ({ setup }) => {
    const { redis, keys, empty, remember, restore } = await setup();
    const memory = await remember();
    await empty();
    await redis.set(keys.term, "1:new");
    await restore(memory);
    expect(await redis.get(keys.term)).toBe("1:new");
    expect(await redis.hget(keys.lineage, "term")).toBe("7");
    await restore({ ...memory, term: 5 });
    expect(await redis.hget(keys.lineage, "term")).toBe("7");
  });

  it("is not written where the term in force is newer", async ({ setup }) => {
    const { redis, keys, remember, restore } = await setup();
    const memory = await remember();
    await redis.set(keys.term, "8:other");
    expect(await restore(memory)).toEqual({ outcome: "kept" });
    expect(await redis.hget(keys.lineage, "term")).toBeNull();
  });
});

describe("the data guard", () => {
  it("of each replica tells the loss once, and the job stays paused", async ({ guards }) => {
    const { operator, empty, paused, all } = await guards(3);
    await operator.pause(report);
    for (const { knows } of all) await knows("pause:report");
    await empty();
    const told = await Promise.all(all.map(({ recorder }) => recorder.when("redis.lostData")));
    expect(told.map(({ lost }) => lost.includes("terms"))).toEqual([true, true, true]);
    expect(told.flatMap(({ pausedAgain }) => pausedAgain)).toEqual(["report"]);
    expect(await paused()).toEqual(["report"]);
    await operator.resume(report);
    // Two more checks of each.
    await new Promise(resolve => setTimeout(resolve, 700));
    expect(all.map(({ recorder }) => recorder.of("redis.lostData").length)).toEqual([1, 1, 1]);
    expect(await paused()).toEqual([]);
  });

  it("of a new leader puts back before its work begins", async ({ guards }) => {
    const { redis, keys, operator, empty, paused, all } = await guards(1);
    const [{ guard, knows } = expect.fail()] = all;
    await operator.pause(report);
    await knows("pause:report");
    await empty();
    await redis.set(keys.term, FENCE);
    await guard.begin({ fence: FENCE, signal: new AbortController().signal });
    expect(await paused()).toEqual(["report"]);
  });

  it("tells the loss also when Redis refuses to take it back, and goes on trying", async ({
    guards,
    defer,
  }) => {
    const { redis, operator, empty, paused, all } = await guards(1);
    const [{ recorder, knows } = expect.fail()] = all;
    await operator.pause(report);
    await knows("pause:report");
    await redis.config("SET", "maxmemory", "1");
    defer(() => redis.config("SET", "maxmemory", "0"));
    await empty();
    expect(await recorder.when("redis.lostData")).toMatchObject({
      found: "empty",
      pausedAgain: [],
      error: expect.stringContaining("OOM"),
    });
    await redis.config("SET", "maxmemory", "0");
    while ((await paused()).length === 0) await new Promise(setImmediate);
    expect(recorder.of("redis.lostData")).toHaveLength(1);
  });
});
