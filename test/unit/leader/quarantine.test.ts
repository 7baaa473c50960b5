import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/config/config.ts";
import { BellwetherError } from "../../../src/errors.ts";
import type { Commit } from "../../../src/launch/commit.ts";
import { LeaderLoop } from "../../../src/leader/leader-loop.ts";
import { jobOf } from "../../support/jobs.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { MemoryLaunchStore } from "../../support/memory-launch-store.ts";
import { Recorder } from "../../support/recorder.ts";

const T0 = Date.UTC(2026, 10, 23, 7);
const MINUTE = 60_000;

/** `breaks`: what is wrong with a transaction as a whole. */
function setup(jobs: readonly Job[], breaks: (commit: Commit) => Error | null = () => null) {
  const [launchStore, clock, recorder] = [new MemoryLaunchStore(), new ManualClock(T0), new Recorder()];
  const launcher = launchStore.launcher(jobs);
  const loop = new LeaderLoop({
    launcher: {
      ...launcher,
      commit: async commit => {
        const error = breaks(commit);
        if (error) throw error;
        return launcher.commit(commit);
      },
    },
    clock,
    events: recorder.events,
    jobs,
    random: () => 0,
  });
  const runTerm = (number: number) => {
    const ending = new AbortController();
    launchStore.fence = `${number}:t`;
    const ended = loop
      .runTerm({ number, fence: `${number}:t`, signal: ending.signal })
      .catch((error: Error) => error);
    const stop = async () => {
      ending.abort();
      await clock.advance(0);
      return ended;
    };
    return { ended, stop };
  };
  return { launchStore, clock, recorder, loop, runTerm };
}

const JOBS = Array.from({ length: 9 }, (_, i) => jobOf(`good-${i}`, {}, { everyMs: 2_000 }));
const BAD = jobOf("bad");

function hasRunOf(job: string, { decisions }: Commit): boolean {
  return decisions.some(decision => decision.outcome === "launched" && decision.job === job);
}

function expectAllLaunched(launchStore: MemoryLaunchStore, jobs: readonly Job[], count: number): void {
  for (const { name } of jobs) expect(launchStore.launched(name).length).toBe(count);
}

describe("a job whose runs are not added", () => {
  const refused = (why: string) =>
    new BellwetherError("BW_LAUNCH_REFUSED", { ticks: 1, why }, { cause: new Error(why) });
  const faults: readonly [
    string,
    string,
    (launchStore: MemoryLaunchStore) => void,
    (commit: Commit) => Error | null,
  ][] = [
    ["by itself", "WRONGTYPE", launchStore => launchStore.failing.set("bad", "WRONGTYPE"), () => null],
    [
      "and make the whole transaction void",
      "ERR big",
      () => undefined,
      c => (hasRunOf("bad", c) ? refused("ERR big") : null),
    ],
    [
      "and end the connection",
      "closed",
      () => undefined,
      c => (hasRunOf("bad", c) ? new Error("closed") : null),
    ],
  ];

  it.each(faults)("%s is quarantined, once, and all others go on", async (_, reason, breakIt, breaks) => {
    const { launchStore, clock, recorder, runTerm } = setup([...JOBS, BAD], breaks);
    breakIt(launchStore);
    const term = runTerm(1);
    await clock.advance(MINUTE);
    expectAllLaunched(launchStore, JOBS, 30);
    expect(launchStore.launched("bad")).toEqual([]);
    expect(recorder.of("job.quarantined")).toMatchObject([
      { job: "bad", term: 1, reason, reasonCode: "run_not_added", retryInMs: MINUTE },
    ]);
    expect([...launchStore.quarantined]).toMatchObject([["bad", { reason, isCorrupt: false }]]);
    expect(recorder.of("tick.missed")).toEqual([]);
    expect(await term.stop()).toBe("ended");
  });

  it("is tried again ever more rarely, and recovers by itself with its ticks", async () => {
    let trials = 0;
    let isBroken = true;
    const { launchStore, clock, recorder, runTerm } = setup([...JOBS, BAD], commit => {
      if (!isBroken || !hasRunOf("bad", commit)) return null;
      trials++;
      return refused("ERR big");
    });
    const term = runTerm(1);
    await clock.advance(MINUTE / 2);
    const found = trials;
    await clock.advance(40 * MINUTE);
    // After 1, 3, 7, 15, 25 and 35 minutes.
    expect(trials - found).toBe(6);
    isBroken = false;
    await clock.advance(10 * MINUTE);
    expect(launchStore.launched("bad")).toHaveLength(50.5 * 60);
    expect(recorder.of("job.recovered")).toMatchObject([{ job: "bad", term: 1 }]);
    expect(recorder.of("job.quarantined")).toHaveLength(1);
    expect([...launchStore.quarantined]).toEqual([]);
    await term.stop();
  });

  it("is tried when the configuration changes, and by the next leader, which says so too", async () => {
    const { launchStore, clock, recorder, loop, runTerm } = setup([...JOBS, BAD]);
    launchStore.failing.set("bad", "WRONGTYPE");
    const first = runTerm(1);
    await clock.advance(10_000);
    await first.stop();
    const second = runTerm(2);
    await clock.advance(1_000);
    expect(recorder.of("job.quarantined").map(({ term }) => term)).toEqual([1, 2]);
    launchStore.failing.clear();
    loop.setJobs([...JOBS, BAD]);
    await clock.advance(1_000);
    expect(launchStore.launched("bad")).toHaveLength(12);
    expect(recorder.of("job.recovered")).toMatchObject([{ job: "bad", term: 2 }]);
    await second.stop();
  });

  it.each([
    ["no other job can be launched either", "ERR strange", JOBS],
    ["the server has no memory", "OOM command not allowed", [...JOBS, BAD]],
  ])("is not quarantined when %s: then the leader resigns", async (_, why, jobs) => {
    const { launchStore, clock, recorder, runTerm } = setup(jobs);
    const term = runTerm(1);
    await clock.advance(10_000);
    for (const { name } of jobs) launchStore.failing.set(name, why);
    await clock.advance(MINUTE);
    expect(await term.ended).toMatchObject({ code: "BW_LAUNCH_FAILING" });
    expect(recorder.of("job.quarantined")).toEqual([]);
  });

  it("is not quarantined for a connection that breaks now and then", async () => {
    let commits = 0;
    const { launchStore, clock, recorder, runTerm } = setup([...JOBS, BAD], () =>
      ++commits % 3 ? null : new Error("closed"),
    );
    const term = runTerm(1);
    await clock.advance(MINUTE);
    await clock.advance(MINUTE);
    expect(recorder.of("job.quarantined")).toEqual([]);
    expect(launchStore.launched("bad").length).toBeGreaterThan(110);
    await term.stop();
  });
});

it("leaves out a job whose state cannot be read, until they can", async () => {
  const { launchStore, clock, recorder, runTerm } = setup([...JOBS, BAD]);
  launchStore.corrupt.set("bad", '{ns}/cursors holds "x"');
  const term = runTerm(1);
  await clock.advance(MINUTE / 2);
  expectAllLaunched(launchStore, JOBS, 15);
  const reason = '{ns}/cursors holds "x"';
  expect(recorder.of("job.quarantined")).toMatchObject([{ job: "bad", reason, reasonCode: "state_corrupt" }]);
  expect([...launchStore.quarantined]).toMatchObject([["bad", { reason, isCorrupt: true }]]);
  launchStore.corrupt.clear();
  await clock.advance(MINUTE);
  expect(recorder.of("job.recovered")).toMatchObject([{ job: "bad" }]);
  expect(launchStore.launched("bad").length).toBe(90);
  await term.stop();
});
