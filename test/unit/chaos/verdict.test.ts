import { expect, it } from "vitest";
import {
  type Disturbance,
  type Evidence,
  type JudgedJob,
  judge,
  type RecordedCommand,
  readRun,
} from "../../chaos/verdict.ts";
import { type Decision, play, START, type Vice, type World } from "./toy-scheduler.ts";

const SECOND_MS = 1_000;
const TICK_AT = START + 10_000;
const RUN = (job: string, offsetMs = 10_000) =>
  `${job}@${new Date(START + offsetMs).toISOString().replace(/[-:]|\.000/g, "")}`;

function job(name: string, rules: Partial<JudgedJob> = {}): JudgedJob {
  return { name, periodMs: SECOND_MS, overlap: "allow", catchUp: "all", ...rules };
}

function recordedCommand(
  action: RecordedCommand["action"],
  offsetMs: number,
  ticks?: readonly number[],
): RecordedCommand {
  return { action, job: "a", atMs: START + offsetMs, ...(ticks && { ticks }) };
}

function away(fromMs: number, untilMs: number, more: Partial<Disturbance> = {}): Disturbance {
  return { kind: "fault", of: "leader", fromMs: START + fromMs, untilMs: START + untilMs, ...more };
}

/** The kinds of breach that the judge finds, each once. */
function breaches(evidence: Evidence): string[] {
  return [...new Set(judge(evidence).violations.map(({ breach }) => breach))].sort();
}

const PLAIN: World = { jobs: [job("a"), job("b", { overlap: "skip" }), job("c", { overlap: "queue" })] };
const OUTAGE: World["leaderless"] = [[8_000, 22_000]];
const LONG_OUTAGE = { disturbances: [away(7_990, 22_100, { of: "store" })] };
const PAUSE = [recordedCommand("pause", 8_400), recordedCommand("resume", 20_400)];
const JITTER = (tickAtMs: number) => ((tickAtMs / SECOND_MS) % 7 === 0 ? 4_000 : 300);
const EDIT = { fromMs: START + 10_400, untilMs: START + 13_400, rules: job("a", { periodMs: 700 }) };

it.each<{ what: string; world: World; more?: Partial<Evidence> }>([
  { what: "nothing happens", world: PLAIN },
  {
    what: "a leader is killed",
    world: { ...PLAIN, leaderless: [[9_900, 10_600]] },
    more: { disturbances: [away(9_900, 11_400, { endsTerm: true })] },
  },
  {
    what: "Redis is down, with catchUp: all",
    world: { jobs: [job("a")], leaderless: OUTAGE },
    more: LONG_OUTAGE,
  },
  {
    what: "Redis is down, with catchUp: none",
    world: { jobs: [job("a", { catchUp: "none" })], leaderless: OUTAGE },
    more: LONG_OUTAGE,
  },
  {
    what: "Redis is down, with catchUp: latest",
    world: {
      jobs: [job("a", { catchUp: "latest" }), job("l", { catchUp: "latest", periodMs: 7_000 })],
      leaderless: OUTAGE,
    },
    more: LONG_OUTAGE,
  },
  {
    what: "Redis is down, with a window",
    world: { jobs: [job("a", { catchUpWindowMs: 9_000 })], leaderless: OUTAGE },
    more: LONG_OUTAGE,
  },
  {
    what: "Redis is down, with a limit",
    world: { jobs: [job("a", { catchUpLimit: 7 })], leaderless: OUTAGE },
    more: LONG_OUTAGE,
  },
  {
    what: "Redis is down, with jitter beyond the window",
    world: { jobs: [job("a", { jitterOf: JITTER, catchUpWindowMs: 6_000 })], leaderless: OUTAGE },
    more: LONG_OUTAGE,
  },
  { what: "runs take longer than a period", world: { ...PLAIN, takesMs: 1_300 } },
  { what: "runs take longer than several periods", world: { ...PLAIN, takesMs: 7_300 } },
  {
    what: "runs take long, and nothing is caught up on",
    world: { jobs: [job("c", { overlap: "queue", catchUp: "none" })], takesMs: 7_300 },
  },
  { what: "a job has jitter", world: { jobs: [job("a", { jitterOf: JITTER })] } },
  { what: "a job is over", world: { jobs: [job("a", { maxRuns: 12 }), job("b")] } },
  { what: "a job is paused, with catchUp: all", world: { jobs: [job("a")], recordedCommands: PAUSE } },
  {
    what: "a job is paused, with catchUp: latest",
    world: { jobs: [job("a", { catchUp: "latest" })], recordedCommands: PAUSE },
  },
  {
    what: "a job is paused, with catchUp: none",
    world: { jobs: [job("a", { catchUp: "none" })], recordedCommands: PAUSE },
  },
  {
    what: "a tick is to be skipped",
    world: { jobs: [job("a")], recordedCommands: [recordedCommand("skip-next", 9_100, [TICK_AT])] },
  },
  { what: "the period is edited", world: { jobs: [job("a", { edits: [EDIT] })] } },
  {
    what: "a policy is edited",
    world: {
      jobs: [job("a", { catchUp: "none", edits: [{ ...EDIT, rules: job("a", { catchUp: "all" }) }] })],
      leaderless: OUTAGE,
    },
    more: LONG_OUTAGE,
  },
  {
    what: "a job is paused and edited",
    world: { jobs: [job("a", { edits: [EDIT] })], recordedCommands: PAUSE },
  },
])("finds nothing where a scheduler does its duty and $what", ({ world, more }) => {
  expect(judge({ ...play(world), ...more }).violations).toEqual([]);
});

it("finds nothing where the code is right, whatever the text says", () => {
  const world = { jobs: [job("a", { catchUp: "none" })], leaderless: OUTAGE };
  const decide = (d: Decision): Decision =>
    d.outcome === "missed" ? { ...d, reason: "in other words", reasonCode: "catch_up_none" } : d;
  expect(judge({ ...play(world, { decide }), ...LONG_OUTAGE }).violations).toEqual([]);
});

const is =
  (tickAtMs: number, instead: Partial<Decision>): NonNullable<Vice["decide"]> =>
  decision =>
    decision.tickAtMs === tickAtMs ? { tickAtMs, outcome: "skipped", ...instead } : decision;
const ignores =
  (...what: string[]): NonNullable<Vice["isIgnorant"]> =>
  of =>
    what.includes(of);

it.each<{ what: string; world?: World; vice: Vice; more?: Partial<Evidence>; finds: string }>([
  {
    what: "launches nothing and says that it missed",
    vice: {
      decide: ({ tickAtMs }) => ({ tickAtMs, outcome: "missed", reason: "older than catchUpWindow 1h" }),
    },
    finds: "not permitted",
  },
  {
    what: "launches nothing and says that it skipped",
    vice: { decide: ({ tickAtMs }) => ({ tickAtMs, outcome: "skipped", reason: "paused" }) },
    finds: "not permitted",
  },
  {
    what: "launches nothing, late",
    world: { jobs: [job("a", { catchUp: "none" })] },
    vice: { sloth: () => 6_000 },
    finds: "late",
  },
  { what: "launches nothing and says nothing", vice: { decide: () => null }, finds: "lost" },
  {
    what: "forgets one tick",
    vice: { decide: decision => (decision.tickAtMs === TICK_AT ? null : decision) },
    finds: "lost",
  },
  { what: "launches late", vice: { sloth: tickAtMs => (tickAtMs === TICK_AT ? 3_000 : 0) }, finds: "late" },
  {
    what: "misses a punctual tick",
    world: { jobs: [job("a", { catchUp: "none" })] },
    vice: { decide: is(TICK_AT, { outcome: "missed", reason: "catchUp: none" }) },
    finds: "not permitted",
  },
  {
    what: "skips one tick without cause",
    vice: { decide: is(TICK_AT, { reason: "overlap" }) },
    finds: "not permitted",
  },
  {
    what: "skips with a queue and without a newer tick",
    world: { jobs: [job("a", { overlap: "queue" })], takesMs: 1_300 },
    vice: { decide: is(TICK_AT + SECOND_MS, { reason: "replaced by a newer tick" }) },
    finds: "not permitted",
  },
  {
    what: "skips as paused without a pause",
    vice: { decide: is(TICK_AT, { reason: "paused" }) },
    finds: "not permitted",
  },
  {
    what: "skips as ordered without an order",
    vice: { decide: is(TICK_AT, { reason: "skip-next" }) },
    finds: "not permitted",
  },
  { what: "skips without a reason", vice: { decide: is(TICK_AT, {}) }, finds: "not permitted" },
  {
    what: "skips behind a run that has ended",
    world: { jobs: [job("b", { overlap: "skip" })], takesMs: 1_300 },
    vice: { decide: d => (d.reason === "overlap" ? { ...d, blockedBy: RUN("b", 0) } : d) },
    finds: "not permitted",
  },
  {
    what: "gives a wrong reason for a miss",
    world: { jobs: [job("a", { catchUp: "none" })], leaderless: OUTAGE },
    vice: { decide: d => (d.outcome === "missed" ? { ...d, reason: "older than catchUpWindow 1h" } : d) },
    more: LONG_OUTAGE,
    finds: "not permitted",
  },
  ...["older_than_window", "full_moon"].map(reasonCode => ({
    what: `gives the code ${reasonCode} for a miss of another kind`,
    world: { jobs: [job("a", { catchUp: "none" })], leaderless: OUTAGE },
    vice: { decide: (d: Decision) => (d.outcome === "missed" ? { ...d, reasonCode } : d) },
    more: LONG_OUTAGE,
    finds: "not permitted",
  })),
  {
    what: "says missed of a pause",
    world: { jobs: [job("a", { catchUp: "none" })], recordedCommands: PAUSE },
    vice: { decide: d => (d.reason === "paused" ? { ...d, outcome: "missed", reason: "catchUp: none" } : d) },
    finds: "not permitted",
  },
  {
    what: "drops what a pause holds",
    world: { jobs: [job("a")], recordedCommands: PAUSE },
    vice: {
      decide: d =>
        d.tickAtMs > START + 9_000 && d.tickAtMs < START + 13_000
          ? { ...d, outcome: "skipped", reason: "paused" }
          : d,
    },
    finds: "not permitted",
  },
  {
    what: "launches during a pause",
    world: { jobs: [job("a")], recordedCommands: PAUSE },
    vice: { isIgnorant: ignores("pause") },
    finds: "not permitted",
  },
  {
    what: "launches what is to be skipped",
    world: { jobs: [job("a")], recordedCommands: [recordedCommand("skip-next", 9_100, [TICK_AT])] },
    vice: { isIgnorant: ignores("skip-next") },
    finds: "not permitted",
  },
  {
    what: "launches beside another run",
    world: { jobs: [job("b", { overlap: "skip" })], takesMs: 1_300 },
    vice: { isIgnorant: ignores("overlap") },
    finds: "not permitted",
  },
  {
    what: "launches more than maxRuns",
    world: { jobs: [job("a", { maxRuns: 12 })] },
    vice: { isIgnorant: ignores("maxRuns") },
    finds: "not permitted",
  },
  {
    what: "ends a job before maxRuns",
    world: { jobs: [job("a", { maxRuns: 12 }), job("b")] },
    vice: { decide: d => (d.tickAtMs > TICK_AT + SECOND_MS - 1 ? null : d) },
    finds: "lost",
  },
  {
    what: "launches before the jitter is over",
    world: { jobs: [job("a", { jitterOf: JITTER })] },
    vice: { isIgnorant: ignores("due") },
    finds: "not permitted",
  },
  {
    what: "catches up with catchUp: none",
    world: { jobs: [job("a", { catchUp: "none" })], leaderless: OUTAGE },
    vice: { decide: d => (d.outcome === "missed" ? { tickAtMs: d.tickAtMs, outcome: "launched" } : d) },
    more: LONG_OUTAGE,
    finds: "not permitted",
  },
  {
    what: "catches up on all with catchUp: latest",
    world: { jobs: [job("a", { catchUp: "latest" })], leaderless: OUTAGE },
    vice: { decide: d => (d.outcome === "missed" ? { tickAtMs: d.tickAtMs, outcome: "launched" } : d) },
    more: LONG_OUTAGE,
    finds: "not permitted",
  },
  {
    what: "counts the window from the tick",
    world: { jobs: [job("a", { jitterOf: JITTER, catchUpWindowMs: 6_000 })], leaderless: [[8_000, 16_500]] },
    vice: {
      decide: d =>
        d.outcome === "launched" && d.tickAtMs === START + 12_000
          ? { tickAtMs: d.tickAtMs, outcome: "missed", reason: "older than catchUpWindow 6s" }
          : d,
    },
    more: { disturbances: [away(7_990, 16_600, { of: "store" })] },
    finds: "not permitted",
  },
  {
    what: "ignores an edit",
    world: { jobs: [job("a", { edits: [EDIT] })] },
    vice: { isIgnorant: ignores("edit") },
    finds: "no such tick",
  },
  {
    what: "drops what was held when the job was edited",
    world: { jobs: [job("a", { edits: [EDIT] })], recordedCommands: PAUSE },
    vice: { decide: d => (d.tickAtMs > START + 8_400 && d.tickAtMs < START + 10_400 ? null : d) },
    finds: "lost",
  },
  {
    what: "never hands over after a kill",
    world: { ...PLAIN, leaderless: [[9_900, 60_000]] },
    vice: {},
    more: { disturbances: [away(9_900, 11_400, { endsTerm: true })] },
    finds: "no leader",
  },
  {
    what: "hands over after a kill too late",
    world: { ...PLAIN, leaderless: [[9_900, 12_100]] },
    vice: {},
    more: { disturbances: [away(9_900, 11_400, { endsTerm: true })] },
    finds: "no leader",
  },
  {
    what: "is late because of what happened to a follower",
    vice: { sloth: tickAtMs => (tickAtMs === TICK_AT ? 3_000 : 0) },
    more: { disturbances: [away(8_000, 20_000, { of: "follower" })] },
    finds: "late",
  },
])("finds it when a scheduler $what", ({ world = PLAIN, vice, more, finds }) => {
  expect(breaches({ ...play(world, vice), ...more })).toContain(finds);
});

type Change = (evidence: Evidence) => Partial<Evidence>;
const A = RUN("a");

it.each<{ what: string; change: Change; finds: string[] }>([
  {
    what: "a run is added twice",
    change: ({ events }) => ({
      events: events.flatMap(e => (e.run === A && e.event === "added" ? [e, e] : [e])),
    }),
    finds: ["launched twice"],
  },
  {
    what: "a run is added while it is there",
    change: ({ events }) => ({
      events: [...events, { id: "9999999999999-0", event: "duplicated", run: A, term: null }],
    }),
    finds: ["launched twice"],
  },
  {
    what: "an older term launches after a newer one",
    change: ({ events }) => ({
      events: events.map(e => (e.event === "added" && e.run < A ? { ...e, term: 2 } : e)),
    }),
    finds: ["older term after a newer one"],
  },
  {
    what: "a record is missing",
    change: ({ history }) => ({ history: history.filter(({ run }) => run !== A) }),
    finds: ["not on record once"],
  },
  {
    what: "a record is there twice",
    change: ({ history }) => ({ history: history.flatMap(row => (row.run === A ? [row, row] : [row])) }),
    finds: ["not on record once"],
  },
  {
    what: "a run that was launched is on record as skipped",
    change: ({ history }) => ({
      history: history.map(row => (row.run === A ? { ...row, outcome: "skipped", reason: "overlap" } : row)),
    }),
    finds: ["not permitted", "wrong record"],
  },
  {
    what: "a record says launched and there is no run",
    change: ({ events }) => ({ events: events.filter(({ run }) => run !== A) }),
    finds: ["lost"],
  },
  {
    what: "a record says that the tick was on time",
    change: ({ history, events }) => ({
      history: history.map(row => (row.run === A ? { ...row, lateMs: -4_000 } : row)),
      events,
    }),
    finds: ["wrong record"],
  },
  {
    what: "ticks are recorded out of order",
    change: ({ history }) => ({
      history: [...history.filter(({ run }) => run !== A), ...history.filter(({ run }) => run === A)],
    }),
    finds: ["out of order"],
  },
  {
    what: "a run was not handled",
    change: ({ handled }) => ({ handled: handled.filter(({ run }) => run !== A) }),
    finds: ["not handled"],
  },
  {
    what: "a run did not complete",
    change: ({ events }) => ({ events: events.filter(({ run, event }) => run !== A || event === "added") }),
    finds: ["not handled"],
  },
  {
    what: "a run failed",
    change: ({ events }) => ({
      events: [...events, { id: "9999999999999-0", event: "failed", run: A, term: null }],
    }),
    finds: ["failed"],
  },
  {
    what: "another run than the one that failed was removed from outside",
    change: ({ events }) => ({
      events: [...events, { id: "9999999999999-0", event: "failed", run: A, term: null }],
      removed: [removal(RUN("b"))],
    }),
    finds: ["failed"],
  },
  { what: "a replica crashed", change: () => ({ accidents: ["r0: ended by itself"] }), finds: ["accident"] },
  {
    what: "an order is on record twice",
    change: () => ({
      recordedCommands: [recordedCommand("skip-next", 41_000), recordedCommand("skip-next", 41_010)],
      commands: [command("skip-next")],
    }),
    finds: ["command not carried out once"],
  },
  {
    what: "an order that was answered is not on record",
    change: () => ({ commands: [command("pause")] }),
    finds: ["command not carried out once"],
  },
  {
    what: "a run that was ordered is not there",
    change: () => ({ commands: [{ ...command("trigger"), answer: { runs: ["a@manual-1"] } }] }),
    finds: ["command not carried out once"],
  },
  {
    what: "two runs come of one command",
    change: ({ events, handled }) => ({
      commands: [{ ...command("trigger"), answer: null }],
      ...ordered(events, handled, "a@manual-1", "a@manual-2"),
    }),
    finds: ["command not carried out once"],
  },
  {
    what: "two leaders step down after one command",
    change: () => ({ commands: [{ ...command("stepdown"), job: null }], steppedDown: 2 }),
    finds: ["command not carried out once"],
  },
  {
    what: "a tick is filled in before it is launched",
    change: ({ events, handled }) => ({
      commands: [{ ...command("backfill"), answer: { runs: [`${A}~backfill-1`] } }],
      ...ordered(events, handled, `${A}~backfill-1`),
    }),
    finds: ["launched twice"],
  },
])("finds it when $what", ({ change, finds }) => {
  const evidence = play(PLAIN);
  expect(breaches({ ...evidence, ...change(evidence) })).toEqual(finds);
});

function removal(run: string) {
  return { run, fromMs: TICK_AT, untilMs: TICK_AT };
}

function command(action: "skip-next" | "pause" | "trigger" | "stepdown" | "backfill") {
  const [fromMs, untilMs] = [START + 40_900, START + 41_100];
  return { action, job: "a", fromMs, untilMs, answer: { isChange: true } };
}

/** Added just before the tick of A, and handled. */
function ordered(events: Evidence["events"], handled: Evidence["handled"], ...runs: string[]) {
  const more = runs.flatMap(run => [
    { id: `${TICK_AT - 10}-0`, event: "added", run, term: 0 },
    { id: `${TICK_AT - 5}-0`, event: "completed", run, term: null },
  ]);
  return {
    events: [...more, ...events],
    handled: [...handled, ...runs.map(run => ({ run, attempt: 1, term: 0 }))],
  };
}

it("excuses exactly the runs that were removed from outside", () => {
  const evidence = play(PLAIN);
  const events = evidence.events.filter(({ run, event }) => run !== A || event === "added");
  expect(breaches({ ...evidence, events, removed: [removal(A)] })).toEqual([]);
});

it("lets a run that was removed be in the way while its handler is at work, and only then", () => {
  const world: World = { jobs: [job("b", { overlap: "skip" })], takesMs: 1_300 };
  const evidence = play(world);
  const run = RUN("b");
  const isEnd = (event: Evidence["events"][number]) => event.run === run && event.event !== "added";
  const removal = { run, fromMs: TICK_AT + 100, untilMs: TICK_AT + 150 };
  const gone = { ...evidence, removed: [removal], events: evidence.events.filter(event => !isEnd(event)) };
  expect(breaches(gone)).toEqual(["not permitted"]);
  const calls = [{ run, fromMs: TICK_AT, untilMs: TICK_AT + 1_300 }];
  expect(breaches({ ...gone, calls })).toEqual([]);
  const unread = { ...gone, events: gone.events.filter(event => event.run !== run) };
  expect(breaches({ ...unread, calls, removed: [{ ...removal, fromMs: TICK_AT }] })).toEqual([]);
});

it("lets a run begin from when the one before it may have been removed", () => {
  const evidence = play({ jobs: [job("b", { overlap: "skip" })] });
  const events = evidence.events.filter(({ run, event }) => run !== RUN("b") || event === "added");
  const removed = (fromMs: number) => [{ run: RUN("b"), fromMs: TICK_AT + fromMs, untilMs: TICK_AT + 1_300 }];
  expect(breaches({ ...evidence, events, removed: removed(900) })).toEqual([]);
  expect(breaches({ ...evidence, events, removed: removed(1_100) })).toEqual(["not permitted"]);
});

it("excuses a skip by a run that ended between the look and the record, as far as the record is true", () => {
  const evidence = play({ jobs: [job("b", { overlap: "skip" })], takesMs: 1_300 });
  const run = RUN("b", 11_000);
  const said = (atMs: number, lateMs: number) => ({
    ...evidence,
    history: evidence.history.map(row =>
      row.run === run ? { ...row, atMs: START + 11_000 + atMs, lateMs } : row,
    ),
  });
  expect(breaches(said(900, 100))).toEqual([]);
  expect(breaches(said(900, 900))).toEqual(["not permitted"]);
  const slow = { disturbances: [away(11_200, 14_000)] };
  expect(breaches({ ...said(2_900, 100), ...slow })).toEqual([]);
  expect(breaches(said(2_900, 100))).toEqual(["late"]);
});

it("lets a tick be on time until it is sent, a second after the plan at most", () => {
  const launchedAfter = (ms: number) => {
    const vice: Vice = {
      sloth: tickAtMs => (tickAtMs === TICK_AT ? ms : 0),
      decide: d => (d.tickAtMs === TICK_AT ? { tickAtMs: d.tickAtMs, outcome: "launched" } : d),
    };
    const evidence = play({ jobs: [job("a", { catchUp: "none" })] }, vice);
    return breaches({ ...evidence, disturbances: [away(9_900, 18_000)] });
  };
  expect(launchedAfter(5_900)).toEqual([]);
  expect(launchedAfter(6_100)).toEqual(["not permitted"]);
});

it("finds a success that is on record as failed, also while Redis refused writes", () => {
  const evidence = play(PLAIN);
  const events = evidence.events.map(e =>
    e.run === A && e.event === "completed" ? { ...e, event: "failed" } : e,
  );
  const calls = [{ run: A, fromMs: TICK_AT, untilMs: TICK_AT + 20, succeededMs: TICK_AT + 20 }];
  const refusal = away(TICK_AT + 10, TICK_AT + 30);
  expect(breaches({ ...evidence, events, calls, disturbances: [refusal] })).toEqual(["failed"]);
});

it("judges order, and what holds a tick back, within each version of a job", () => {
  const edited = play({ jobs: [job("a", { edits: [EDIT] })] });
  const newest = (untilMs: number) =>
    edited.history.findLast(({ run }) => readRun(run).tickAtMs <= START + untilMs)?.run ?? "";
  const swapped = (older: string, newer: string) => {
    const at = (run: string) => edited.history.find(row => row.run === run);
    const history = edited.history.map(row => {
      return (row.run === older ? at(newer) : row.run === newer ? at(older) : row) ?? row;
    });
    return { ...edited, history };
  };
  expect(breaches(swapped(newest(10_400), newest(11_500)))).toEqual([]);
  expect(breaches(swapped(newest(8_000), newest(9_000)))).toEqual(["out of order"]);
  expect(breaches(swapped(newest(17_000), newest(18_000)))).toEqual(["out of order"]);
  const jitterOf = (tickAtMs: number) => (tickAtMs === START + 11_000 ? 4_000 : 0);
  expect(breaches({ ...edited, jobs: [job("a", { jitterOf, edits: [EDIT] })] })).toEqual([]);
});

it("excuses with a follower's fault only what begins with the leader's", () => {
  const evidence = play({ ...PLAIN, leaderless: [[9_900, 14_000]] });
  const killed = away(9_900, 11_400, { endsTerm: true });
  expect(breaches({ ...evidence, disturbances: [killed] })).toContain("no leader");
  const frozen = away(9_000, 14_000, { of: "follower" });
  expect(breaches({ ...evidence, disturbances: [killed, frozen] })).toEqual([]);
});

it("finds two holders of a lock, and a fence that does not grow, unless one was frozen", () => {
  const hold = (fence: number, fromMs: number, untilMs: number) => {
    return { fence, holder: `r${fence}`, fromMs: START + fromMs, untilMs: START + untilMs };
  };
  const evidence = play(PLAIN);
  const apart = [hold(1, 0, 200), hold(2, 200, 300)];
  expect(breaches({ ...evidence, lockHolds: apart })).toEqual([]);
  const together = [hold(1, 0, 200), hold(2, 100, 300)];
  expect(breaches({ ...evidence, lockHolds: together })).toEqual(["lock"]);
  const frozen = [{ fromMs: START + 50, untilMs: START + 150 }];
  expect(breaches({ ...evidence, lockHolds: together, lockExcuses: frozen })).toEqual([]);
  expect(breaches({ ...evidence, lockHolds: [hold(2, 0, 100), hold(1, 200, 300)] })).toEqual(["lock"]);
});
