import { describe, expect, vi } from "vitest";
import { changeOf } from "../../src/changes/change.ts";
import { ChangeWriter } from "../../src/changes/change-writer.ts";
import type { EventMap } from "../../src/event-map.ts";
import { Events } from "../../src/events.ts";
import { test } from "../support/fixtures.ts";
import { ManualClock } from "../support/manual-clock.ts";

const AT = "2026-11-23T07:00:00.000Z";
const elected: EventMap["leader.elected"] = {
  term: 2,
  store: "redis",
  leader: "me",
  at: AT,
  reason: "the leader before crashed",
  reasonCode: "crashed",
  previous: "other",
  vacantMs: 12,
  cause: "process-gone",
};

/** A writer whose time moves by hand, and what it has written. */
const it = test.extend("setup", ({ keys, connect, defer }) => async () => {
  const redis = await connect("plain");
  const events = new Events();
  const clock = new ManualClock();
  const writer = new ChangeWriter({ redis, keys, events, clock, replica: "me" });
  defer(() => writer.stop());
  writer.start();
  const written = async () => {
    const entries = await redis.xrange(keys.changes, "-", "+");
    return entries.map(([, fields]) => changeOf(fields));
  };
  const until = (count: number) =>
    vi.waitFor(async () => {
      const changes = await written();
      expect(changes.length).toBeGreaterThanOrEqual(count);
      return changes;
    });
  await until(1);
  return { redis, events, clock, writer, written, until };
});

describe("the changes of a replica", () => {
  it("begin and end with the replica", async ({ setup }) => {
    const { writer, written } = await setup();
    await writer.stop();
    expect(await written()).toMatchObject([
      { type: "replica", data: { id: "me", what: "ready" } },
      { type: "replica", data: { id: "me", what: "gone" } },
    ]);
  });

  it("have changes of state singly and without a wait", async ({ setup }) => {
    const { events, until } = await setup();
    events.emit("leader.elected", elected);
    events.emit("job.recovered", { job: "a", term: 2, forMs: 5 });
    events.emit("clock.skewed", { skewMs: 900 });
    expect((await until(4)).slice(1)).toMatchObject([
      {
        type: "leader",
        data: { what: "elected", replica: "me", term: 2, reasonCode: "crashed", vacantMs: 12 },
      },
      { type: "job", data: { name: "a", what: "recovered" } },
      { type: "alarm", data: { what: "clock.skewed", replica: "me", skewMs: 900 } },
    ]);
  });

  it("have launches and ends as counts, one write a second", async ({ setup }) => {
    const { events, clock, written, until } = await setup();
    const launched = { tick: AT, term: 1, lateMs: 1, kind: "scheduled" } as const;
    for (let i = 0; i < 250; i++) {
      events.emit("tick.launched", { ...launched, job: `job-${i % 150}`, run: `job-${i}@x` });
      events.emit("run.completed", { job: `job-${i % 150}`, run: `job-${i}@x`, attempt: 1, durationMs: 1 });
    }
    const missed = { tick: AT, term: 1, reason: "", reasonCode: "superseded" } as const;
    events.emit("tick.missed", { ...missed, job: "job-1", count: 7 });
    await clock.advance(999);
    expect(await written()).toHaveLength(1);
    await clock.advance(1);
    const [, counts] = await until(2);
    expect(counts).toMatchObject({
      type: "counts",
      data: { launched: 250, completed: 250, failed: 0, skipped: 0, missed: 7, more: 50 },
    });
    expect(counts?.type === "counts" && counts.data.jobs.length).toBe(100);
  });

  it("name runs that failed for good, with the first line of why", async ({ setup }) => {
    const { events, clock, until } = await setup();
    const about = {
      job: "a",
      run: "a@x",
      attempt: 1,
      durationMs: 1,
      error: "first\nsecond",
      thrown: new Error("x"),
    };
    events.emit("run.failed", { ...about, final: false });
    events.emit("run.failed", { ...about, final: true });
    await clock.advance(1_000);
    expect((await until(3)).slice(1)).toMatchObject([
      { type: "run", data: { job: "a", run: "a@x", error: "first" } },
      { type: "counts", data: { failed: 1 } },
    ]);
  });

  it("report of other replicas what the leader sees: one that dies reports nothing", async ({ setup }) => {
    const { events, writer, until } = await setup();
    writer.showReplicas(["me", "a"]);
    writer.showReplicas(["me"]);
    events.emit("leader.elected", elected);
    writer.showReplicas(["me", "b"]);
    writer.showReplicas(["me"]);
    const changes = await until(4);
    expect(changes.filter(change => change?.type === "replica").slice(1)).toEqual([
      { type: "replica", data: { id: "b", what: "ready" } },
      { type: "replica", data: { id: "b", what: "gone" } },
    ]);
  });

  it("wait while Redis refuses them, and become one resync where they are too many", async ({ setup }) => {
    const { redis, events, clock, written, until } = await setup();
    await redis.config("SET", "maxmemory", "1");
    events.emit("job.recovered", { job: "a", term: 2, forMs: 5 });
    await vi.waitFor(async () => {
      await clock.advance(1_000);
      const refused = /cmdstat_xadd:.*rejected_calls=(\d+)/.exec(await redis.info("commandstats"))?.[1];
      expect(Number(refused)).toBeGreaterThan(1);
    });
    for (let i = 0; i < 300; i++) events.emit("job.recovered", { job: `job-${i}`, term: 2, forMs: 5 });
    await redis.config("SET", "maxmemory", "0");
    await vi.waitFor(async () => {
      await clock.advance(1_000);
      expect(await written()).toContainEqual({ type: "resync", data: {} });
    });
    expect((await until(2)).length).toBeLessThan(202);
  });

  it("take no more room than they may", async ({ setup, keys }) => {
    const { redis, events, until } = await setup();
    for (let i = 0; i < 40; i++) {
      for (let k = 0; k < 100; k++) events.emit("job.recovered", { job: `job-${i}-${k}`, term: 2, forMs: 5 });
      await vi.waitFor(async () => {
        const last = await redis.xrevrange(keys.changes, "+", "-", "COUNT", 1);
        expect(last[0]?.[1][1]).toContain(`job-${i}-99"`);
      });
    }
    await until(2_000);
    expect(await redis.xlen(keys.changes)).toBeLessThan(2_300);
  });
});
