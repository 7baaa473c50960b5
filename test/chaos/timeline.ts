/** What happened in a run, in the order in which this process saw it. */
export interface Moment {
  /** Since the start of the run, on the monotonic clock. */
  readonly atMs: number;
  readonly what: string;
}

export class Timeline {
  readonly moments: Moment[] = [];
  readonly #startMs = performance.now();
  readonly #startEpochMs = Date.now();

  nowMs(): number {
    return performance.now() - this.#startMs;
  }

  /** An instant of the wall clock, as of this timeline. */
  atEpoch(epochMs: number): number {
    return epochMs - this.#startEpochMs;
  }

  note(what: string): void {
    this.moments.push({ atMs: this.nowMs(), what });
  }

  /** What happened between two moments, one line each, with the wall-clock second for comparison with ticks. */
  lines(fromMs: number, untilMs: number, more: readonly Moment[] = []): string[] {
    return [...this.moments, ...more]
      .filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs)
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ atMs, what }) => {
        const clock = new Date(this.#startEpochMs + atMs).toISOString().slice(11, 23);
        return `${(atMs / 1_000).toFixed(3).padStart(9)}s ${clock}  ${what}`;
      });
  }
}
