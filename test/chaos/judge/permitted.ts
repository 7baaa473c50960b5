import type { JobRules, Recorded } from "./evidence.ts";
import { decidedAt, type JobAccount, plannedAt, queuingWindows, type TickAccount } from "./job-account.ts";
import { codeOf, type MissCode, type SkipCode } from "./reason-code.ts";
import type { RunSpan } from "./runs-in-the-way.ts";
import { contains, overlaps, timeOutside, type Window } from "./windows.ts";

/** Up to this long after it is due a tick is on time, and launched under any policy. */
const ON_TIME_MS = 5_000;
const WINDOW_MS = 3_600_000;
const LIMIT = 100;
/** Between the leader's look at the time and the record of what it decided. */
const SLACK_MS = 250;
/** Between the plan, which decides what is on time, and its last transaction, which says when it was sent. */
const ON_TIME_SLACK_MS = 1_000;
const SAME_SCRIPT_MS = 10;
/** How wrong the leader's estimate of the store's time may be: in peace, and while connections are slow. */
const EARLY_MS = 50;
const EARLY_DISTURBED_MS = 500;
/** What the records say of time is wrong by this much, at most, while the clock of Redis is set. */
const STEP_MS = 5_000;
/** Before a removal is certain, two checks that are this far apart find no replica with the job. */
const REMOVAL_MS = 15_000;
/** A transaction that was held up on its way is carried out this much later at most. */
const COMMIT_LIMIT_MS = 15_000;

/** One tick and its one record, with what is needed to judge it. */
interface Case {
  readonly account: JobAccount;
  readonly tick: TickAccount;
  readonly row: Recorded;
  readonly decidedMs: number;
  /** When the leader made up its mind, by its own account as far as that is credible. */
  readonly plannedMs: number;
  /** How many newer ticks of the job were due by then. */
  readonly newer: number;
  readonly disturbed: readonly Window[];
}

/**
 * Why the job's policy does not permit what was decided about a tick, or null. While an edit spreads, what either side of
 * it permits is permitted.
 */
export function violation(account: JobAccount, index: number, disturbed: readonly Window[]): string | null {
  const tick = account.ticks[index] as TickAccount;
  const row = tick.rows[0] as Recorded;
  const decidedMs = decidedAt(tick);
  const saidMs = plannedAt(tick);
  const isCredible = saidMs <= decidedMs && decidedMs - saidMs <= COMMIT_LIMIT_MS;
  const plannedMs = isCredible ? saidMs : decidedMs;
  const following = [...account.ticks.slice(index + 1), ...account.ahead];
  const firstNotDue = following.findIndex(({ dueFromMs }) => dueFromMs > decidedMs);
  const newer = firstNotDue < 0 ? following.length : firstNotDue;
  const what: Case = { account, tick, row, decidedMs, plannedMs, newer, disturbed };
  const isUnclear = account.clockSteps.some(
    window => contains(window, decidedMs) || contains(window, saidMs) || contains(window, tick.tickAtMs),
  );
  const object = isUnclear ? objectInStep : OBJECT[row.outcome];
  const violations = tick.rules.map(rules => object(what, rules));
  return violations.includes(null) ? null : (violations[0] ?? null);
}

type Object = (what: Case, rules: JobRules) => string | null;

const OBJECT: Readonly<Record<Recorded["outcome"], Object>> = {
  launched: objectToLaunch,
  missed: objectToMiss,
  skipped: objectToSkip,
};

/**
 * While the clock of Redis is set, no tick is launched before its time by more than the step. None is missed that the
 * policy keeps, and every reason is one that is possible for the job.
 */
function objectInStep(what: Case, rules: JobRules): string | null {
  const { account, tick, row, decidedMs } = what;
  const { reason = "" } = row;
  if (row.outcome === "launched") {
    const earlyMs = tick.dueFromMs - decidedMs;
    return earlyMs > STEP_MS ? `launched ${earlyMs} ms before it was due` : null;
  }
  if (row.outcome === "missed") {
    const later = { ...what, decidedMs: decidedMs + STEP_MS };
    const isRight = isPassable(later, rules) && isMissedRightly(later, rules);
    return isRight
      ? null
      : `missed ("${reason}"), which the policy does not permit for any step of the clock`;
  }
  const { pauses, skips } = account.controls;
  const isPossible: Readonly<Record<string, boolean>> = {
    skip_next: skips.has(tick.tickAtMs),
    paused: pauses.length > 0,
    removed: (account.job.absences ?? []).length > 0,
    overlap: rules.overlap !== "allow",
    replaced: rules.overlap !== "allow",
  } satisfies Record<SkipCode, boolean>;
  return isPossible[codeOf(row) ?? ""] ? null : `skipped ("${reason}"), which nothing permits`;
}

function objectToLaunch(what: Case, rules: JobRules): string | null {
  const { account, tick, decidedMs, plannedMs, newer, disturbed } = what;
  const { controls, spans } = account;
  const earlyMs = disturbed.some(window => contains(window, decidedMs)) ? EARLY_DISTURBED_MS : EARLY_MS;
  if (decidedMs < tick.dueFromMs - earlyMs)
    return `launched ${tick.dueFromMs - decidedMs} ms before it was due`;
  if (controls.pauses.some(({ fromMs, untilMs }) => decidedMs > fromMs && decidedMs < untilMs)) {
    return "launched during a pause";
  }
  const skippedMs = controls.skips.get(tick.tickAtMs);
  if (skippedMs !== undefined && skippedMs < decidedMs) return "launched although it was to be skipped";
  if (isGone(account, decidedMs)) return "launched while no configuration had the job";
  const blocking = rules.overlap === "allow" ? null : findBlocking(spans, tick);
  if (blocking) return `launched while ${blocking.run} had not ended (overlap: ${rules.overlap})`;

  const lateMs = lateness(what, rules, tick.dueByMs, plannedMs);
  if (lateMs <= ON_TIME_MS + ON_TIME_SLACK_MS) return null;
  if (rules.catchUp === "none") return `launched ${lateMs} ms late with catchUp: none`;
  if (lateMs > windowOf(rules) + SLACK_MS) return `launched ${lateMs} ms late, beyond catchUpWindow`;
  // A newer tick may have become due between plan and record.
  if (rules.catchUp === "latest" && newer > 0 && newerBy(what, plannedMs - ON_TIME_SLACK_MS)) {
    return `launched ${lateMs} ms late with catchUp: latest, though a newer tick was due`;
  }
  return null;
}

function objectToMiss(what: Case, rules: JobRules): string | null {
  const { account, tick, row, decidedMs } = what;
  const reason = row.reason ?? "";
  if (!isPassable(what, rules)) {
    return `missed ("${reason}") ${Math.round(decidedMs - tick.dueFromMs)} ms after it was due, which the policy does not permit`;
  }
  const isPaused = account.controls.pauses.some(
    pause => contains(pause, decidedMs) && contains(pause, tick.dueFromMs),
  );
  if (isPaused) return `missed ("${reason}") while the job was paused`;
  if (isGone(account, decidedMs)) return `missed ("${reason}") while no configuration had the job`;
  return isMissedRightly(what, rules) ? null : `missed for a wrong reason: "${reason}"`;
}

function objectToSkip(what: Case, rules: JobRules): string | null {
  const code = codeOf(what.row);
  const object = code !== null && code in OBJECT_TO_SKIP ? OBJECT_TO_SKIP[code as SkipCode] : null;
  return object ? object(what, rules) : `skipped for no known reason: "${what.row.reason ?? ""}"`;
}

const OBJECT_TO_SKIP: Readonly<Record<SkipCode, Object>> = {
  skip_next: ({ account, tick, decidedMs }) => {
    const orderedMs = account.controls.skips.get(tick.tickAtMs);
    return orderedMs !== undefined && orderedMs <= decidedMs
      ? null
      : "skipped by a command that was not given";
  },
  paused: (what, rules) => {
    const { account, tick, decidedMs } = what;
    const isPaused = account.controls.pauses.some(
      ({ fromMs, untilMs }) =>
        fromMs <= decidedMs && tick.dueByMs >= fromMs - ON_TIME_MS - SLACK_MS && tick.dueFromMs <= untilMs,
    );
    if (!isPaused) return "skipped as paused, and there was no pause";
    return isPassed(what, rules) ? null : "skipped as paused, though catchUp keeps it";
  },
  removed: ({ account, decidedMs }) => {
    const absence = (account.job.absences ?? []).find(
      ({ fromMs, untilMs }) => fromMs + REMOVAL_MS <= decidedMs && decidedMs <= untilMs,
    );
    return absence ? null : "skipped as removed, and the job was there or had been a moment ago";
  },
  overlap: objectToOverlap,
  replaced: objectToOverlap,
};

function objectToOverlap(what: Case, rules: JobRules): string | null {
  const { account, tick, row, decidedMs, plannedMs, newer } = what;
  if (rules.overlap === "allow") return `skipped ("${row.reason}") with overlap: allow`;
  const inTheWay = account.spans
    .filter(({ run, fromMs }) => run !== tick.run && fromMs <= decidedMs)
    .map(span => ({ ...span, untilMs: span.untilMs + stepDuring(account, span) }))
    .filter(({ untilMs }) => untilMs >= tick.dueFromMs - SLACK_MS);
  if (rules.overlap === "queue") {
    if (newer === 0) return "skipped with overlap: queue, and no newer tick was due";
    return inTheWay.length > 0
      ? null
      : `skipped with overlap: queue${behind(row)}, and no run was in the way`;
  }
  // The run may end between the leader's look at it and the record.
  const blocking = inTheWay.filter(({ untilMs }) => untilMs >= plannedMs - SLACK_MS);
  if (blocking.length === 0) return `skipped as overlap${behind(row)}, and no run was in the way`;
  if (row.blockedBy === undefined || blocking.some(({ run }) => run === row.blockedBy)) return null;
  return `skipped behind ${row.blockedBy}, which was not in the way`;
}

/** BullMQ's lock on a run, which may outlive its worker, ends by the clock of Redis. */
function stepDuring({ clockSteps }: JobAccount, span: Window): number {
  return clockSteps.some(step => overlaps(step, span)) ? STEP_MS : 0;
}

/** After it has been removed, before it is put back: only that it was removed decides about its ticks. */
function isGone({ job }: JobAccount, atMs: number): boolean {
  return (job.absences ?? []).some(({ goneFromMs, goneUntilMs }) => atMs > goneFromMs && atMs < goneUntilMs);
}

function behind({ blockedBy }: Recorded): string {
  return blockedBy === undefined ? "" : ` behind ${blockedBy}`;
}

/** Within one script the next run may be added some milliseconds before the end of the one before it is written. */
function findBlocking(spans: readonly RunSpan[], tick: TickAccount): RunSpan | undefined {
  const [added] = tick.added;
  if (!added) return undefined;
  return spans.find(
    ({ run, index, fromMs, endsFromMs }) =>
      run !== tick.run &&
      index < added.index &&
      fromMs <= added.atMs &&
      endsFromMs > added.atMs + SAME_SCRIPT_MS,
  );
}

/** How late the tick is, without the time that it had to wait for another run. */
function lateness({ account, tick }: Case, rules: JobRules, dueMs: number, atMs: number): number {
  const waiting = rules.overlap === "queue" ? queuingWindows(account, tick) : [];
  return timeOutside(dueMs, atMs, waiting);
}

/** Whether the policy lets a late tick go. */
function isPassable(what: Case, rules: JobRules): boolean {
  return lateness(what, rules, what.tick.dueFromMs, what.decidedMs) > ON_TIME_MS && isPassed(what, rules);
}

function isPassed(what: Case, rules: JobRules): boolean {
  return missReasons(what, rules).length > 0;
}

function isMissedRightly(what: Case, rules: JobRules): boolean {
  const code = codeOf(what.row);
  return missReasons(what, rules).some(right => right === code);
}

/** The reasons for which the policy does not launch the tick; none when it keeps it. */
function missReasons(what: Case, rules: JobRules): MissCode[] {
  const { catchUp = "all", catchUpLimit = LIMIT } = rules;
  const { tick, decidedMs, newer } = what;
  const isOld = lateness(what, rules, tick.dueFromMs, decidedMs) > windowOf(rules);
  const old: MissCode[] = isOld ? ["older_than_window"] : [];
  if (catchUp === "none") return ["catch_up_none"];
  if (catchUp === "latest") return [...old, ...(newer > 0 ? (["superseded"] as const) : [])];
  return [...old, ...(newer >= catchUpLimit ? (["beyond_limit"] as const) : [])];
}

function windowOf({ catchUpWindowMs = WINDOW_MS }: JobRules): number {
  return catchUpWindowMs;
}

function newerBy({ account, tick }: Case, atMs: number): boolean {
  return [...account.ticks, ...account.ahead].some(
    other => other.tickAtMs > tick.tickAtMs && other.isRequired && other.dueByMs <= atMs,
  );
}
