import { disturbedWindows } from "./judge/disturbed.ts";
import type { Evidence, JudgedJob, QueueEvent, Recorded, Violation } from "./judge/evidence.ts";
import { handoffLines } from "./judge/handoff-lines.ts";
import { handovers } from "./judge/handovers.ts";
import { accountOf, type JobAccount, type TickAccount } from "./judge/job-account.ts";
import { lockHolders } from "./judge/lock-holders.ts";
import { withinMaxRuns } from "./judge/max-runs.ts";
import { backfilledTwice, commandsCarriedOut, controlSpansOf } from "./judge/operator-commands.ts";
import { violation } from "./judge/permitted.ts";
import { latenessOf } from "./judge/punctual.ts";
import { readRun, runsOf } from "./judge/run-name.ts";
import { spansOf } from "./judge/runs-in-the-way.ts";
import { contains, type Window } from "./judge/windows.ts";
import { writtenAt } from "./surviving-stream.ts";

export type * from "./judge/evidence.ts";
export { readRun, runsOf };

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly ticks: number;
  readonly launched: number;
  readonly handled: number;
  /** Ticks by what the history says of them. */
  readonly onRecord: Readonly<Record<Recorded["outcome"], number>>;
  readonly newestTerm: number;
}

/**
 * The rules, on what survived. "Survived" is what the streams of the last primary hold or held. A launch that a
 * failover lost is not in them, and neither is its cursor. So its tick must be there once more, as a launch of its own.
 * Handlers are not undone: a run that was launched, handled, lost and launched again was handled twice.
 *
 * What is expected comes from each job's rules, the edits of them and the commands of operators, never from what the
 * scheduler says. A record excuses nothing unless the policy permits it at that moment, for the reason that it gives.
 */
export function judge(evidence: Evidence): Verdict {
  const {
    events,
    history,
    handled,
    quietAtMs,
    disturbances = [],
    stalls = [],
    clockSteps = [],
    terms,
  } = evidence;
  const removed = new Set(evidence.removed?.map(({ run }) => run));
  const disturbed = disturbedWindows(disturbances, stalls);
  const accounts = accountsOf(evidence);
  const added = events.filter(({ event, run }) => event === "added" && readRun(run).kind === "tick");
  const violations = [
    ...accounts.flatMap(account => [
      ...onceOnly(account, quietAtMs, removed),
      ...inOrder(account, history),
      ...permitted(account, disturbed),
      ...latenessOf(account, disturbed, evidence.punctualMs),
      ...withinMaxRuns(account, history),
    ]),
    ...addedWhileThere(events),
    ...backfilledTwice(events, history),
    ...olderTerms(added, clockSteps),
    ...unhandled(evidence),
    ...(terms ? handovers({ disturbances, terms, quietAtMs }, disturbed) : []),
    ...commandsCarriedOut(evidence),
    ...(evidence.handoffs ? handoffLines(evidence.handoffs, clockSteps) : []),
    ...lockHolders(evidence.lockHolds ?? [], [...(evidence.lockExcuses ?? []), ...stalls.filter(isLong)]),
    ...evidence.accidents.map((what): Violation => ({ breach: "accident", what })),
  ];
  return {
    violations,
    ticks: accounts.reduce((sum, { ticks }) => sum + ticks.length, 0),
    launched: added.length,
    handled: new Set(handled.map(({ run }) => run)).size,
    onRecord: countByOutcome(history),
    newestTerm: Math.max(0, ...added.map(({ term }) => term ?? 0)),
  };
}

/** Short stalls make everything late, and lose no lock. */
function isLong({ fromMs, untilMs }: Window): boolean {
  return untilMs - fromMs >= LONG_STALL_MS;
}

const LONG_STALL_MS = 1_000;

function accountsOf(evidence: Evidence): JobAccount[] {
  const {
    jobs,
    events,
    history,
    quietAtMs,
    recordedCommands = [],
    commands = [],
    removed = [],
    calls = [],
    clockSteps = [],
  } = evidence;
  const spans = spansOf(events, removed, calls);
  const decided = [
    ...history.map(({ run }) => run),
    ...events.flatMap(({ event, run }) => (event === "added" ? [run] : [])),
  ].filter(run => readRun(run).kind === "tick");
  const fromMs = Math.min(quietAtMs, ...decided.map(run => readRun(run).tickAtMs));
  return jobs.map(job =>
    accountOf(job, {
      events,
      history,
      fromMs,
      quietAtMs,
      clockSteps,
      controls: controlSpansOf(job.name, recordedCommands, commands),
      spans: spans.get(job.name) ?? [],
    }),
  );
}

/** Each tick has one record; one that says `launched` has one run, any other none. */
function onceOnly(
  { ticks, strays }: JobAccount,
  quietAtMs: number,
  removed: ReadonlySet<string>,
): Violation[] {
  return [
    ...ticks.flatMap(tick => (isOver(tick) ? [] : checkTick(tick, quietAtMs, removed))),
    ...strays.map(
      (run): Violation => ({ breach: "no such tick", what: `the job has no tick for ${run}`, run }),
    ),
  ];
}

/** A tick that only one side of an edit has need not be decided; what `maxRuns` ends is judged elsewhere. */
function isOver({ rows, added, isRequired, rules }: TickAccount): boolean {
  const isUntouched = rows.length === 0 && added.length === 0;
  return isUntouched && (!isRequired || rules.every(({ maxRuns }) => maxRuns !== undefined));
}

function checkTick(
  { run, tickAtMs, rows, added }: TickAccount,
  quietAtMs: number,
  removed: ReadonlySet<string>,
): Violation[] {
  const violation = (breach: Violation["breach"], what: string): Violation[] => [
    { breach, what: `${run} ${what}`, run },
  ];
  if (added.length > 1) return violation("launched twice", `was added ${added.length} times`);
  if (rows.length > 1) {
    const outcomes = rows.map(({ outcome }) => outcome).join(" and ");
    return violation("not on record once", `is on record as ${outcomes}`);
  }
  const [row] = rows;
  if (!row && added.length === 0) return violation("lost", "was never decided");
  if (!row) return violation("not on record once", "was launched and is not on record");
  if (row.outcome !== "launched" && added.length > 0) {
    return violation("wrong record", `was launched, and is on record as ${row.outcome} (${row.reason})`);
  }
  if (row.outcome === "launched" && added.length === 0 && tickAtMs <= quietAtMs && !removed.has(run)) {
    return violation("lost", "is on record as launched, and was never added");
  }
  return [];
}

/** The ticks of one schedule of a job are launched, and recorded, in their order. */
function inOrder({ job, ticks }: JobAccount, history: readonly Recorded[]): Violation[] {
  const added = ticks.flatMap(tick => tick.added.map(({ index }) => ({ tick, index })));
  const launches = added.toSorted((a, b) => a.index - b.index).map(({ tick }) => tick.run);
  const records = history.flatMap(({ run }) => (readRun(run).job === job.name ? [run] : []));
  const broken = [...new Set([...descents(launches, job), ...descents(records, job)])];
  return broken.map(run => ({ breach: "out of order", what: `${run} was decided after a newer tick`, run }));
}

/** Those behind a newer one, unless the job may have been edited between the two: each schedule has its own order. */
function descents(runs: readonly string[], { edits = [] }: JudgedJob): string[] {
  const before: number[] = [];
  return runs.filter(run => {
    const { tickAtMs } = readRun(run);
    const newerMs = Math.min(...before.filter(other => other > tickAtMs));
    before.push(tickAtMs);
    const isApart = edits.some(({ fromMs, untilMs }) => fromMs < newerMs && untilMs >= tickAtMs);
    return newerMs < Number.POSITIVE_INFINITY && !isApart;
  });
}

function permitted(account: JobAccount, disturbed: readonly Window[]): Violation[] {
  return account.ticks.flatMap(({ run, rows }, i): Violation[] => {
    if (rows.length !== 1) return [];
    const why = violation(account, i, disturbed);
    return why === null ? [] : [{ breach: "not permitted", what: `${run} was ${why}`, run }];
  });
}

function addedWhileThere(events: readonly QueueEvent[]): Violation[] {
  return events.flatMap(({ event, run, id }): Violation[] => {
    if (event !== "duplicated") return [];
    return [{ breach: "launched twice", what: `${run} was added at ${id} while it was there`, run }];
  });
}

/**
 * No run of an older term is in the stream after a run of a newer one. The streams of several queues are in order by
 * time, which says nothing while the clock of Redis is set: then each job counts by itself.
 */
function olderTerms(added: readonly QueueEvent[], clockSteps: readonly Window[]): Violation[] {
  const inStep = (event: QueueEvent) => clockSteps.some(window => contains(window, writtenAt(event)));
  const violations = [
    ...olderAfterNewer(added.filter(event => !inStep(event))),
    ...[...Map.groupBy(added, ({ run }) => readRun(run).job).values()].flatMap(olderAfterNewer),
  ];
  return [...new Map(violations.map(violation => [violation.run, violation])).values()];
}

function olderAfterNewer(added: readonly QueueEvent[]): Violation[] {
  let newest: QueueEvent | null = null;
  const violations: Violation[] = [];
  for (const event of added) {
    if (event.term === null) continue;
    if (newest?.term && event.term < newest.term) {
      const what = `${event.run} of term ${event.term} was launched after ${newest.run} of term ${newest.term}`;
      violations.push({ breach: "older term after a newer one", what, run: event.run });
    } else {
      newest = event;
    }
  }
  return violations;
}

/** Each launched run was handled and completed, except exactly those that were removed from outside. */
function unhandled(evidence: Evidence): Violation[] {
  const { events, handled, removed = [], quietAtMs } = evidence;
  const of = (event: string) => new Set(events.filter(other => other.event === event).map(({ run }) => run));
  const [launched, completed, failed] = [of("added"), of("completed"), of("failed")];
  const called = new Set(handled.map(({ run }) => run));
  const gone = new Set(removed.map(({ run }) => run));
  return [...launched].flatMap((run): Violation[] => {
    if (readRun(run).tickAtMs > quietAtMs || gone.has(run)) return [];
    if (failed.has(run)) return [{ breach: "failed", what: `${run} failed`, run }];
    if (!called.has(run))
      return [{ breach: "not handled", what: `${run} was launched, its handler never called`, run }];
    if (!completed.has(run))
      return [{ breach: "not handled", what: `${run} was called and never completed`, run }];
    return [];
  });
}

function countByOutcome(history: readonly Recorded[]): Verdict["onRecord"] {
  const count = (outcome: Recorded["outcome"]) => history.filter(entry => entry.outcome === outcome).length;
  return { launched: count("launched"), skipped: count("skipped"), missed: count("missed") };
}
