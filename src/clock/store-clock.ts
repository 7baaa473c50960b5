import type { Clock } from "./clock.ts";
import { sleep } from "./sleep.ts";

/** Round trips per measurement; the shortest bounds the error to half its length. */
const SAMPLES = 5;
/** A larger change between two measurements is no drift: a clock was set, or another server answers. */
const STEP_MS = 2_000;
/** This many measurements in a row must agree on a step before it is accepted. */
const STEP_PROOFS = 3;

export interface StoreClockOptions {
  /** The store's time in epoch milliseconds; one round trip. */
  readonly readStoreTimeMs: () => Promise<number>;
  /** Called with how long each answer took. */
  readonly onAnswer?: (tookMs: number) => void;
}

/**
 * The scheduler's clock: this machine's monotonic time plus an offset to the store's time. The wall clock is
 * used once, as the first guess before the store has answered; a later step of it changes nothing.
 */
export class StoreClock implements Clock {
  readonly #options: StoreClockOptions;
  #offsetMs = Date.now() - performance.now();
  #isMeasured = false;
  #doubt: { readonly offsetMs: number; readonly proofs: number } | null = null;

  constructor(options: StoreClockOptions) {
    this.#options = options;
  }

  monotonicMs(): number {
    return performance.now();
  }

  nowMs(): number {
    return performance.now() + this.#offsetMs;
  }

  /** How far this machine's wall clock is ahead of the store's time. */
  skewMs(): number {
    return Math.round(Date.now() - this.nowMs());
  }

  /**
   * Measures the offset again: of several samples the one with the shortest round trip, half of that trip
   * taken off. Rejects when the store does not answer; the offset then stays as it was.
   *
   * A step counts only when several measurements agree on it, because ticks that are launched ahead of time cannot be
   * undone. A server with a wrong clock that answers briefly must not move the schedule. Resolves with the step that
   * was made, 0 for none.
   */
  async measure(): Promise<number> {
    const offsetMs = await this.#measureOffset();
    const stepMs = offsetMs - this.#offsetMs;
    const isStep = this.#isMeasured && Math.abs(stepMs) > STEP_MS;
    if (isStep && !this.#isProven(offsetMs)) return 0;
    this.#doubt = null;
    this.#isMeasured = true;
    this.#offsetMs = offsetMs;
    return isStep ? Math.round(stepMs) : 0;
  }

  #isProven(offsetMs: number): boolean {
    const agrees = this.#doubt !== null && Math.abs(offsetMs - this.#doubt.offsetMs) <= STEP_MS;
    this.#doubt = { offsetMs, proofs: agrees && this.#doubt ? this.#doubt.proofs + 1 : 1 };
    return this.#doubt.proofs >= STEP_PROOFS;
  }

  async #measureOffset(): Promise<number> {
    let shortestMs = Number.POSITIVE_INFINITY;
    let offsetMs = this.#offsetMs;
    for (let i = 0; i < SAMPLES; i++) {
      const sentMs = performance.now();
      const storeTimeMs = await this.#options.readStoreTimeMs();
      const tripMs = performance.now() - sentMs;
      this.#options.onAnswer?.(tripMs);
      if (tripMs >= shortestMs) continue;
      shortestMs = tripMs;
      offsetMs = storeTimeMs - (sentMs + tripMs / 2);
    }
    return offsetMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleep(ms, signal);
  }
}
