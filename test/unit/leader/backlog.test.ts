import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/config/config.ts";
import { LeaderLoop } from "../../../src/leader/leader-loop.ts";
import { jobOf } from "../../support/jobs.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { MemoryLaunchStore } from "../../support/memory-launch-store.ts";
import { Recorder } from "../../support/recorder.ts";

const T0 = Date.UTC(2026, 10, 23, 7);
const SECOND = 1_000;
/** A transaction has 1,000 decisions. A launch takes Redis half a millisecond here, a tick without a run a tenth of that. */
const A_LAUNCH_MS = 0.5;
const A_TRANSACTION_MS = 1_000 * A_LAUNCH_MS;

/** A leader whose transactions take time, with jobs that are behind by `lateTicks` ticks of a second each. */
async function setup(late: readonly Job[], lateTicks: number, others: readonly Job[]) {
  const [launchStore, clock, recorder] = [new MemoryLaunchStore(), new ManualClock(T0), new Recorder()];
  const jobs = [...late, ...others];
  const launcher = launchStore.launcher(jobs);
  launchStore.fence = "1:t";
  await launcher.open("1:t", T0);
  for (const { name } of late) launchStore.cursors.set(name, T0 - lateTicks * SECOND);
  const loop = new LeaderLoop({
    launcher: {
      ...launcher,
      commit: async commit => {
        const launches = commit.decisions.filter(({ outcome }) => outcome === "launched").length;
        await clock.sleep((launches * 0.9 + commit.decisions.length * 0.1) * A_LAUNCH_MS);
        return launcher.commit(commit);
      },
    },
    clock,
    events: recorder.events,
    jobs,
    random: () => 0,
  });
  const ending = new AbortController();
  const ended = loop.runTerm({ number: 1, fence: "1:t", signal: ending.signal });
  const stop = async () => {
    ending.abort();
    await clock.advance(60 * SECOND);
    return ended;
  };
  const worstMs = (job: string) => {
    const launched = recorder.of("tick.launched").filter(tick => tick.job === job);
    return Math.max(...launched.map(({ lateMs }) => lateMs));
  };
  return { launchStore, clock, recorder, stop, worstMs };
}

function jobsOf(count: number, parts: Partial<Job>, everyMs = SECOND): Job[] {
  return Array.from({ length: count }, (_, i) => {
    return jobOf(`late-${i}`, { catchUpWindowMs: 1e9, ...parts }, { everyMs });
  });
}

const PUNCTUAL = [
  jobOf("none", { catchUp: "none" }),
  jobOf("latest", { catchUp: "latest" }),
  jobOf("all"),
] as const;

function expectPunctual(
  { launchStore, worstMs }: Awaited<ReturnType<typeof setup>>,
  until: number,
  boundMs: number,
) {
  for (const { name } of PUNCTUAL) {
    const launched = launchStore.launched(name);
    expect(launched).toEqual(launched.map((_, i) => T0 + (i + 1) * SECOND));
    expect(launched.length).toBeGreaterThanOrEqual(until - 1);
    expect(worstMs(name)).toBeLessThanOrEqual(boundMs);
  }
}

describe("ticks that are on time while other jobs have a backlog", () => {
  it("wait for 1,000 late ticks at most, and those are all launched", async () => {
    const run = await setup(jobsOf(15, { catchUp: "all" }), 6_000, PUNCTUAL);
    await run.clock.advance(60 * SECOND);
    expectPunctual(run, 60, A_TRANSACTION_MS);
    for (let i = 0; i < 15; i++) {
      const launched = run.launchStore.launched(`late-${i}`);
      expect(launched).toEqual(launched.map((_, n) => T0 + (n - 5_999) * SECOND));
      expect(launched.length).toBeGreaterThan(6_000);
    }
    await run.stop();
  });

  it("have their turn also where nothing is planned ahead for them, and others are due without end", async () => {
    const run = await setup([], 0, [...jobsOf(6_000, {}), jobOf("alone", { overlap: "skip" })]);
    await run.clock.advance(30 * SECOND);
    expect(run.launchStore.launched("alone").length).toBeGreaterThan(3);
    await run.stop();
  });

  it("come before the late ones of very many jobs, also when a term begins", async () => {
    const run = await setup(jobsOf(3_000, { catchUp: "all" }, 60 * SECOND), 300, PUNCTUAL);
    await run.clock.advance(3 * SECOND);
    expectPunctual(run, 3, A_TRANSACTION_MS);
    await run.stop();
  });

  it("are not held up by what very many jobs have missed", async () => {
    const run = await setup(jobsOf(2_000, { catchUp: "latest" }, 7 * SECOND), 7_000, PUNCTUAL);
    await run.clock.advance(10 * SECOND);
    // Two plans of 1,000 jobs each: a launch, a row for older ticks that were missed, and 5,000 rows for single ones.
    expectPunctual(run, 10, 2 * (1 + 0.1 + 0.5) * A_TRANSACTION_MS);
    await run.stop();
  });

  it("are launched in time also when they waited for a run that has ended", async () => {
    const queued = jobOf("queued", { overlap: "queue" });
    const run = await setup(jobsOf(15, { catchUp: "all" }), 6_000, [queued]);
    const newest = {
      run: "run",
      sinceMs: T0,
      endedMs: Number.POSITIVE_INFINITY,
      state: "unfinished",
    } as const;
    run.launchStore.newestRuns.set("queued", newest);
    await run.clock.advance(3 * SECOND);
    expect(run.launchStore.launched("queued")).toEqual([]);
    run.launchStore.newestRuns.set("queued", { ...newest, state: "finished", endedMs: T0 + 3 * SECOND });
    await run.clock.advance(150 + 2 * A_TRANSACTION_MS);
    expect(run.launchStore.launched("queued")).toEqual([T0 + 3 * SECOND]);
    await run.stop();
  });

  it("and of the late ones, those of each job get on", async () => {
    const run = await setup(jobsOf(40, { catchUp: "all" }), 6_000, []);
    await run.clock.advance(12 * A_TRANSACTION_MS);
    for (let i = 0; i < 40; i++) expect(run.launchStore.launched(`late-${i}`).length).toBeGreaterThan(0);
    await settle();
    await run.stop();
  });
});
