import { expect, it } from "vitest";
import { type Evidence, type JobRules, type JudgedJob, judge, readRun } from "../../chaos/verdict.ts";
import { play, START, type Vice } from "./toy-scheduler.ts";

/** The clock of Redis is set at one of these moments, and back at the other. */
const [SET_MS, BACK_MS, OVER_MS] = [10_300, 14_300, 23_300];
const STEP_MS = 4_000;
const STEP = { fromMs: START + SET_MS - STEP_MS, untilMs: START + OVER_MS };

function job(rules: Partial<JudgedJob> = {}): JudgedJob {
  return { name: "a", periodMs: 1_000, overlap: "allow", catchUp: "all", ...rules };
}

/** What the records say when the clock is ahead by `aheadMs` for a while: times of a stream never fall. */
function stepped(evidence: Evidence, aheadMs: number): Evidence {
  const shown = (atMs: number) => (atMs > START + SET_MS && atMs <= START + BACK_MS ? atMs + aheadMs : atMs);
  let newest = 0;
  const stamp = (atMs: number) => {
    newest = Math.max(newest, shown(atMs));
    return newest;
  };
  const events = evidence.events.map((event, i) => ({
    ...event,
    id: `${stamp(Number(event.id.split("-")[0]))}-${i}`,
  }));
  newest = 0;
  const history = evidence.history.map(row => ({ ...row, atMs: stamp(row.atMs) }));
  const disturbances = [{ kind: "Redis: clock set", of: "store", ...STEP } as const];
  return { ...evidence, events, history, disturbances, clockSteps: [STEP] };
}

function breaches(evidence: Evidence): string[] {
  return [...new Set(judge(evidence).violations.map(({ breach }) => breach))].sort();
}

const PAUSE = [
  { action: "pause", job: "a", atMs: START + 11_400 } as const,
  { action: "resume", job: "a", atMs: START + 13_400 } as const,
];

it.each([STEP_MS, 2_000, -2_000, -STEP_MS])(
  "finds nothing where a scheduler does its duty and the clock of Redis is set by %i ms, and back",
  aheadMs => {
    const jobs = [job(), job({ name: "b", overlap: "skip" }), job({ name: "c", catchUp: "none" })];
    for (const takesMs of [20, 1_300]) {
      const world = { jobs, takesMs, recordedCommands: PAUSE };
      expect(judge(stepped(play(world), aheadMs)).violations).toEqual([]);
    }
  },
);

const at = (tickAtMs: number, second: number) => tickAtMs === START + second * 1_000;

it.each<{ what: string; vice: Vice; finds: string }>([
  { what: "forgets a tick", vice: { decide: d => (at(d.tickAtMs, 12) ? null : d) }, finds: "lost" },
  {
    what: "misses a tick that catchUp: all keeps",
    vice: {
      decide: d =>
        at(d.tickAtMs, 12)
          ? { tickAtMs: d.tickAtMs, outcome: "missed", reason: "older than catchUpWindow 1h" }
          : d,
    },
    finds: "not permitted",
  },
  {
    what: "skips a tick as paused",
    vice: {
      decide: d => (at(d.tickAtMs, 12) ? { tickAtMs: d.tickAtMs, outcome: "skipped", reason: "paused" } : d),
    },
    finds: "not permitted",
  },
  {
    what: "is silent for longer than the step lasts",
    vice: { sloth: tickAtMs => (at(tickAtMs, 15) ? 12_000 : 0) },
    finds: "late",
  },
])("finds it when a scheduler $what while the clock of Redis is set", ({ vice, finds }) => {
  expect(breaches(stepped(play({ jobs: [job()] }, vice), STEP_MS))).toContain(finds);
  expect(breaches(stepped(play({ jobs: [job()] }, vice), -STEP_MS))).toContain(finds);
});

it("finds a tick that is launched again when the clock of Redis is set back", () => {
  const evidence = stepped(play({ jobs: [job()] }), -STEP_MS);
  const again = evidence.events.filter(({ event, run }) => event === "added" && at(readRun(run).tickAtMs, 9));
  expect(breaches({ ...evidence, events: [...evidence.events, ...again] })).toContain("launched twice");
});

it("finds a tick that is launched earlier than the step explains", () => {
  const evidence = play({ jobs: [job()] });
  const earlier = (ms: number, aheadMs: number) => ({
    ...evidence,
    events: evidence.events.map(event =>
      at(readRun(event.run).tickAtMs, 13)
        ? { ...event, id: `${Number(event.id.split("-")[0]) - ms}-0` }
        : event,
    ),
    disturbances: [{ kind: "Redis: clock set", of: "store", ...STEP } as const],
    clockSteps: aheadMs === 0 ? [] : [STEP],
  });
  expect(breaches(earlier(4_000, 0))).toContain("not permitted");
  expect(breaches(earlier(4_000, -STEP_MS))).not.toContain("not permitted");
  expect(breaches(earlier(6_000, -STEP_MS))).toContain("not permitted");
});

it("compares terms within each job while the clock of Redis is set, and over all jobs at other times", () => {
  const evidence = stepped(play({ jobs: [job(), job({ name: "b" })] }), STEP_MS);
  const newerTerm = (name: string, second: number) =>
    evidence.events.map(event => {
      const run = readRun(event.run);
      return run.job === name && at(run.tickAtMs, second) && event.event === "added"
        ? { ...event, term: 2 }
        : event;
    });
  const older = "older term after a newer one";
  expect(breaches({ ...evidence, events: newerTerm("a", 12) })).toContain(older);
  const last = { ...evidence, jobs: [job(), job({ name: "b" })] };
  const others = newerTerm("a", 12).filter(
    ({ run }) => readRun(run).job !== "a" || at(readRun(run).tickAtMs, 12),
  );
  expect(breaches({ ...last, events: others })).not.toContain(older);
  expect(breaches({ ...last, events: newerTerm("a", 30) })).toContain(older);
});

it("lets either side of an edit have a tick near it while the clock of Redis is set, and at no other time", () => {
  const rules: JobRules = {
    periodMs: 1_000,
    overlap: "allow",
    catchUp: "all",
    isExcepted: tick => at(tick, 11),
  };
  const edit = { fromMs: START + 12_100, untilMs: START + 12_300, rules };
  const without = play({ jobs: [job()] }, { decide: d => (at(d.tickAtMs, 11) ? null : d) });
  const edited = { ...without, jobs: [job({ edits: [edit] })] };
  expect(breaches(edited)).toContain("lost");
  expect(breaches(stepped(edited, -2_000))).not.toContain("lost");
});

it("takes a run for removed that was, by the clock of Redis, removed before it was added", () => {
  const evidence = stepped(play({ jobs: [job({ overlap: "skip" })] }), STEP_MS);
  const run = evidence.events.find(event => at(readRun(event.run).tickAtMs, 12))?.run ?? "";
  const removed = [{ run, fromMs: START + 12_050, untilMs: START + 12_060 }];
  const events = evidence.events.filter(event => event.run !== run || event.event !== "completed");
  const handled = evidence.handled.filter(call => call.run !== run);
  expect(breaches({ ...evidence, events, handled })).toContain("not permitted");
  expect(judge({ ...evidence, events, handled, removed }).violations).toEqual([]);
});

it("lets a run be in the way for as much longer as the clock of Redis was set back meanwhile", () => {
  const skips = (until: number) =>
    play(
      { jobs: [job({ overlap: "skip" })] },
      {
        decide: d =>
          d.tickAtMs > START + 9_000 && d.tickAtMs <= START + until * 1_000
            ? { tickAtMs: d.tickAtMs, outcome: "skipped", reason: "overlap" }
            : d,
      },
    );
  const found = (until: number, clockSteps: NonNullable<Evidence["clockSteps"]>) => {
    const evidence = skips(until);
    const run = evidence.events.find(event => at(readRun(event.run).tickAtMs, 9))?.run ?? "";
    const events = evidence.events.filter(event => event.run !== run || event.event !== "completed");
    const handled = evidence.handled.filter(call => call.run !== run);
    const removed = [{ run, fromMs: START + 24_200, untilMs: START + 24_300 }];
    return breaches({ ...evidence, events, handled, removed, clockSteps });
  };
  expect(found(28, [])).toContain("not permitted");
  expect(found(28, [STEP])).toEqual([]);
  expect(found(31, [STEP])).toContain("not permitted");
});
