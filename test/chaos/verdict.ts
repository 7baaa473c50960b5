import { runIdOf, tickOfRun } from "../../src/launch/run-id.ts";

/** An entry of BullMQ's own event stream. */
export interface QueueEvent {
  readonly id: string;
  readonly event: string;
  /** The run that it is about; of a deduplicated one, not the run that stood in its way. */
  readonly run: string;
  /** Of an added run: the term in its data, or null when the run was gone before it was read. */
  readonly term: number | null;
}

/** What a handler wrote down when it was called. */
export interface Handled {
  readonly run: string;
  readonly attempt: number;
  readonly term: number;
}

/** A job of the configuration under test; it has its ticks at the multiples of its period. */
export interface JudgedJob {
  readonly name: string;
  readonly periodMs: number;
  readonly overlap: "allow" | "skip" | "queue";
}

/** What Bellwether's own history says of a tick. */
export interface Recorded {
  /** The run that the tick has, or would have had. */
  readonly run: string;
  readonly outcome: "launched" | "skipped" | "missed";
}

export interface Evidence {
  readonly jobs: readonly JudgedJob[];
  /** BullMQ's event stream as it stood in the end, the trimmed part included. */
  readonly events: readonly QueueEvent[];
  /** The jobs' histories as they stood in the end, the trimmed part included. */
  readonly history: readonly Recorded[];
  readonly handled: readonly Handled[];
  /** The instant (epoch ms) after which nothing was disturbed: every tick up to it must be decided and handled. */
  readonly quietAt: number;
  /** What no replica should do, whatever happens to it. */
  readonly accidents: readonly string[];
}

export type Breach =
  | "lost"
  | "launched twice"
  | "out of order"
  | "older term after a newer one"
  | "not handled"
  | "not on record once"
  | "failed"
  | "accident";

export interface Violation {
  readonly breach: Breach;
  readonly what: string;
  /** The run that it is about, if any. */
  readonly run?: string;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  readonly ticks: number;
  readonly launched: number;
  /** Ticks that found an older run in their way: skipped, or launched when it had ended. */
  readonly held: number;
  readonly handled: number;
  /** Ticks by what the history says of them. */
  readonly onRecord: Readonly<Record<Recorded["outcome"], number>>;
  readonly newestTerm: number;
}

/**
 * The rules, on what survived. "Survived" is what the stream of the last primary holds or held: a launch that a
 * failover lost is not in it, and neither is its cursor, so its tick must be there once more, as a launch of its
 * own. Handlers are not taken back: a run that was launched, handled, lost and launched again was handled twice.
 *
 * 1. Each job is due at every multiple of its period from the first tick that anybody launched up to the end. Each of
 *    these ticks has exactly one decision: an `added` event, or (where an older run of the job stood in the way) a `deduplicated`
 *    one; with `overlap: queue` such a run may be added later, by the end of the one before it, which is no decision.
 *    None: the tick is lost. Two, or a `duplicated` event: it was launched twice. When the add
 *    itself was refused (a flushed script) BullMQ says nothing; a skip on Bellwether's record is then the decision, and so
 *    is a miss by the catch-up policy.
 * 2. The decisions of a job stand in the stream in the order of their ticks.
 * 3. In the stream, no run of an older term stands after a run of a newer one.
 * 4. Each launched run up to the quiet instant has a `completed` event, no `failed` one, and at least one line in the
 *    handlers' own record.
 * 5. The history has exactly one entry for each of these ticks, as launched, skipped or missed.
 * 6. No replica crashed, ended by itself, printed what is no log line, or broke down as a leader.
 */
export function judge(evidence: Evidence): Verdict {
  const { events, handled, quietAt, accidents } = evidence;
  const decisions = decisionsOf(events, evidence.jobs);
  const added = decisions.filter(({ event }) => event === "added");
  const dueRuns = events.flatMap(({ event, run }) =>
    event === "added" && readRun(run).tickAt <= quietAt ? [run] : [],
  );
  const expected = expectedRuns(evidence.jobs, decisions, quietAt);
  const violations = [
    ...lost(expected, [...decisions.map(({ run }) => run), ...withoutRun(evidence.history)]),
    ...twice(decisions, events),
    ...outOfOrder(decisions),
    ...olderTerms(added),
    ...unhandled(dueRuns, events, handled),
    ...unrecorded(expected, evidence.history),
    ...accidents.map((what): Violation => ({ breach: "accident", what })),
  ];
  return {
    violations,
    ticks: expected.length,
    launched: added.length,
    held: decisions.length - added.length,
    handled: new Set(handled.map(({ run }) => run)).size,
    onRecord: countByOutcome(evidence.history),
    newestTerm: Math.max(0, ...added.map(({ term }) => term ?? 0)),
  };
}

interface Decided extends QueueEvent {
  readonly job: string;
  readonly tickAt: number;
}

function decisionsOf(events: readonly QueueEvent[], jobs: readonly JudgedJob[]): Decided[] {
  const waiting = new Set<string>();
  const waits = new Set(jobs.flatMap(({ name, overlap }) => (overlap === "queue" ? [name] : [])));
  return events.flatMap((event): Decided[] => {
    if (event.event !== "added" && event.event !== "deduplicated") return [];
    const { job, tickAt } = readRun(event.run);
    if (event.event === "added" && waiting.delete(event.run)) return [];
    if (event.event === "deduplicated" && waits.has(job)) waiting.add(event.run);
    return [{ ...event, job, tickAt }];
  });
}

/** `job-1@20261123T070000Z` */
export function readRun(run: string): { readonly job: string; readonly tickAt: number } {
  return { job: run.slice(0, run.lastIndexOf("@")), tickAt: Date.parse(tickOfRun(run)) };
}

/** The runs of the job's ticks from one instant to another, both included. */
export function runsOf({ name, periodMs }: Period, fromMs: number, untilMs: number): string[] {
  const first = Math.ceil(fromMs / periodMs);
  const count = Math.max(Math.floor(untilMs / periodMs) - first + 1, 0);
  return Array.from({ length: count }, (_, i) => runIdOf(name, (first + i) * periodMs));
}

type Period = Pick<JudgedJob, "name" | "periodMs">;

/** Jobs may be ahead of each other by what was launched when everything was stopped. */
function expectedRuns(jobs: readonly Period[], decisions: readonly Decided[], quietAt: number): string[] {
  const first = Math.min(...decisions.map(({ tickAt }) => tickAt));
  const last = new Map<string, number>();
  for (const { job, tickAt } of decisions) last.set(job, Math.max(tickAt, last.get(job) ?? quietAt));
  return jobs.flatMap(job => runsOf(job, first, last.get(job.name) ?? quietAt));
}

function lost(expected: readonly string[], runs: readonly string[]): Violation[] {
  const decided = new Set(runs);
  return expected
    .filter(run => !decided.has(run))
    .map(run => ({ breach: "lost", what: `${run} was never launched`, run }));
}

function withoutRun(history: readonly Recorded[]): string[] {
  return history.flatMap(({ run, outcome }) => (outcome === "launched" ? [] : [run]));
}

function unrecorded(expected: readonly string[], history: readonly Recorded[]): Violation[] {
  const entries = Map.groupBy(history, ({ run }) => run);
  return expected.flatMap((run): Violation[] => {
    const outcomes = (entries.get(run) ?? []).map(({ outcome }) => outcome);
    if (outcomes.length === 1) return [];
    const what = `${run} is ${outcomes.length === 0 ? "not on record" : `on record as ${outcomes.join(" and ")}`}`;
    return [{ breach: "not on record once", what, run }];
  });
}

function countByOutcome(history: readonly Recorded[]): Verdict["onRecord"] {
  const count = (outcome: Recorded["outcome"]) => history.filter(entry => entry.outcome === outcome).length;
  return { launched: count("launched"), skipped: count("skipped"), missed: count("missed") };
}

function twice(decisions: readonly Decided[], events: readonly QueueEvent[]): Violation[] {
  const seen = new Map<string, QueueEvent>();
  const violations: Violation[] = [];
  for (const event of decisions) {
    const { run } = event;
    const before = seen.get(run);
    if (before) {
      const what = `${run} was decided at ${before.id} (${before.event}) and at ${event.id} (${event.event})`;
      violations.push({ breach: "launched twice", what, run });
    }
    seen.set(run, event);
  }
  for (const { event, run, id } of events) {
    if (event !== "duplicated") continue;
    violations.push({ breach: "launched twice", what: `${run} was added at ${id} while it was there`, run });
  }
  return violations;
}

function outOfOrder(decisions: readonly Decided[]): Violation[] {
  const newest = new Map<string, Decided>();
  return decisions.flatMap((decision): Violation[] => {
    const before = newest.get(decision.job);
    if (!before || decision.tickAt > before.tickAt) newest.set(decision.job, decision);
    if (!before || decision.tickAt >= before.tickAt) return [];
    const what = `${decision.run} was decided after ${before.run}`;
    return [{ breach: "out of order", what, run: decision.run }];
  });
}

function olderTerms(added: readonly QueueEvent[]): Violation[] {
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

function unhandled(
  runs: readonly string[],
  events: readonly QueueEvent[],
  handled: readonly Handled[],
): Violation[] {
  const of = (event: string) => new Set(events.filter(other => other.event === event).map(({ run }) => run));
  const completed = of("completed");
  const failed = of("failed");
  const called = new Set(handled.map(({ run }) => run));
  return [...new Set(runs)].flatMap((run): Violation[] => {
    if (failed.has(run)) return [{ breach: "failed", what: `${run} failed`, run }];
    if (!called.has(run))
      return [{ breach: "not handled", what: `${run} was launched, its handler never called`, run }];
    if (!completed.has(run))
      return [{ breach: "not handled", what: `${run} was called and never completed`, run }];
    return [];
  });
}
