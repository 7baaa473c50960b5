import type { Schedule, Tick } from "./schedule.ts";

/** The undecided ticks of a job that are due: those in (cursor, end). */
export interface DueSpan {
  /** Exclusive. */
  readonly end: number;
  /** The first tick that is not in the span, or null when there is none. */
  readonly held: Tick | null;
  /** The newest tick of the span; null when the span is empty or not whole. */
  readonly newest: number | null;
  /** From this tick on, all ticks of the span are on time; null when none is. */
  readonly onTimeFrom: number | null;
  /** False when the search was cut off: due ticks may follow behind `end`. */
  readonly isWhole: boolean;
}

export interface DueSpanQuery {
  readonly schedule: Schedule;
  readonly cursor: number;
  readonly nowMs: number;
  /** Up to this long after it is due a tick is on time. */
  readonly onTimeMs: number;
}

/** Bounds the walk for schedules whose jitter spans very many of their ticks. */
const WALK_LIMIT = 10_000;

/**
 * Finds the due ticks without walking through all of them. A tick older than grace and jitter together is due and late
 * for certain, so only the ticks after that are checked one by one.
 *
 * A job's ticks are decided in order: one that is not due yet holds back the later ones, even where their own
 * jitter is shorter. A held tick is due when it is let go, and on time then.
 */
export function findDueSpan(query: DueSpanQuery): DueSpan {
  const { schedule, cursor, nowMs, onTimeMs } = query;
  const walkFrom = Math.max(cursor, Math.ceil(nowMs - onTimeMs - schedule.jitterMs) - 1);
  let newest = lastBetween(schedule, cursor, walkFrom);
  let onTimeFrom: number | null = null;
  let walked = 0;
  let tick = schedule.next(walkFrom);
  for (; tick !== null; tick = schedule.next(tick.at)) {
    const dueAtMs = tick.at + schedule.jitterOf(tick.at);
    if (dueAtMs > nowMs) break;
    if (++walked > WALK_LIMIT) return { end: tick.at, held: tick, newest: null, onTimeFrom, isWhole: false };
    if (onTimeFrom === null && dueAtMs >= nowMs - onTimeMs) onTimeFrom = tick.at;
    newest = tick.at;
  }
  return { end: tick?.at ?? Math.floor(nowMs) + 1, held: tick, newest, onTimeFrom, isWhole: true };
}

/**
 * The first undecided tick that is not let go before `ms`; Infinity when there is none. A tick holds back the later
 * ones. So this is the first one whose own due time is `ms` or later, and all ticks behind it are let go no earlier.
 * Where the search is cut off it answers with an earlier tick.
 */
export function firstDueFrom(schedule: Schedule, cursor: number, ms: number): number {
  if (schedule.jitterMs === 0 || !Number.isFinite(ms)) return Math.ceil(ms);
  let tick = schedule.next(Math.max(cursor, Math.ceil(ms - schedule.jitterMs) - 1));
  for (let walked = 0; tick !== null; tick = schedule.next(tick.at)) {
    if (tick.at + schedule.jitterOf(tick.at) >= ms || ++walked > WALK_LIMIT) return tick.at;
  }
  return Number.POSITIVE_INFINITY;
}

/** The last tick in (after, upTo], or null. */
function lastBetween(schedule: Schedule, after: number, upTo: number): number | null {
  if (upTo <= after) return null;
  const tick = schedule.previous(upTo);
  return tick !== null && tick.at > after ? tick.at : null;
}
