import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/config/config.ts";
import { Progress } from "../../../src/election/progress.ts";
import type { Commit } from "../../../src/launch/commit.ts";
import { LeaderLoop } from "../../../src/leader/leader-loop.ts";
import { jobOf } from "../../support/jobs.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { MemoryLaunchStore } from "../../support/memory-launch-store.ts";
import { Recorder } from "../../support/recorder.ts";

const T0 = Date.UTC(2026, 10, 23, 7);

/** A leader in its first term, and what it had prepared, with when. */
async function setup(
  jobs: readonly Job[] = [jobOf("tick")],
  cursors: ReadonlyMap<string, number> = new Map(),
) {
  const [launchStore, clock] = [new MemoryLaunchStore(), new ManualClock(T0)];
  const prepared: { readonly jobs: readonly string[]; readonly atMs: number; readonly nowMs: number }[] = [];
  const sentAt: (readonly [count: number, atMs: number])[] = [];
  let isSent = false;
  const store = launchStore.launcher(jobs);
  const launcher = {
    ...store,
    sendAhead: ({ decisions }: { decisions: readonly unknown[] }) => {
      isSent = true;
      sentAt.push([decisions.length, clock.nowMs() - T0]);
    },
    hasSentAhead: () => isSent,
    checkControls: () => {
      isSent = false;
      return store.checkControls();
    },
    commit: (commit: Commit) => {
      isSent = false;
      return store.commit(commit);
    },
    prepare: async ({ decisions, nowMs }: { decisions: readonly { job: string }[]; nowMs: number }) => {
      prepared.push({ jobs: decisions.map(({ job }) => job), atMs: clock.nowMs() - T0, nowMs: nowMs - T0 });
    },
  };
  const { events } = new Recorder();
  const loop = new LeaderLoop({ launcher, clock, events, jobs, random: () => 0 });
  launchStore.fence = "1:t";
  for (const [job, cursor] of cursors) launchStore.cursors.set(job, cursor);
  const ending = new AbortController();
  const term = { number: 1, fence: "1:t", signal: ending.signal, progress: new Progress(clock) };
  const ended = loop.runTerm(term);
  const stop = async () => {
    ending.abort();
    await clock.advance(0);
    await ended;
  };
  return {
    launchStore,
    clock,
    prepared,
    sentAt,
    isSent: () => isSent,
    order: () => loop.hintOrders(),
    stop,
    commitsAt: () => launchStore.commits.map(({ nowMs }) => nowMs - T0),
  };
}

describe("what is due next", () => {
  it("is prepared a fifth of a second before, and committed when it is due", async () => {
    const { clock, prepared, commitsAt, launchStore, stop } = await setup([jobOf("a"), jobOf("b")]);
    await clock.advance(999);
    expect(prepared).toEqual([{ jobs: ["a", "b"], atMs: 800, nowMs: 1_000 }]);
    expect(launchStore.commits).toEqual([]);
    await clock.advance(2_001);
    expect(commitsAt()).toEqual([1_000, 2_000, 3_000]);
    expect(prepared.map(({ atMs }) => atMs)).toEqual([800, 1_800, 2_800]);
    await stop();
  });

  it("is planned again when a command comes between: a pause is in force at once", async () => {
    const { clock, launchStore, prepared, stop } = await setup([jobOf("a"), jobOf("b")]);
    await clock.advance(900);
    expect(prepared).toHaveLength(1);
    launchStore.setControls({
      paused: new Map([["a", { atMs: T0 + 900, untilMs: null, by: "ann" }]]) as never,
    });
    await clock.advance(1_100);
    expect(launchStore.launched("a")).toEqual([]);
    expect(launchStore.launched("b")).toHaveLength(2);
    await stop();
  });

  it("is planned again when its time has long passed", async () => {
    const { clock, launchStore, prepared, stop } = await setup([jobOf("a", { catchUp: "latest" })]);
    await clock.advance(900);
    expect(prepared).toHaveLength(1);
    await clock.freeze(60_000);
    await clock.advance(0);
    // The policy decides: what is more than 5 s late is missed, and the tick that was planned is among these.
    expect(launchStore.launched("a")).toEqual([56, 57, 58, 59, 60].map(second => T0 + 1_000 * second));
    await stop();
  });

  it("is sent ahead, and no look takes it back before it is due", async () => {
    const { clock, sentAt, isSent, order, launchStore, stop } = await setup([jobOf("a"), jobOf("b")]);
    // So that the next look would be between.
    await clock.advance(550);
    order();
    await clock.advance(250);
    expect(sentAt).toEqual([[2, 800]]);
    const { looks } = launchStore;
    await clock.advance(199);
    expect(isSent()).toBe(true);
    expect(launchStore.looks).toBe(looks);
    await clock.advance(401);
    expect(launchStore.commits).toHaveLength(1);
    expect(launchStore.looks).toBeGreaterThan(looks);
    await stop();
  });

  it("is taken back when an operator has commanded something, and is launched all the same", async () => {
    const { clock, isSent, order, launchStore, stop } = await setup([jobOf("a"), jobOf("b")]);
    await clock.advance(900);
    const { looks } = launchStore;
    order();
    await clock.advance(0);
    expect(isSent()).toBe(false);
    expect(launchStore.looks).toBe(looks + 1);
    await clock.advance(100);
    expect(launchStore.launched("a")).toHaveLength(1);
    await stop();
  });

  it("is not sent ahead while lanes wait for the end of a run: looking at them would take it back", async () => {
    const jobs = [jobOf("waits", { overlap: "queue" }), jobOf("free")];
    const { clock, sentAt, launchStore, stop } = await setup(jobs);
    launchStore.newestRuns.set("waits", {
      state: "unfinished",
      run: "waits@before",
      sinceMs: T0,
      endedMs: Number.POSITIVE_INFINITY,
    });
    await clock.advance(3_000);
    expect(launchStore.launched("free")).toHaveLength(3);
    expect(sentAt.filter(([, atMs]) => atMs > 1_000)).toEqual([]);
    await stop();
  });

  it("is not known before for jobs whose runs are counted, or must not overlap", async () => {
    const jobs = [jobOf("counted", { maxRuns: 2 }), jobOf("alone", { overlap: "skip" }), jobOf("free")];
    const { clock, launchStore, prepared, commitsAt, stop } = await setup(jobs);
    await clock.advance(4_000);
    expect(new Set(prepared.flatMap(({ jobs }) => jobs))).toEqual(new Set(["free"]));
    expect(launchStore.launched("counted")).toHaveLength(2);
    expect(launchStore.launched("alone")).toHaveLength(4);
    expect(launchStore.launched("free")).toHaveLength(4);
    expect(new Set(commitsAt())).toEqual(new Set([1_000, 2_000, 3_000, 4_000]));
    await stop();
  });

  it("comes in several transactions where it is too much for one, all of them prepared", async () => {
    const jobs = Array.from({ length: 2_500 }, (_, i) => jobOf(`job-${i}`));
    const { clock, prepared, sentAt, launchStore, stop } = await setup(jobs);
    await clock.advance(1_000);
    expect(prepared.map(({ jobs }) => jobs.length)).toEqual([1_000, 1_000, 500]);
    // Then each one behind the transaction before it.
    expect(sentAt).toEqual([
      [1_000, 800],
      [1_000, 1_000],
      [500, 1_000],
    ]);
    expect(launchStore.commits.map(({ decisions }) => decisions.length)).toEqual([1_000, 1_000, 500]);
    await stop();
  });
});

describe("what is due behind a transaction that is on its way", () => {
  const many = (count: number, options: Partial<Job> = {}) =>
    Array.from({ length: count }, (_, i) => jobOf(`job-${i}`, options));

  it("is prepared meanwhile, and each tick is launched once", async () => {
    const { clock, prepared, launchStore, stop } = await setup(many(6_500));
    await clock.advance(1_000);
    expect(prepared.map(({ jobs, atMs }) => [jobs.length, atMs])).toEqual([
      ...[1_000, 1_000, 1_000].map(count => [count, 800]),
      ...[1_000, 1_000, 1_000, 500].map(count => [count, 1_000]),
    ]);
    expect(launchStore.commits).toHaveLength(7);
    expect(new Set(launchStore.decided.map(({ decision }) => decision.job)).size).toBe(6_500);
    expect(launchStore.decided).toHaveLength(6_500);
    await stop();
  });

  it("is planned again when the transaction had no answer, and nothing is lost or launched twice", async () => {
    const { clock, launchStore, stop } = await setup(many(4_500));
    let commits = 0;
    launchStore.fault = () => (launchStore.commits.length === 3 && commits++ === 0 ? "lost answer" : "none");
    await clock.advance(3_000);
    expect(commits).toBeGreaterThan(0);
    for (let i = 0; i < 4_500; i++) expect(launchStore.launched(`job-${i}`)).toHaveLength(3);
    await stop();
  });

  describe("also where ticks are late", () => {
    /** Jobs that are behind by `ticks` when the term begins. */
    const behind = async (jobs: readonly Job[], ticks: number) => {
      const cursors = new Map(jobs.map(({ name }) => [name, T0 - 1_000 * ticks]));
      return setup(jobs, cursors);
    };
    const patient = { catchUp: "all", catchUpWindowMs: 1e9 } as const;

    it("is prepared meanwhile, and each tick is launched once, in its job's order", async () => {
      const { clock, prepared, launchStore, stop } = await behind(many(300, patient), 20);
      await clock.advance(0);
      expect(launchStore.decided).toHaveLength(300 * 20);
      // All but the first, behind which there was time to plan.
      const [, ...others] = launchStore.commits;
      expect(prepared.map(({ jobs }) => jobs)).toEqual(
        others.map(({ decisions }) => decisions.map(({ job }) => job)),
      );
      for (let i = 0; i < 300; i++) {
        expect(launchStore.launched(`job-${i}`)).toEqual(
          Array.from({ length: 20 }, (_, tick) => T0 + 1_000 * (tick - 19)),
        );
      }
      await stop();
    });

    it("is planned again when the transaction had no answer", async () => {
      const { clock, launchStore, stop } = await behind(many(300, patient), 20);
      let commits = 0;
      launchStore.fault = () =>
        launchStore.commits.length === 3 && commits++ === 0 ? "lost answer" : "none";
      await clock.advance(3_000);
      expect(commits).toBeGreaterThan(0);
      for (let i = 0; i < 300; i++) expect(launchStore.launched(`job-${i}`)).toHaveLength(23);
      await stop();
    });

    it("leaves those their turn whose run or count decides", async () => {
      const alone = jobOf("alone", { ...patient, overlap: "skip" });
      const counted = jobOf("counted", { ...patient, maxRuns: 5 });
      const { clock, prepared, launchStore, stop } = await behind(
        [...many(300, patient), alone, counted],
        20,
      );
      await clock.advance(1_000);
      expect(prepared.flatMap(({ jobs }) => jobs)).not.toContain("alone");
      expect(prepared.flatMap(({ jobs }) => jobs)).not.toContain("counted");
      expect(launchStore.launched("alone")).toHaveLength(21);
      expect(launchStore.launched("counted")).toHaveLength(5);
      await stop();
    });
  });
});
