import { Queue } from "bullmq";
import { describe, expect, vi } from "vitest";
import { jobOf } from "../support/jobs.ts";
import { FENCE, launchOf, T0, test } from "../support/leader.ts";

const TICK = T0 + 1_000;
const RUN = "report@20261123T070001Z";

/** A leader that has prepared a launch. */
const it = test.extend(
  "setup",
  ({ lead, fenced, redis, keys, added }) =>
    async (overlap: "allow" | "skip" = "allow") => {
      const leader = lead([jobOf("report", { overlap })]);
      const { cursors } = await leader.open();
      const decisions = [launchOf(TICK)];
      const prepare = (term = 1) => leader.launcher.prepare({ term, decisions, nowMs: TICK });
      await prepare();
      const commit = () => leader.commit(decisions, cursors, { nowMs: TICK + 250 });
      return { ...leader, cursors, decisions, prepare, commit, redis, fenced, keys, added };
    },
);

describe("a launch that was prepared", () => {
  it("sends nothing before its commit, and is then carried out once", async ({ setup, history }) => {
    const { commit, added, redis, keys } = await setup();
    expect(await added()).toEqual([]);
    expect(await redis.hget(keys.cursors, "report")).toBe(String(T0));
    expect(await commit()).toMatchObject({
      outcome: "committed",
      decided: [{ tickAtMs: TICK }],
      refused: null,
    });
    expect(await added()).toEqual([RUN]);
    // As late as the commit was.
    expect(await history()).toMatchObject([{ run: RUN, outcome: "launched", lateMs: 250 }]);
    expect(await redis.hget(keys.cursors, "report")).toBe(String(TICK));
    expect(await commit()).toEqual({ outcome: "moved" });
    expect(await added()).toEqual([RUN]);
  });

  it.for([
    ["the term", "fenced", ({ redis, keys }) => redis.set(keys.term, "2:newer")],
    ["the cursor", "moved", ({ redis, keys }) => redis.hset(keys.cursors, "report", TICK)],
    ["the version of the controls", "moved", ({ redis, keys }) => redis.hset(keys.controls, "version", 9)],
  ] as readonly [string, string, (bundle: Awaited<ReturnType<Setup>>) => Promise<unknown>][])(
    "adds nothing when %s has changed since",
    async ([_, outcome, change], { setup }) => {
      const bundle = await setup();
      await change(bundle);
      expect(await bundle.commit()).toEqual({ outcome });
      expect(await bundle.added()).toEqual([]);
    },
  );

  it("adds nothing when the term changes between the look and the transaction", async ({ setup }) => {
    const { commit, fenced, redis, keys, added } = await setup();
    const hmget = fenced.hmget.bind(fenced) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(fenced, {
      hmget: async (...args: unknown[]) => {
        const reply = await hmget(...args);
        await redis.set(keys.term, "2:newer");
        return reply;
      },
    });
    expect(await commit()).toEqual({ outcome: "moved" });
    expect(await added()).toEqual([]);
  });

  it("is made anew on another connection, after the term was opened there", async ({ setup }) => {
    const { commit, open, fenced, added } = await setup();
    const closed = new Promise(resolve => fenced.once("close", resolve));
    fenced.disconnect(true);
    await closed;
    await vi.waitFor(() => expect(fenced.status).toBe("ready"), { timeout: 10_000, interval: 5 });
    await open();
    expect(await commit()).toMatchObject({ outcome: "committed" });
    expect(await added()).toEqual([RUN]);
  });

  it("carries the term of its commit", async ({ setup, defer }) => {
    const { commit, prepare, fenced, keys } = await setup();
    await prepare(7);
    expect(await commit()).toMatchObject({ outcome: "committed" });
    const queue = new Queue("default", { connection: fenced.duplicate(), prefix: keys.bullmqPrefix });
    defer(() => queue.close());
    expect((await queue.getJob(RUN))?.data).toMatchObject({ _tick: { term: 1 } });
  });

  it("is carried out, and found by the next opening, when what is done meanwhile fails", async ({
    setup,
  }) => {
    const { launcher, cursors, decisions, open, added, fenced } = await setup();
    const closed = new Promise(resolve => fenced.once("close", resolve));
    const commit = launcher.commit({
      ...{ fence: FENCE, term: 1, decisions, cursors, controlsVersion: 0, nowMs: TICK },
      meanwhile: () => Promise.reject(new Error("a bug")),
    });
    await expect(commit).rejects.toThrow("a bug");
    await closed;
    await vi.waitFor(() => expect(fenced.status).toBe("ready"), { timeout: 10_000, interval: 5 });
    expect(await added()).toEqual([RUN]);
    const opened = await open();
    expect(opened.found.flatMap(({ decided }) => decided)).toMatchObject([{ tickAtMs: TICK }]);
    expect(opened.cursors.get("report")).toBe(TICK);
  });

  it("adds no run to a queue that another program has broken meanwhile", async ({ setup }) => {
    const { commit, redis, keys } = await setup();
    await redis.set(`${keys.bullmqPrefix}:default:wait`, "what is this");
    expect(await commit()).toMatchObject({ decided: [], refused: expect.stringContaining("WRONGTYPE") });
    expect(await redis.exists(`${keys.bullmqPrefix}:default:${RUN}`)).toBe(0);
    expect(await redis.hget(keys.cursors, "report")).toBe(String(T0));
  });

  it("of a job whose runs must not overlap is made when its run is known", async ({ setup, history }) => {
    const { commit, redis, keys, added } = await setup("skip");
    const before = `${keys.bullmqPrefix}:default:report@before`;
    await redis.hset(before, "timestamp", T0);
    await redis.set(keys.unfinished("report"), before);
    expect(await commit()).toMatchObject({ decided: [{ outcome: "skipped", blockedBy: "report@before" }] });
    expect(await added()).toEqual([]);
    expect(await history()).toMatchObject([{ outcome: "skipped" }]);
  });
});

type Setup = typeof it extends import("vitest").TestAPI<infer Own>
  ? Own extends { setup: infer S extends (...args: never[]) => unknown }
    ? S
    : never
  : never;
