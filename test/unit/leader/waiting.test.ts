import { describe, expect, it } from "vitest";
import { LeaderLoop } from "../../../src/leader/leader-loop.ts";
import { jobOf } from "../../support/jobs.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { MemoryLaunchStore } from "../../support/memory-launch-store.ts";
import { Recorder } from "../../support/recorder.ts";

const T0 = Date.UTC(2026, 10, 23, 7);

/** A leader of one job with `overlap: queue`, every ten seconds, whose runs end when the test says so. */
function setup() {
  const clock = new ManualClock(T0);
  const launchStore = new MemoryLaunchStore();
  const recorder = new Recorder();
  const jobs = [jobOf("report", { overlap: "queue", catchUp: "none" }, { everyMs: 10_000 }), jobOf("beat")];
  const launcher = launchStore.launcher(jobs);
  let looks = 0;
  let held: Promise<void> | undefined;
  const loop = new LeaderLoop({
    clock,
    events: recorder.events,
    jobs,
    random: () => 0,
    launcher: {
      ...launcher,
      readNewestRuns: async () => {
        looks++;
        await held;
        return launcher.readNewestRuns();
      },
      commit: async commit => {
        const outcome = await launcher.commit(commit);
        await held;
        return outcome;
      },
    },
  });
  let terms = 0;
  const runTerm = () => {
    const ending = new AbortController();
    const number = ++terms;
    launchStore.fence = `${number}:t`;
    const ended = loop.runTerm({ number, fence: `${number}:t`, signal: ending.signal });
    return async () => {
      ending.abort();
      await settle();
      await ended;
    };
  };
  const begin = (run: string) => {
    const newest = {
      state: "unfinished",
      run,
      sinceMs: clock.nowMs(),
      endedMs: Number.POSITIVE_INFINITY,
    } as const;
    launchStore.newestRuns.set("report", newest);
  };
  const end = (skewMs = 0) => {
    const run = launchStore.newestRuns.get("report");
    const endedMs = clock.nowMs() + skewMs;
    if (run) launchStore.newestRuns.set("report", { ...run, state: "finished", endedMs });
  };
  /** Redis answers late: nothing until the answer is called. */
  const holdAnswers = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  };
  return { launchStore, clock, recorder, runTerm, begin, end, holdAnswers, looksMade: () => looks };
}

const seconds = (...numbers: readonly number[]) => numbers.map(second => T0 + second * 1_000);

describe("a tick that waits for the run before it", () => {
  it("is launched within a quarter of a second after its end, on time however long that took", async () => {
    const { launchStore, clock, recorder, runTerm, begin, end } = setup();
    const stop = runTerm();
    await clock.advance(1_000);
    begin("first");
    await clock.advance(17_000);
    expect(launchStore.launched("report")).toEqual([]);
    end();
    await clock.advance(250);
    expect(launchStore.launched("report")).toEqual(seconds(10));
    expect(recorder.of("tick.launched").filter(({ job }) => job === "report")).toMatchObject([
      { kind: "scheduled", lateMs: expect.toSatisfy((ms: number) => ms <= 250) },
    ]);
    await stop();
    expect(launchStore.launched("beat")).toEqual(seconds(...Array.from({ length: 18 }, (_, i) => i + 1)));
  });

  it("gives its place to a newer one, and is on record as skipped", async () => {
    const { launchStore, clock, recorder, runTerm, begin, end } = setup();
    const stop = runTerm();
    begin("first");
    await clock.advance(35_000);
    end();
    await clock.advance(250);
    await stop();
    expect(launchStore.launched("report")).toEqual(seconds(30));
    const about = { job: "report", reason: "replaced by a newer tick", run: "first" };
    expect(recorder.of("tick.skipped")).toMatchObject([about, about]);
  });

  it("stays undecided when its leader stops, and is the successor's, also when the run has ended meanwhile", async () => {
    const { launchStore, clock, runTerm, begin, end } = setup();
    const first = runTerm();
    begin("first");
    await clock.advance(12_000);
    await first();
    await clock.advance(5_000);
    const second = runTerm();
    await clock.advance(1_000);
    await second();
    expect(launchStore.launched("report")).toEqual([]);
    end();
    await clock.advance(1_000);
    const third = runTerm();
    await clock.advance(100);
    await third();
    expect(launchStore.launched("report")).toEqual(seconds(10));
  });

  it.each([
    { what: "the look", atMs: 18_900 },
    { what: "a launch", atMs: 18_000 },
  ])("is replaced only by a tick that waited too, however long $what takes", async ({ atMs }) => {
    const { launchStore, clock, recorder, runTerm, begin, end, holdAnswers } = setup();
    const stop = runTerm();
    begin("first");
    await clock.advance(atMs - 100);
    const answer = holdAnswers();
    await clock.advance(1_000);
    end();
    await clock.advance(T0 + 21_000 - clock.nowMs());
    answer();
    await clock.advance(500);
    await stop();
    expect(launchStore.launched("report")).toEqual(seconds(10, 20));
    expect(recorder.of("tick.skipped")).toEqual([]);
  });

  it.each([-3_600_000, 3_600_000])("is launched although the worker's clock is %d ms off", async skewMs => {
    const { launchStore, clock, runTerm, begin, end } = setup();
    const stop = runTerm();
    begin("first");
    await clock.advance(12_000);
    end(skewMs);
    await clock.advance(250);
    await stop();
    expect(launchStore.launched("report")).toEqual(seconds(10));
  });

  it("is launched when the run was removed", async () => {
    const { launchStore, clock, runTerm, begin } = setup();
    const stop = runTerm();
    begin("first");
    await clock.advance(12_000);
    launchStore.newestRuns.delete("report");
    await clock.advance(250);
    await stop();
    expect(launchStore.launched("report")).toEqual(seconds(10));
  });

  it("is what runs are looked at for: without one there are no looks", async () => {
    const { clock, runTerm, begin, end, looksMade } = setup();
    const stop = runTerm();
    await clock.advance(9_000);
    expect(looksMade()).toBe(0);
    begin("first");
    await clock.advance(2_000);
    expect(looksMade()).toBeGreaterThan(4);
    end();
    await clock.advance(500);
    const before = looksMade();
    await clock.advance(5_000);
    expect(looksMade()).toBe(before);
    await stop();
  });
});
