import { expect, it } from "vitest";
import { type Evidence, type JudgedJob, judge, readRun } from "../../chaos/verdict.ts";
import { play, START, type Vice, type World } from "./toy-scheduler.ts";

const SECOND_MS = 1_000;
const [EDIT_MS, SPREAD_MS] = [15_400, 18_400];

function job(rules: Partial<JudgedJob> = {}): JudgedJob {
  return { name: "a", periodMs: SECOND_MS, overlap: "allow", catchUp: "all", ...rules };
}

function edited(from: Partial<JudgedJob>, to: Partial<JudgedJob>): JudgedJob {
  const { name: _, ...rules } = job(to);
  return { ...job(from), edits: [{ fromMs: START + EDIT_MS, untilMs: START + SPREAD_MS, rules }] };
}

/** Taken out of the files immediately, and put back after it was skipped as removed, or before. */
function removed(untilMs: number, rules: Partial<JudgedJob> = {}): JudgedJob {
  const absence = {
    fromMs: START + 5_400,
    goneFromMs: START + 5_400,
    goneUntilMs: START + untilMs,
    untilMs: START + untilMs + 500,
  };
  return { ...job(rules), absences: [absence] };
}

const isEven = (tickAtMs: number) => (tickAtMs / SECOND_MS) % 2 === 0;
const isThird = (tickAtMs: number) => (tickAtMs / SECOND_MS) % 3 === 0;
const EXCEPT = edited({ isExcepted: isEven }, { isExcepted: isThird });
const RAISED = edited({ maxRuns: 10 }, { maxRuns: 20 });
const LOWERED = edited({ maxRuns: 30 }, { maxRuns: 18 });
const OVER = edited({ maxRuns: 30 }, { maxRuns: 5 });
/** Ticks that an outage held when the limit was raised: old and new share what is left. */
const OUTAGE = {
  world: { jobs: [RAISED], leaderless: [[5_000, 16_500]] } as World,
  more: {
    disturbances: [{ kind: "fault", of: "store", fromMs: START + 4_900, untilMs: START + 17_000 }],
  } as const,
};

function breaches(evidence: Evidence): string[] {
  return [...new Set(judge(evidence).violations.map(({ breach }) => breach))].sort();
}

it.each<{ what: string; world: World; more?: Partial<Evidence> }>([
  { what: "except is edited", world: { jobs: [EXCEPT] } },
  { what: "maxRuns is raised after the end", world: { jobs: [RAISED] } },
  { what: "maxRuns is raised in an outage", ...OUTAGE },
  { what: "maxRuns is lowered", world: { jobs: [LOWERED] } },
  { what: "maxRuns is lowered below what was launched", world: { jobs: [OVER] } },
  { what: "the job is removed for a moment", world: { jobs: [removed(9_300)] } },
  { what: "the job is removed and skipped", world: { jobs: [removed(28_300)] } },
  {
    what: "the job is removed for a moment, with catchUp: none",
    world: { jobs: [removed(20_300, { catchUp: "none" })] },
  },
  {
    what: "the job is removed for a moment, with catchUp: latest",
    world: { jobs: [removed(20_300, { catchUp: "latest" })] },
  },
])("finds nothing where a scheduler does its duty and $what", ({ world, more }) => {
  expect(judge({ ...play(world), ...more }).violations).toEqual([]);
});

const ignores =
  (...what: string[]): NonNullable<Vice["isIgnorant"]> =>
  of =>
    what.includes(of);
const drops = (fromMs: number, untilMs: number): Vice => ({
  decide: d => (d.tickAtMs > START + fromMs && d.tickAtMs < START + untilMs ? null : d),
});

it.each<{ what: string; jobs: JudgedJob[]; vice: Vice; finds: string }>([
  {
    what: "launches what is excepted",
    jobs: [EXCEPT],
    vice: { isIgnorant: ignores("except") },
    finds: "no such tick",
  },
  {
    what: "goes on with the old exceptions",
    jobs: [EXCEPT],
    vice: { isIgnorant: ignores("edit") },
    finds: "lost",
  },
  {
    what: "drops ticks from before an edit of except",
    jobs: [EXCEPT],
    vice: drops(12_000, 15_400),
    finds: "lost",
  },
  {
    what: "ignores that maxRuns was raised",
    jobs: [RAISED],
    vice: { isIgnorant: ignores("edit") },
    finds: "lost",
  },
  {
    what: "ignores that maxRuns was lowered",
    jobs: [LOWERED],
    vice: { isIgnorant: ignores("edit") },
    finds: "not permitted",
  },
  {
    what: "begins to count anew when maxRuns is lowered",
    jobs: [OVER],
    vice: { isIgnorant: (of, tickAtMs) => of === "maxRuns" && tickAtMs < START + 23_000 },
    finds: "not permitted",
  },
  {
    what: "catches up on the time between when maxRuns is raised",
    jobs: [RAISED],
    vice: { isIgnorant: (of, tickAtMs) => of === "maxRuns" && tickAtMs < START + 14_000 },
    finds: "not permitted",
  },
  {
    what: "drops a tick before the limit is reached",
    jobs: [RAISED],
    vice: drops(4_500, 5_500),
    finds: "lost",
  },
  {
    what: "launches a job that was removed",
    jobs: [removed(28_300)],
    vice: { isIgnorant: ignores("removal") },
    finds: "not permitted",
  },
  {
    what: "misses ticks of a job that was removed",
    jobs: [removed(28_300, { catchUp: "none" })],
    vice: {
      isIgnorant: ignores("removal"),
      decide: d => ({ tickAtMs: d.tickAtMs, outcome: "missed", reason: "catchUp: none" }),
    },
    finds: "not permitted",
  },
  {
    what: "takes a job for removed at the first look",
    jobs: [removed(28_300)],
    vice: {
      isIgnorant: ignores("removal"),
      decide: d =>
        d.tickAtMs > START + 6_000 && d.tickAtMs < START + 12_000
          ? { tickAtMs: d.tickAtMs, outcome: "skipped", reason: "the job was removed from the configuration" }
          : d,
    },
    finds: "not permitted",
  },
  {
    what: "says of a job that is there that it was removed",
    jobs: [job()],
    vice: {
      decide: d => ({
        tickAtMs: d.tickAtMs,
        outcome: "skipped",
        reason: "the job was removed from the configuration",
      }),
    },
    finds: "not permitted",
  },
  {
    what: "forgets the ticks of a removal",
    jobs: [removed(9_300)],
    vice: drops(5_500, 9_000),
    finds: "lost",
  },
  {
    what: "goes on too late after a job was put back",
    jobs: [removed(9_300)],
    vice: { sloth: tickAtMs => (tickAtMs === START + 7_000 ? 6_500 : 0) },
    finds: "late",
  },
])("finds it when a scheduler $what", ({ jobs, vice, finds }) => {
  expect(breaches(play({ jobs }, vice))).toContain(finds);
});

it("finds a tick that was lost in an outage in which maxRuns was raised", () => {
  const evidence = { ...play(OUTAGE.world), ...OUTAGE.more };
  const without = (run: string) => ({
    history: evidence.history.filter(row => row.run !== run),
    events: evidence.events.filter(event => event.run !== run),
  });
  const late = evidence.history.find(({ run }) => readRun(run).tickAtMs === START + 6_000);
  expect(breaches({ ...evidence, ...without(late?.run ?? "") })).toContain("lost");
});
