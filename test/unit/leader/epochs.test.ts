import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Job } from "../../../src/config/config.ts";
import { LeaderLoop } from "../../../src/leader/leader-loop.ts";
import type { PastPause } from "../../../src/schedule/planned-job.ts";
import { jobOf } from "../../support/jobs.ts";
import { ManualClock, settle } from "../../support/manual-clock.ts";
import { type Fault, MemoryLaunchStore } from "../../support/memory-launch-store.ts";
import { Recorder } from "../../support/recorder.ts";

const T0 = Date.UTC(2026, 10, 23, 7);
const ON_TIME_MS = 5_000;

type ValueOf<A> = A extends fc.Arbitrary<infer Value> ? Value : never;

function setup(first: readonly Job[]) {
  const clock = new ManualClock(T0);
  const launchStore = new MemoryLaunchStore();
  const recorder = new Recorder();
  let jobs = first;
  let terms = 0;
  /** What other replicas carry, as far as the leader may know. */
  const site = { isAgreed: true };
  let leader: { loop: LeaderLoop; ending: AbortController; ended: Promise<unknown> } | null = null;
  const stop = async () => {
    leader?.ending.abort();
    await settle();
    await leader?.ended.catch(() => undefined);
    leader = null;
  };
  /** Another replica leads, with the jobs that are deployed. */
  const runTerm = async () => {
    await stop();
    const number = ++terms;
    launchStore.fence = `${number}:t`;
    const { events } = recorder;
    const isAgreed = async () => site.isAgreed;
    const launcher = launchStore.launcher(jobs);
    const loop = new LeaderLoop({ launcher, clock, events, jobs, isAgreed, random: () => 0 });
    const ending = new AbortController();
    const ended = loop.runTerm({ number, fence: launchStore.fence, signal: ending.signal });
    leader = { loop, ending, ended };
    await settle();
  };
  const deploy = (next: readonly Job[]) => {
    jobs = next;
  };
  const edit = async (next: readonly Job[]) => {
    jobs = next;
    leader?.loop.setJobs(next);
    await settle();
  };
  const pauses: PastPause[] = [];
  const pause = () => {
    const at = { atMs: clock.nowMs(), by: "ann", untilMs: null, reason: null };
    launchStore.setControls({ paused: new Map(first.map(({ name }) => [name, at])) });
  };
  const resume = () => {
    for (const { atMs } of [...launchStore.controls.paused.values()].slice(0, 1)) {
      pauses.push({ fromMs: atMs, toMs: clock.nowMs() });
    }
    const pastPauses = new Map(first.map(({ name }) => [name, [...pauses]]));
    launchStore.setControls({ paused: new Map(), pastPauses });
  };
  return { clock, launchStore, recorder, site, runTerm, stop, deploy, edit, pause, resume, pauses };
}

/** A job whose tick at `at` is held for longer than a second by its jitter. */
function heldAt(at: number, overrides: Partial<Job> = {}, spec: object = {}): Job {
  for (let seed = 0; ; seed++) {
    const job = jobOf("nightly", overrides, {
      at: [at, at + 60_000],
      jitterMs: 4_000,
      seed: `${seed}`,
      ...spec,
    });
    if (job.schedule.jitterOf(at) > 2_500) return job;
  }
}

describe("a tick that jitter holds when the schedule changes", () => {
  const at = T0 + 2_000;
  const before = heldAt(at);
  const { seed } = before.spec;
  const after = jobOf("nightly", { catchUp: "none" }, { at: [at, at + 61_000], seed });

  it.each(["an edit", "a deploy"])(
    "is launched once, when it is due, after %s; the next one is the new schedule's",
    async how => {
      const { clock, launchStore, runTerm, edit, deploy, stop } = setup([before]);
      await runTerm();
      await clock.advance(3_200);
      if (how === "an edit") await edit([after]);
      else {
        deploy([after]);
        await runTerm();
      }
      await clock.advance(before.schedule.jitterOf(at) - 1_201);
      expect(launchStore.launched("nightly")).toEqual([]);
      await clock.advance(1);
      expect(launchStore.launched("nightly")).toEqual([at]);
      await clock.advance(70_000);
      expect(launchStore.launched("nightly")).toEqual([at, at + 61_000]);
      expect(launchStore.closed.size).toBe(0);
      await stop();
    },
  );

  it("holds back no tick of the new schedule", async () => {
    const { clock, launchStore, runTerm, edit, stop } = setup([before]);
    await runTerm();
    await clock.advance(2_100);
    await edit([jobOf("nightly", {}, { everyMs: 100, seed })]);
    await clock.advance(200);
    expect(launchStore.launched("nightly")).toEqual([T0 + 2_200, T0 + 2_300]);
    await clock.advance(4_000);
    expect(launchStore.launched("nightly").filter(tick => tick === at)).toEqual([at]);
    await stop();
  });

  it("is not skipped before two answers, fifteen seconds apart, that no other replica carries the job", async () => {
    const { clock, recorder, runTerm, edit, stop } = setup([before]);
    await runTerm();
    await clock.advance(2_100);
    await edit([jobOf("other", {}, { everyMs: 3_600_000 })]);
    await clock.advance(29_000);
    expect(recorder.of("tick.skipped")).toEqual([]);
    await clock.advance(2_000);
    expect(recorder.of("tick.skipped")).toHaveLength(1);
    await stop();
  });

  it("is skipped with a reason when the job is removed, once no other replica carries it", async () => {
    const { clock, launchStore, site, recorder, runTerm, edit, stop } = setup([before]);
    site.isAgreed = false;
    await runTerm();
    await clock.advance(2_100);
    await edit([jobOf("other", {}, { everyMs: 3_600_000 })]);
    await clock.advance(120_000);
    expect(launchStore.decided).toEqual([]);
    site.isAgreed = true;
    await clock.advance(60_000);
    const reason = "the job was removed from the configuration";
    // The later tick of the schedule came while no configuration was known for certain to lack the job.
    expect(recorder.of("tick.skipped").map(({ tick, reason }) => [tick, reason])).toEqual(
      [at, at + 60_000].map(tick => [new Date(tick).toISOString(), reason]),
    );
    await stop();
  });
});

describe("a job with maxRuns", () => {
  it("counts over its schedules: what is left is shared, and raised it does not catch up on the time between", async () => {
    const job = (maxRuns: number) => jobOf("tick", { maxRuns });
    const { clock, launchStore, runTerm, edit, stop } = setup([job(2)]);
    await runTerm();
    await clock.advance(10_000);
    expect(launchStore.launched("tick")).toEqual([T0 + 1_000, T0 + 2_000]);
    await edit([job(3)]);
    await clock.advance(10_000);
    expect(launchStore.launched("tick")).toEqual([T0 + 1_000, T0 + 2_000, T0 + 11_000]);
    await stop();
  });
});

describe("ticks that passed during a pause while there was no leader", () => {
  it("are skipped as paused, not missed by the catch-up policy", async () => {
    const { clock, recorder, runTerm, stop, pause, resume } = setup([jobOf("tick", { catchUp: "none" })]);
    await runTerm();
    await clock.advance(1_000);
    await stop();
    await clock.advance(20_000);
    pause();
    await clock.advance(30_000);
    resume();
    await clock.advance(30_000);
    await runTerm();
    const told = (name: "tick.missed" | "tick.skipped") => recorder.of(name).map(({ reason }) => reason);
    expect(new Set(told("tick.skipped"))).toEqual(new Set(["paused"]));
    expect(new Set(told("tick.missed"))).toEqual(new Set(["catchUp: none"]));
    // From 5 s before the pause, for 30 s.
    expect(told("tick.skipped")).toHaveLength(35);
    await stop();
  });
});

describe("whatever is edited, deployed, paused and broken", () => {
  const version = fc.record({
    everyMs: fc.constantFrom(1_000, 1_400, 3_000),
    jitterMs: fc.constantFrom(0, 0, 4_000),
    catchUp: fc.constantFrom<Job["catchUp"]>("none", "latest", "all"),
    catchUpWindowMs: fc.constantFrom(10_000, 3_600_000),
    catchUpLimit: fc.constantFrom(3, 1_000),
  });
  const act = fc.tuple(
    fc.constantFrom("edit", "deploy", "handoff", "away", "pause", "resume", "wait"),
    version,
    fc.integer({ min: 0, max: 9_000 }),
    fc.constantFrom<Fault>("none", "none", "not done", "lost answer", "new connection"),
  );

  it("each tick whose time came while its schedule was in force is decided once, by that schedule's policy", async () => {
    const acts = fc.array(act, { minLength: 1, maxLength: 25 });
    const plain: ValueOf<typeof version> = {
      everyMs: 1_000,
      jitterMs: 0,
      catchUp: "none",
      catchUpWindowMs: 10_000,
      catchUpLimit: 3,
    };
    // The pause is ordered in the millisecond in which a tick that jitter held was launched, after it.
    const pausedAsItIsDue: ValueOf<typeof acts> = [
      ["edit", { ...plain, jitterMs: 4_000 }, 2_459, "none"],
      ["pause", plain, 1, "none"],
    ];
    await fc.assert(
      fc.asyncProperty(version, acts, async (first, script) => {
        const jobWith = ({ everyMs, jitterMs, ...rules }: typeof first) => {
          return [jobOf("tick", rules, { everyMs, jitterMs })];
        };
        const site = setup(jobWith(first));
        const { clock, launchStore, runTerm, stop, deploy, edit, pause, resume } = site;
        await runTerm();
        for (const [act, rules, ms, fault] of script) {
          launchStore.fault = () => {
            launchStore.fault = () => "none";
            return fault;
          };
          if (act === "edit") await edit(jobWith(rules));
          if (act === "deploy") deploy(jobWith(rules));
          if (act === "deploy" || act === "handoff") await runTerm();
          if (act === "away") await stop();
          if (act === "pause" && launchStore.controls.paused.size === 0) pause();
          if (act === "resume") resume();
          await clock.advance(ms);
        }
        launchStore.fault = () => "none";
        resume();
        await runTerm();
        await clock.advance(20_000);
        await stop();
        for (const [i, { job, fromMs }] of launchStore.epochs.entries()) {
          judge({
            ...site,
            job,
            fromMs,
            untilMs: launchStore.epochs[i + 1]?.fromMs ?? clock.nowMs() - 4_000,
          });
        }
        const known = launchStore.epochs.length;
        expect(launchStore.closed.size, `of ${known} epochs`).toBe(0);
      }),
      { numRuns: 150, examples: [[plain, pausedAsItIsDue]] },
    );
  });

  type Epoch = Pick<ReturnType<typeof setup>, "launchStore" | "pauses"> & {
    readonly job: Job;
    readonly fromMs: number;
    readonly untilMs: number;
  };

  function judge({ launchStore, pauses, job, fromMs, untilMs }: Epoch): void {
    const period = job.spec.everyMs as number;
    const first = (Math.floor(fromMs / period) + 1) * period;
    const ticks = Array.from({ length: Math.max(0, Math.floor((untilMs - first) / period) + 1) }, (_, i) => {
      return first + i * period;
    });
    const isOf = (tick: number) => tick > fromMs && tick <= untilMs;
    const decided = launchStore.decided.flatMap(({ decision, ...when }) => {
      if (!isOf(decision.tickAtMs)) return [];
      const count = decision.outcome === "launched" ? 1 : (decision.count ?? 1);
      return Array.from({ length: count }, (_, i) => {
        return { tick: decision.tickAtMs - (count - 1 - i) * period, decision, ...when };
      });
    });
    expect(decided.map(({ tick }) => tick).sort((a, b) => a - b)).toEqual(ticks);
    // A tick that is held holds back the later ones.
    let dueAtMs = Number.NEGATIVE_INFINITY;
    const dues = new Map(
      ticks.map(tick => {
        dueAtMs = Math.max(dueAtMs, tick + job.schedule.jitterOf(tick));
        return [tick, dueAtMs];
      }),
    );
    for (const { tick, decision, nowMs, wasPaused } of decided) {
      const due = dues.get(tick) as number;
      const lateMs = nowMs - due;
      const isNewest = !ticks.some(later => later > tick && (dues.get(later) as number) <= nowMs);
      expect(lateMs, "decided before it was due").toBeGreaterThanOrEqual(0);
      if (decision.outcome === "launched") {
        expect(wasPaused, "launched while paused").toBe(false);
        if (lateMs <= ON_TIME_MS) continue;
        expect(job.catchUp).not.toBe("none");
        expect(lateMs).toBeLessThanOrEqual(job.catchUpWindowMs);
        if (job.catchUp === "latest") expect(isNewest, "of late ticks the newest").toBe(true);
        continue;
      }
      const { reason } = decision;
      if (reason.code === "paused") {
        const isTrue = pauses.some(({ fromMs, toMs }) => due >= fromMs - ON_TIME_MS && due <= toMs);
        expect(isTrue, `paused when it was due, ${due}`).toBe(true);
        continue;
      }
      expect(lateMs, reason.code).toBeGreaterThan(ON_TIME_MS);
      if (reason.code === "catch_up_none") expect(job.catchUp).toBe("none");
      else if (reason.code === "superseded") expect([job.catchUp, isNewest]).toEqual(["latest", false]);
      else if (reason.code === "older_than_window") expect(lateMs).toBeGreaterThan(job.catchUpWindowMs);
      else expect(reason).toEqual({ code: "beyond_limit", limit: job.catchUpLimit });
    }
  }
});
