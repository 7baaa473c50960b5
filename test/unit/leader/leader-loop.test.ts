import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/config/config.ts";
import { Progress } from "../../../src/election/progress.ts";
import { LeaderLoop } from "../../../src/leader/leader-loop.ts";
import { jobOf } from "../../support/jobs.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { type Fault, MemoryLaunchStore } from "../../support/memory-launch-store.ts";
import { Recorder } from "../../support/recorder.ts";

const T0 = Date.UTC(2026, 10, 23, 7);

function setup(
  jobs: readonly Job[] = [jobOf("tick")],
  launchStore = new MemoryLaunchStore(),
  clock = new ManualClock(T0),
) {
  const recorder = new Recorder();
  const loop = new LeaderLoop({
    launcher: launchStore.launcher(jobs),
    clock,
    events: recorder.events,
    jobs,
    random: () => 0,
  });
  const runTerm = (number: number, progress = new Progress(clock)) => {
    const ending = new AbortController();
    launchStore.fence = `${number}:t`;
    const ended = loop.runTerm({ number, fence: `${number}:t`, signal: ending.signal, progress });
    return {
      ended,
      stop: async () => {
        ending.abort();
        await settle();
        return ended;
      },
    };
  };
  return { launchStore, clock, recorder, runTerm, setJobs: (next: readonly Job[]) => loop.setJobs(next) };
}

function seconds(...numbers: number[]): number[] {
  return numbers.map(second => T0 + second * 1_000);
}

describe("a term", () => {
  it("launches each tick when it is due", async () => {
    const { launchStore, clock, runTerm } = setup();
    const term = runTerm(1);
    await clock.advance(999);
    expect(launchStore.launched("tick")).toEqual([]);
    await clock.advance(1);
    expect(launchStore.launched("tick")).toEqual(seconds(1));
    await clock.advance(2_000);
    expect(launchStore.launched("tick")).toEqual(seconds(1, 2, 3));
    expect(await term.stop()).toBe("ended");
  });

  it("launches jobs that are due together in one transaction", async () => {
    const { launchStore, clock, runTerm } = setup([jobOf("a"), jobOf("b"), jobOf("c")]);
    const term = runTerm(1);
    await clock.advance(1_000);
    expect(launchStore.commits).toHaveLength(1);
    expect(launchStore.commits[0]?.decisions).toHaveLength(3);
    await term.stop();
  });

  it("splits what is due together into transactions of 1,000", async () => {
    const jobs = Array.from({ length: 2_500 }, (_, i) => jobOf(`job-${i}`));
    const { launchStore, clock, runTerm } = setup(jobs);
    const term = runTerm(1);
    await clock.advance(1_000);
    expect(launchStore.commits.map(commit => commit.decisions.length)).toEqual([1_000, 1_000, 500]);
    await term.stop();
  });

  it("catches up on what fell into the gap before it, by the job's policy", async () => {
    const { launchStore, clock, recorder, runTerm } = setup([
      jobOf("all"),
      jobOf("none", { catchUp: "none" }),
    ]);
    await runTerm(1).stop();
    await clock.advance(60_000);
    const second = runTerm(2);
    await settle();
    expect(launchStore.launched("all")).toHaveLength(60);
    expect(
      recorder.of("tick.missed").every(tick => tick.job === "none" && tick.reason === "catchUp: none"),
    ).toBe(true);
    expect(recorder.of("tick.launched").filter(tick => tick.kind === "catch-up").length).toBeGreaterThan(50);
    await second.stop();
  });

  it("says that it is fenced when a newer term stands, and launches nothing more", async () => {
    const { launchStore, clock, runTerm } = setup();
    const term = runTerm(1);
    await clock.advance(1_000);
    launchStore.fence = "2:other";
    await clock.advance(5_000);
    expect(await term.ended).toBe("fenced");
    expect(launchStore.launched("tick")).toEqual(seconds(1));
  });

  it("reads the cursors again after a new connection, and launches what a failover lost", async () => {
    const { launchStore, clock, runTerm } = setup();
    const term = runTerm(1);
    await clock.advance(3_000);
    launchStore.cursors.set("tick", T0 + 1_000);
    launchStore.fault = () => {
      launchStore.fault = () => "none";
      return "new connection";
    };
    await clock.advance(1_000);
    expect(launchStore.launched("tick")).toEqual(seconds(1, 2, 3, 2, 3, 4));
    await term.stop();
  });

  it("reads the cursors again after a new connection also for jobs that are not due for long", async () => {
    const { launchStore, clock, runTerm } = setup([
      jobOf("hourly", {}, { everyMs: 3_600_000 }),
      jobOf("tick"),
    ]);
    const term = runTerm(1);
    await clock.advance(3_600_000);
    expect(launchStore.launched("hourly")).toEqual([T0 + 3_600_000]);
    // A failover lost the launch of the hourly job; its next tick is an hour away.
    launchStore.cursors.set("hourly", T0);
    launchStore.fault = () => {
      launchStore.fault = () => "none";
      return "new connection";
    };
    await clock.advance(3_000);
    expect(launchStore.launched("hourly")).toEqual([T0 + 3_600_000, T0 + 3_600_000]);
    await term.stop();
  });

  it("plans anew when a cursor is not where it was, and launches that job again later", async () => {
    const { launchStore, clock, runTerm } = setup();
    const term = runTerm(1);
    await clock.advance(1_000);
    launchStore.cursors.set("tick", T0 + 1_500);
    await clock.advance(3_000);
    expect(launchStore.launched("tick")).toEqual(seconds(1, 2, 3, 4));
    await term.stop();
  });

  it("tries again ever more slowly while launches are refused, and resigns after half a minute", async () => {
    const { launchStore, clock, recorder, runTerm } = setup();
    const term = runTerm(1);
    await clock.advance(999);
    const commits: number[] = [];
    const ended = term.ended.catch((error: Error) => error);
    launchStore.refuse = () => commits.push(clock.nowMs());
    await clock.advance(60_000);
    expect(await ended).toMatchObject({ code: "BW_LAUNCH_FAILING" });
    expect(commits.length).toBeGreaterThan(10);
    expect(commits.length).toBeLessThan(60);
    expect(recorder.of("launch.failed")).toHaveLength(1);
  });

  it.each([
    ["refuses its launches", false],
    ["gives no answer to them", true],
  ])("reports that it gets nowhere where Redis %s: %s", async (_, isStalled) => {
    const { launchStore, clock, runTerm } = setup();
    const progress = new Progress(clock);
    const term = runTerm(1, progress);
    await clock.advance(999);
    if (isStalled) launchStore.fault = () => "not done";
    else launchStore.refuse = () => undefined;
    await clock.advance(5_000);
    expect(progress.stall !== null).toBe(isStalled);
    expect(progress.healthySinceMs).toBe(Number.POSITIVE_INFINITY);
    await term.stop();
  });

  it("reports a tick once whose launch was committed although the answer was lost, when it was launched", async () => {
    const { launchStore, clock, recorder, runTerm } = setup();
    const term = runTerm(1);
    await clock.advance(1_500);
    let calls = 0;
    launchStore.fault = () => (++calls === 1 ? "lost answer" : calls < 5 ? "not done" : "none");
    await clock.advance(5_000);
    const told = recorder.of("tick.launched").map(({ tick }) => Date.parse(tick));
    expect(told).toEqual(launchStore.launched("tick"));
    expect(told).toEqual(seconds(1, 2, 3, 4, 5, 6));
    expect(recorder.of("tick.launched")[1]).toMatchObject({ lateMs: 0 });
    await term.stop();
  });

  it("goes on after trouble, tells of it once, and launches nothing twice", async () => {
    const { launchStore, clock, recorder, runTerm } = setup();
    const term = runTerm(1);
    await clock.advance(1_000);
    let left = 4;
    launchStore.fault = () => (left-- > 0 ? "not done" : "none");
    await clock.advance(9_000);
    expect(launchStore.launched("tick")).toEqual(seconds(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
    expect(recorder.of("launch.failed")).toHaveLength(1);
    await term.stop();
  });
});

describe("whatever goes wrong", () => {
  it("launches each tick exactly once, in order, over any number of terms", async () => {
    const faults = fc.array(
      fc.constantFrom<Fault>("none", "none", "not done", "lost answer", "new connection"),
      {
        maxLength: 30,
      },
    );
    const terms = fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(faults, terms, async (script, lengths) => {
        const { launchStore, clock, recorder, runTerm } = setup([
          jobOf("x"),
          jobOf("y", {}, { everyMs: 700 }),
        ]);
        launchStore.fault = () => script.shift() ?? "none";
        let number = 0;
        for (const length of [...lengths, 60_000]) {
          const term = runTerm(++number);
          await clock.advance(length);
          await term.stop();
        }
        const startedAt = Math.min(...launchStore.launched("x"), clock.nowMs());
        for (const [job, everyMs] of [
          ["x", 1_000],
          ["y", 700],
        ] as const) {
          const launched = launchStore.launched(job);
          expect(launched).toEqual(launched.map((_, i) => (launched[0] ?? 0) + i * everyMs));
          const told = recorder.of("tick.launched").filter(tick => tick.job === job);
          expect(new Set(told.map(({ tick }) => tick)).size).toBe(told.length);
          expect(clock.nowMs() - (launched.at(-1) ?? startedAt)).toBeLessThanOrEqual(everyMs);
        }
        expect(launchStore.decided.map(entry => entry.term)).toEqual(
          launchStore.decided.map(entry => entry.term).toSorted((a, b) => a - b),
        );
      }),
      { numRuns: 60 },
    );
  });
});
