import { describe, expect, vi } from "vitest";
import type { Launcher } from "../../src/launch/launcher.ts";
import { jobOf } from "../support/jobs.ts";
import { FENCE, launchOf, T0, test } from "../support/leader.ts";

const TICK = T0 + 1_000;
const NAMES = Array.from({ length: 100 }, (_, i) => `job-${i}`);
const IN_TIME = { timeout: 10_000, interval: 5 };

/** A leader that has launched before, and has prepared a hundred launches. */
const it = test.extend("setup", ({ lead, fenced, redis, keys, added }) => async () => {
  const leader = lead([...NAMES, "first"].map(name => jobOf(name)));
  const { cursors } = await leader.open();
  await leader.commit([launchOf(TICK, "first")], cursors);
  const decisions = NAMES.map(name => launchOf(TICK, name));
  await leader.launcher.prepare({ term: 1, decisions, nowMs: TICK });
  const connection = await fenced.client("ID");
  /** How many commands wait behind MULTI on the leader's connection; -1 without MULTI, null when it has ended. */
  const queued = async () => {
    const list = String(await redis.client("LIST"));
    const line = list.split("\n").find(one => one.startsWith(`id=${connection} `));
    return line === undefined ? null : Number(/ multi=(-?\d+)/.exec(line)?.[1]);
  };
  const send = async () => {
    leader.launcher.sendAhead({ term: 1, decisions });
    await vi.waitFor(async () => expect(await queued()).toBe(100), IN_TIME);
  };
  const commit = (nowMs = TICK + 250) => leader.commit(decisions, cursors, { nowMs });
  /** Without the run from before. */
  const others = async () => (await added()).filter(run => !run?.startsWith("first@"));
  const parts = { cursors, decisions, queued, send, commit, connection, redis, fenced, keys };
  return { ...leader, ...parts, added: others };
});

type Setup = typeof it extends import("vitest").TestAPI<infer Own>
  ? Own extends { setup: infer S extends (...args: never[]) => unknown }
    ? S
    : never
  : never;
type Bundle = Awaited<ReturnType<Setup>>;

const CHANGES: readonly [string, string, (bundle: Bundle) => Promise<unknown>][] = [
  ["the term", "fenced", ({ redis, keys }) => redis.set(keys.term, "2:newer")],
  ["a cursor", "moved", ({ redis, keys }) => redis.hset(keys.cursors, "job-7", TICK)],
  ["the version of the controls", "moved", ({ redis, keys }) => redis.hset(keys.controls, "version", 9)],
];

const OTHERS: readonly [string, (launcher: Launcher) => Promise<unknown>][] = [
  ["reading the controls", launcher => launcher.readControls()],
  ["checking the controls", launcher => launcher.checkControls(FENCE)],
  ["checking definitions", launcher => launcher.checkDefinitions(FENCE)],
  ["reading the newest runs", launcher => launcher.readNewestRuns([jobOf("job-1", { overlap: "skip" })])],
  ["ending pauses", launcher => launcher.endPauses(FENCE, ["job-1"])],
  ["looking for removed jobs", launcher => launcher.removed(FENCE, T0)],
  ["retiring jobs", launcher => launcher.retire(FENCE, T0)],
  ["writing the quarantine", launcher => launcher.quarantine(FENCE, new Map([["job-1", null]]))],
  ["removing closed epochs", launcher => launcher.finish(FENCE, ["job-1:1"])],
  ["opening the term", launcher => launcher.open(FENCE, T0)],
  ["giving up what was prepared", async launcher => launcher.forgetPrepared()],
];

describe("runs that were sent ahead", () => {
  it("are added by their commit and not before, once, and are as late as it is", async ({
    setup,
    history,
  }) => {
    const { send, commit, queued, launcher, added } = await setup();
    await send();
    expect(launcher.hasSentAhead()).toBe(true);
    expect(await added()).toEqual([]);
    const outcome = await commit();
    expect(outcome).toMatchObject({ outcome: "committed", refused: null });
    expect(outcome.outcome === "committed" && outcome.decided).toHaveLength(100);
    expect(await added()).toEqual(NAMES.map(name => `${name}@20261123T070001Z`));
    expect(await history("job-99")).toMatchObject([{ outcome: "launched", lateMs: 250 }]);
    expect(launcher.hasSentAhead()).toBe(false);
    expect(await queued()).toBe(-1);
    expect(await commit()).toEqual({ outcome: "moved" });
    expect(await added()).toHaveLength(100);
  });

  it.for(CHANGES)("are void when %s changes before their commit", async ([_, __, change], { setup }) => {
    const bundle = await setup();
    await bundle.send();
    await change(bundle);
    expect(await bundle.commit()).toEqual({ outcome: "moved" });
    expect(await bundle.added()).toEqual([]);
    expect(await bundle.queued()).toBe(-1);
  });

  it.for(CHANGES)("are taken back when %s had changed already", async ([_, outcome, change], { setup }) => {
    const bundle = await setup();
    await change(bundle);
    await bundle.send();
    expect(await bundle.commit()).toEqual({ outcome });
    expect(await bundle.added()).toEqual([]);
    await vi.waitFor(async () => expect(await bundle.queued()).not.toBe(100), IN_TIME);
  });

  it.for(OTHERS)("are taken back by %s, and made anew", async ([_, act], { setup }) => {
    const { send, launcher, queued, commit, added } = await setup();
    await send();
    await act(launcher);
    expect(launcher.hasSentAhead()).toBe(false);
    await vi.waitFor(async () => expect(await queued()).toBe(-1), IN_TIME);
    expect(await added()).toEqual([]);
    expect(await commit()).toMatchObject({ outcome: "committed", refused: null });
    expect(await added()).toHaveLength(100);
  });

  it("are taken back by another commit, which has no part of them", async ({ setup }) => {
    const { send, launcher, commit, cursors, added } = await setup();
    await send();
    const other = [launchOf(TICK, "job-3")];
    const common = { fence: FENCE, term: 1, cursors, controlsVersion: 0, nowMs: TICK };
    expect(await launcher.commit({ ...common, decisions: other })).toMatchObject({ outcome: "committed" });
    expect(await added()).toEqual(["job-3@20261123T070001Z"]);
    expect(await commit()).toEqual({ outcome: "moved" });
    expect(await added()).toHaveLength(1);
  });

  it("are gone with their connection, and made anew on the next one once the term is opened", async ({
    setup,
  }) => {
    const { send, launcher, fenced, redis, open, commit, queued, added, connection } = await setup();
    await send();
    const closed = new Promise(resolve => fenced.once("close", resolve));
    await redis.client("KILL", "ID", connection);
    await closed;
    expect(launcher.isOpen()).toBe(false);
    await vi.waitFor(() => expect(fenced.status).toBe("ready"), IN_TIME);
    expect(await queued()).toBeNull();
    await open();
    expect(await commit()).toMatchObject({ outcome: "committed", refused: null });
    expect(await added()).toHaveLength(100);
  });

  it("are not used where the queue was broken by another program before", async ({ setup }) => {
    const { redis, keys, send, commit, queued } = await setup();
    await redis.set(`${keys.bullmqPrefix}:default:wait`, "what is this");
    await send();
    expect(await commit()).toMatchObject({ decided: [], refused: expect.stringContaining("WRONGTYPE") });
    await vi.waitFor(async () => expect(await queued()).not.toBe(100), IN_TIME);
    expect(await redis.hget(keys.cursors, "job-0")).toBe(String(T0));
  });

  it("are launched on a new connection where Redis has forgotten its scripts", async ({ setup }) => {
    const { redis, launcher, fenced, open, commit, decisions, added } = await setup();
    await redis.script("FLUSH");
    launcher.sendAhead({ term: 1, decisions });
    expect(await commit()).toMatchObject({ decided: [], refused: expect.stringContaining("NOSCRIPT") });
    expect(await added()).toEqual([]);
    await vi.waitFor(() => expect(launcher.isOpen()).toBe(false), IN_TIME);
    await vi.waitFor(() => expect(fenced.status).toBe("ready"), IN_TIME);
    await open();
    expect(await commit()).toMatchObject({ outcome: "committed", refused: null });
    expect(await added()).toHaveLength(100);
  });

  it("are none before such runs were launched on the connection: a script that is taken back stays unknown", async ({
    lead,
    added,
  }) => {
    const jobs = NAMES.map((name, i) => jobOf(name, { priority: i === 50 ? 7 : 0 }));
    const { launcher, open, commit } = lead(jobs);
    const { cursors } = await open();
    const ahead = async (tickAtMs: number) => {
      const decisions = NAMES.map(name => launchOf(tickAtMs, name));
      await launcher.prepare({ term: 1, decisions, nowMs: tickAtMs });
      launcher.sendAhead({ term: 1, decisions });
      return decisions;
    };
    const first = await ahead(TICK);
    expect(launcher.hasSentAhead()).toBe(false);
    expect(await commit(first.slice(0, 50), cursors)).toMatchObject({ refused: null });
    const next = new Map([...cursors].map(([job, at], i) => [job, i < 50 ? TICK : at]));
    const rest = first.slice(50);
    await launcher.prepare({ term: 1, decisions: first, nowMs: TICK });
    launcher.sendAhead({ term: 1, decisions: first });
    expect(launcher.hasSentAhead()).toBe(false);
    expect(await commit(rest, next)).toMatchObject({ refused: null });
    await ahead(TICK + 1_000);
    expect(launcher.hasSentAhead()).toBe(true);
    launcher.forgetPrepared();
    expect(await added()).toHaveLength(100);
  });

  it("are none where they are few, or nothing is prepared", async ({ setup }) => {
    const { launcher, decisions, queued } = await setup();
    const few = decisions.slice(0, 9);
    await launcher.prepare({ term: 1, decisions: few, nowMs: TICK });
    launcher.sendAhead({ term: 1, decisions: few });
    expect(launcher.hasSentAhead()).toBe(false);
    launcher.sendAhead({ term: 1, decisions: [...decisions] });
    expect(launcher.hasSentAhead()).toBe(false);
    expect(await queued()).toBe(-1);
    launcher.sendAhead({ term: 2, decisions });
    expect(launcher.hasSentAhead()).toBe(false);
  });
});
