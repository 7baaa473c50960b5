/**
 * What a schedule is: an endless (or ending) row of instants. Pure: no clock, no I/O.
 */

/** What daylight saving does to cron ticks with fixed hours. */
export interface DstRule {
  /** A tick inside the skipped hour of spring: `run` shifts it by the length of the gap, `skip` drops it that day. */
  readonly gap: "run" | "skip";
  /** A tick inside the repeated hour of autumn: at the `first` pass only, or at `both`. */
  readonly overlap: "first" | "both";
}

export interface Tick {
  /** Epoch milliseconds; the tick's identity. */
  readonly at: number;
  /** Why daylight saving makes this tick special. */
  readonly note?: string;
}

/** A tick as the expression gives it, before `except`, `start` and `end`. */
export interface Candidate extends Tick {
  /** Why the tick does not exist; absent when it does. */
  readonly exclusion?: Exclusion;
}

export interface Exclusion {
  /** `calendar holidays (Christmas Day)`, `except "* * 25 12 *"`, `before start 2026-01-01T00:00:00Z`. */
  readonly reason: string;
  /** Until here every tick is excluded as well: the last of them, or Infinity when no tick follows. */
  readonly lastAt: number;
}

/** A row of ticks that can be walked both ways, ascending and without duplicates. */
export interface TickSource {
  /** The first tick strictly after `afterMs`, or null when there is none. */
  next(afterMs: number): Tick | null;
  /** The last tick at or before `atMs`, or null when there is none. */
  previous(atMs: number): Tick | null;
  /** How many ticks lie in (afterMs, upToMs], of a source that need not walk them to count them. */
  countBetween?(afterMs: number, upToMs: number): number;
}

export interface TickCount {
  readonly count: number;
  /** False when counting stopped early: there are `count` ticks or more. */
  readonly isExact: boolean;
}

export interface Schedule extends TickSource {
  /** How many ticks lie in (afterMs, upToMs]. Walks at most `limit` of them; exact beyond that only by arithmetic. */
  count(afterMs: number, upToMs: number, limit: number): TickCount;
  /** The first tick strictly after `afterMs` including those that do not exist, or null when there is none. */
  candidate(afterMs: number): Candidate | null;
  /** Jitter of the tick in milliseconds, 0 ≤ offset < jitterMs; 0 without jitter. */
  jitterOf(tickAtMs: number): number;
  /** The bound of `jitterOf`: a tick is due for certain at tick + jitterMs. */
  readonly jitterMs: number;
  /** Equal for two schedules exactly when they have the same ticks by definition: a short hash of the spec. */
  readonly fingerprint: string;
}
