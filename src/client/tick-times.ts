import type { Schedule } from "../schedule/schedule.ts";

/** The ticks around an instant: `previousMs` ≤ instant < `nextMs`. Infinite where there is none. */
export interface TickSpan {
  readonly previousMs: number;
  readonly nextMs: number;
}

const SPANS_KEPT = 100_000;

/**
 * The ticks around now, for the schedules of many jobs. Those of one schedule are the same for all jobs that have it, and stay the
 * same until its next tick.
 */
export class TickTimes {
  readonly #spans = new Map<string, TickSpan>();

  spanAt(schedule: Schedule, nowMs: number): TickSpan {
    const { fingerprint } = schedule;
    const known = this.#spans.get(fingerprint);
    if (known && known.previousMs <= nowMs && nowMs < known.nextMs) return known;
    if (this.#spans.size >= SPANS_KEPT) this.#spans.clear();
    const span = {
      previousMs: schedule.previous(nowMs)?.at ?? Number.NEGATIVE_INFINITY,
      nextMs: schedule.next(nowMs)?.at ?? Number.POSITIVE_INFINITY,
    };
    this.#spans.set(fingerprint, span);
    return span;
  }
}
