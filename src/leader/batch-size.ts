/**
 * Ticks per transaction. A thousand hold Redis up for some 50 ms. Smaller transactions launch later: the workers that
 * the first one wakes compete with the next. Measured in bench/same-second.ts: all of 1,000 jobs are launched after 94
 * ms in one transaction, 148 ms in two, 183 ms in four.
 */
export const MAX_BATCH = 1_000;
const MIN_BATCH = 50;
/** A leader without an answer for two seconds counts as stalled and resigns (Progress). */
const SLOW_MS = 500;
const AIM_MS = SLOW_MS / 2;

/**
 * How many ticks a transaction takes. Where CPU is short a thousand may take longer than a leader may be silent. It would resign
 * although it makes progress, and so would the next one. So transactions that were slow are followed by smaller ones.
 */
export class BatchSize {
  #ticks = MAX_BATCH;

  get ticks(): number {
    return this.#ticks;
  }

  /** A transaction of this many ticks was answered after this time. */
  took(count: number, ms: number): void {
    // What slowed down a much smaller transaction was not its size.
    if (ms > SLOW_MS && 2 * count >= this.#ticks) {
      this.#ticks = Math.max(Math.min(Math.floor((count * AIM_MS) / ms), this.#ticks), MIN_BATCH);
    } else if (ms <= AIM_MS && count >= this.#ticks) {
      this.#ticks = Math.min(2 * this.#ticks, MAX_BATCH);
    }
  }
}
