import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/config/config.ts";
import { LeaderLoop } from "../../../src/leader/leader-loop.ts";
import type { Decision } from "../../../src/schedule/decision.ts";
import { jobOf } from "../../support/jobs.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { type Fault, MemoryLaunchStore } from "../../support/memory-launch-store.ts";
import { Recorder } from "../../support/recorder.ts";

const T0 = Date.UTC(2026, 10, 23, 7);

/** Time passes between any two reads of it, as it does in a process. */
class RestlessClock extends ManualClock {
  #looks = 0;

  override nowMs(): number {
    return super.nowMs() + this.#looks++;
  }
}

function setup(jobs: readonly Job[] = [jobOf("tick")], clock = new ManualClock(T0)) {
  const launchStore = new MemoryLaunchStore();
  const recorder = new Recorder();
  const loop = new LeaderLoop({
    launcher: launchStore.launcher(jobs),
    clock,
    events: recorder.events,
    jobs,
    random: () => 0,
  });
  let terms = 0;
  const runTerm = () => {
    const ending = new AbortController();
    const number = ++terms;
    launchStore.fence = `${number}:t`;
    const ended = loop.runTerm({ number, fence: `${number}:t`, signal: ending.signal });
    const stop = async () => {
      ending.abort();
      await settle();
      return ended;
    };
    return { number, ended, stop };
  };
  const pauseUntil = (untilMs: number | null, ...names: readonly string[]) => {
    const pause = { atMs: clock.nowMs(), by: "ann", untilMs, reason: null };
    const paused = names.map(name => [name, pause] as const);
    launchStore.setControls({ paused: new Map(paused) });
  };
  const pause = (...names: readonly string[]) => pauseUntil(null, ...names);
  const resume = () => launchStore.setControls({ paused: new Map() });
  return { launchStore, clock, recorder, loop, runTerm, pause, pauseUntil, resume };
}

const seconds = (...numbers: readonly number[]) => numbers.map(second => T0 + second * 1_000);
const passed = (launchStore: MemoryLaunchStore, job: string, outcome: Decision["outcome"] = "skipped") => {
  return launchStore.decided.flatMap(({ decision }) => {
    return decision.job === job && decision.outcome === outcome ? [decision] : [];
  });
};

describe("a pause", () => {
  it("launches nothing more of its job, skips each tick as paused, and lets other jobs go on", async () => {
    const { launchStore, clock, recorder, runTerm, pause, resume } = setup([
      jobOf("held", { catchUp: "none" }),
      jobOf("other"),
    ]);
    const term = runTerm();
    await clock.advance(2_000);
    pause("held");
    await clock.advance(3_500);
    expect(launchStore.launched("held")).toEqual(seconds(1, 2));
    resume();
    await clock.advance(2_500);
    await term.stop();
    expect(launchStore.launched("held")).toEqual(seconds(1, 2, 6, 7, 8));
    expect(passed(launchStore, "held")).toMatchObject(
      seconds(3, 4, 5).map(tickAtMs => ({ tickAtMs, reason: { code: "paused" } })),
    );
    expect(recorder.of("tick.skipped").map(({ job, reason }) => [job, reason])).toEqual(
      Array(3).fill(["held", "paused"]),
    );
    expect(launchStore.launched("other")).toEqual(seconds(1, 2, 3, 4, 5, 6, 7, 8));
  });

  it.each([
    { catchUp: "latest", launched: [1, 10], skipped: [2, 3, 4, 5, 6, 7, 8, 9] },
    { catchUp: "all", launched: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], skipped: [] },
  ] as const)("holds what catchUp: $catchUp would launch late, over terms, until its end", async row => {
    const at = seconds(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    const { launchStore, clock, recorder, runTerm, pause, resume } = setup([
      jobOf("held", { catchUp: row.catchUp }, { at }),
    ]);
    const first = runTerm();
    await clock.advance(1_500);
    pause("held");
    await clock.advance(4_000);
    await first.stop();
    const second = runTerm();
    await clock.advance(20_000);
    expect(launchStore.launched("held")).toEqual(seconds(1));
    resume();
    await clock.advance(1_000);
    await second.stop();
    expect(launchStore.launched("held")).toEqual(seconds(...row.launched));
    expect(passed(launchStore, "held").map(({ tickAtMs }) => tickAtMs)).toEqual(seconds(...row.skipped));
    const late = recorder.of("tick.launched").slice(1);
    expect(new Set(late.map(({ kind }) => kind))).toEqual(new Set(["catch-up"]));
  });

  it("that was asked for until a time ends then, and launches the tick of that moment", async () => {
    const { launchStore, clock, runTerm, pauseUntil } = setup([jobOf("held", { catchUp: "none" })]);
    const term = runTerm();
    await clock.advance(2_000);
    pauseUntil(T0 + 5_000, "held");
    await clock.advance(5_500);
    await term.stop();
    expect(launchStore.launched("held")).toEqual(seconds(1, 2, 5, 6, 7));
    expect(passed(launchStore, "held")).toMatchObject(
      seconds(3, 4).map(tickAtMs => ({ tickAtMs, reason: { code: "paused" } })),
    );
    expect(launchStore.controls).toMatchObject({
      paused: new Map(),
      pastPauses: new Map([["held", [{ fromMs: T0 + 2_000, toMs: T0 + 5_000 }]]]),
    });
  });

  it("ended at its time also where there was no leader then: ticks after it are late, not paused", async () => {
    const { launchStore, clock, runTerm, pauseUntil } = setup([jobOf("held", { catchUp: "none" })]);
    const first = runTerm();
    await clock.advance(2_000);
    pauseUntil(T0 + 5_000, "held");
    await clock.advance(500);
    await first.stop();
    await clock.advance(17_000);
    const second = runTerm();
    await clock.advance(1_000);
    await second.stop();
    expect(passed(launchStore, "held").map(({ tickAtMs }) => tickAtMs)).toEqual(seconds(3, 4));
    expect(passed(launchStore, "held", "missed").map(({ tickAtMs }) => tickAtMs)).toEqual(
      seconds(5, 6, 7, 8, 9, 10, 11, 12, 13, 14),
    );
  });

  it("that comes between a plan and its commit keeps what was planned from being launched", async () => {
    const { launchStore, clock, runTerm, pause } = setup([jobOf("held", { catchUp: "none" })]);
    const term = runTerm();
    await clock.advance(1_500);
    launchStore.fault = () => {
      launchStore.fault = () => "none";
      pause("held");
      return "none";
    };
    await clock.advance(2_000);
    await term.stop();
    expect(launchStore.commits.length).toBeGreaterThan(2);
    expect(launchStore.launched("held")).toEqual(seconds(1));
    expect(passed(launchStore, "held").map(({ tickAtMs }) => tickAtMs)).toEqual(seconds(2, 3));
  });
});

describe("ticks that are to be skipped", () => {
  it("are, and no other; also when they are late, or named too late", async () => {
    const { launchStore, clock, runTerm } = setup();
    const first = runTerm();
    await clock.advance(1_000);
    launchStore.setControls({ skips: new Map([["tick", seconds(1, 3, 12)]]) });
    await clock.advance(4_000);
    await first.stop();
    await clock.advance(20_000);
    const second = runTerm();
    await settle();
    await second.stop();
    expect(passed(launchStore, "tick")).toMatchObject(
      seconds(3, 12).map(tickAtMs => ({ tickAtMs, reason: { code: "skip_next" } })),
    );
    const launched = Array.from({ length: 25 }, (_, i) => i + 1).filter(second => ![3, 12].includes(second));
    expect(launchStore.launched("tick")).toEqual(seconds(...launched));
  });

  it("are launched after all when that is taken back in time", async () => {
    const { launchStore, clock, runTerm } = setup();
    const term = runTerm();
    launchStore.setControls({ skips: new Map([["tick", seconds(1, 2)]]) });
    await clock.advance(1_500);
    launchStore.setControls({ skips: new Map() });
    await clock.advance(1_500);
    await term.stop();
    expect(launchStore.launched("tick")).toEqual(seconds(2, 3));
  });
});

describe("a job with maxRuns", () => {
  it("is over after so many launched ticks, over terms; skipped ones do not count", async () => {
    const { launchStore, clock, runTerm } = setup([jobOf("few", { maxRuns: 3 }), jobOf("other")]);
    const first = runTerm();
    launchStore.setControls({ skips: new Map([["few", seconds(2)]]) });
    await clock.advance(3_000);
    await first.stop();
    const second = runTerm();
    await clock.advance(10_000);
    await second.stop();
    expect(launchStore.launched("few")).toEqual(seconds(1, 3, 4));
    expect(launchStore.launched("other")).toHaveLength(13);
  });

  it("launches no more than is left when many are due at once", async () => {
    const { launchStore, clock, runTerm } = setup([jobOf("few", { maxRuns: 3 })]);
    await runTerm().stop();
    await clock.advance(60_000);
    const term = runTerm();
    await settle();
    await clock.advance(60_000);
    await term.stop();
    expect(launchStore.launched("few")).toEqual(seconds(1, 2, 3));
  });

  it("goes on when it may launch more", async () => {
    const { launchStore, clock, runTerm, loop } = setup([jobOf("few", { maxRuns: 2, catchUp: "none" })]);
    const term = runTerm();
    await clock.advance(2_500);
    loop.setJobs([jobOf("few", { maxRuns: 3, catchUp: "none" })]);
    await clock.advance(5_000);
    await term.stop();
    expect(launchStore.launched("few")).toEqual(seconds(1, 2, 3));
  });
});

describe("the order to step down", () => {
  it("is followed within half a second by the leader of that term, while nothing is due", async () => {
    const { launchStore, clock, runTerm } = setup([jobOf("rare", {}, { everyMs: 3_600_000 })]);
    const term = runTerm();
    await clock.advance(1_000);
    launchStore.setControls({ stepDown: term.number, stepDownBy: "ann" });
    await clock.advance(500);
    expect(await term.ended).toEqual({ outcome: "stepdown", askedBy: "ann" });
  });

  it("is followed within half a second under many ticks, none of which waits for reading the controls", async () => {
    const { launchStore, clock, runTerm } = setup([jobOf("often", {}, { everyMs: 100 })]);
    const term = runTerm();
    await clock.advance(10_000);
    expect(launchStore.launched("often")).toHaveLength(100);
    expect(launchStore.looks).toBeLessThan(30);
    launchStore.setControls({ stepDown: term.number, stepDownBy: "ann" });
    await clock.advance(500);
    expect(await term.ended).toEqual({ outcome: "stepdown", askedBy: "ann" });
  });

  it("means no other term", async () => {
    const { launchStore, clock, runTerm } = setup();
    launchStore.setControls({ stepDown: 1 });
    await runTerm().ended;
    const second = runTerm();
    await clock.advance(5_000);
    expect(launchStore.launched("tick")).toHaveLength(5);
    expect(await second.stop()).toBe("ended");
  });
});

describe("definitions that another program has written into", () => {
  it("make the leader open its term again, which stores them anew, and no tick late", async () => {
    const { launchStore, clock, runTerm } = setup([jobOf("tick")]);
    const term = runTerm();
    await clock.advance(1_000);
    launchStore.foundDefinitions = "other";
    await clock.advance(2_000);
    expect(launchStore.openings).toHaveLength(2);
    await term.stop();
    expect(launchStore.launched("tick")).toEqual(seconds(1, 2, 3));
  });
});

describe("other jobs", () => {
  it("lead when what was due under the ones before is decided by the rules of these", async () => {
    const { launchStore, clock, runTerm, loop } = setup([jobOf("old"), jobOf("both", { catchUp: "all" })]);
    const term = runTerm();
    await clock.advance(1_000);
    loop.setJobs([jobOf("both", { catchUp: "none" }, { everyMs: 700 }), jobOf("new")]);
    // The change comes while a leader is held up: ten ticks of each job have fallen due meanwhile.
    await clock.freeze(10_000);
    await clock.advance(0);
    for (const job of ["old", "both"]) {
      expect(launchStore.launched(job)).toEqual(seconds(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    }
    expect(launchStore.openings.at(-1)).toMatchObject({ jobs: ["both", "new"], nowMs: T0 + 11_000 });
    await clock.advance(2_000);
    await term.stop();
    expect(launchStore.launched("old")).toHaveLength(11);
    expect(launchStore.launched("new")).toEqual(seconds(12, 13));
    expect(
      launchStore
        .launched("both")
        .slice(11)
        .every(tickAtMs => tickAtMs % 700 === 0),
    ).toBe(true);
  });

  it("begin where the ones before ended: no tick falls between, however long the change takes", async () => {
    for (let offset = 0; offset < 20; offset++) {
      const clock = new RestlessClock(T0);
      const { launchStore, runTerm, loop } = setup([jobOf("tick", {}, { everyMs: 10 })], clock);
      const term = runTerm();
      await clock.advance(100 + offset);
      loop.setJobs([jobOf("tick", {}, { everyMs: 70 })]);
      await clock.advance(30);
      await term.stop();
      expect(launchStore.openings).toHaveLength(2);
      const changedMs = launchStore.openings[1]?.nowMs ?? 0;
      const old = launchStore.launched("tick").filter(tickAtMs => tickAtMs <= changedMs);
      expect(old.at(-1), `changed at ${changedMs}`).toBe(changedMs - (changedMs % 10));
    }
  });

  it("that came while somebody else led are those of the next term", async () => {
    const { launchStore, clock, runTerm, loop } = setup([jobOf("old")]);
    await runTerm().stop();
    loop.setJobs([jobOf("new")]);
    const term = runTerm();
    await clock.advance(2_000);
    await term.stop();
    expect(launchStore.openings.at(-1)?.jobs).toEqual(["new"]);
    expect([launchStore.launched("old"), launchStore.launched("new")]).toEqual([[], seconds(1, 2)]);
  });
});

describe("whatever operators do", () => {
  type Act = "pause" | "resume" | "skip" | "handoff" | "wait";

  it("decides each tick exactly once, with its reason, and launches none that is later than a pause", async () => {
    const acts = fc.array(
      fc.tuple(
        fc.constantFrom<Act>("pause", "resume", "skip", "handoff", "wait"),
        fc.integer({ min: 0, max: 9_000 }),
        fc.constantFrom<Fault>("none", "none", "not done", "lost answer", "new connection"),
      ),
      { minLength: 1, maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(acts, async script => {
        const { launchStore, clock, runTerm, pause, resume } = setup([
          jobOf("all", { catchUp: "all" }),
          jobOf("latest", { catchUp: "latest" }),
          jobOf("none", { catchUp: "none" }),
        ]);
        const jobs = ["all", "latest", "none"];
        let term = runTerm();
        let pausedFrom: number | null = null;
        const early: Decision[] = [];
        let seen = 0;
        const judge = () => {
          for (const { decision } of launchStore.decided.slice(seen)) {
            const isLater = pausedFrom !== null && decision.tickAtMs > pausedFrom;
            if (decision.outcome === "launched" && isLater) early.push(decision);
          }
          seen = launchStore.decided.length;
        };
        for (const [act, ms, fault] of script) {
          launchStore.fault = () => {
            launchStore.fault = () => "none";
            return fault;
          };
          if (act === "pause" && pausedFrom === null) {
            judge();
            pause(...jobs);
            pausedFrom = clock.nowMs();
          } else if (act === "resume") {
            judge();
            resume();
            pausedFrom = null;
          } else if (act === "skip") {
            const next = Math.floor(clock.nowMs() / 1_000) * 1_000 + 1_000;
            launchStore.setControls({ skips: new Map(jobs.map(job => [job, [next]])) });
          } else if (act === "handoff") {
            await term.stop();
            term = runTerm();
          }
          await clock.advance(ms);
        }
        judge();
        resume();
        await clock.advance(10_000);
        await term.stop();
        expect(early).toEqual([]);
        for (const job of jobs) {
          const decisions = launchStore.decided
            .map(({ decision }) => decision)
            .filter(one => one.job === job);
          const ticks = decisions.flatMap(decision => {
            if (decision.outcome === "launched") return [decision.tickAtMs];
            expect(["paused", "skip_next", "catch_up_none", "superseded"]).toContain(decision.reason.code);
            const count = decision.count ?? 1;
            return Array.from(
              { length: count },
              (_, i) => (decision.fromAtMs ?? decision.tickAtMs) + i * 1_000,
            );
          });
          expect(ticks).toEqual(ticks.map((_, i) => T0 + (i + 1) * 1_000));
          expect(clock.nowMs() - (ticks.at(-1) ?? T0)).toBeLessThan(2_000);
        }
      }),
      { numRuns: 60 },
    );
  });
});
