import type { Clock } from "./clock.ts";
import { sleep } from "./sleep.ts";

/** Round trips per measurement; the shortest bounds the error to half its length. */
const SAMPLES = 5;
/** By how much this machine's clock and the store's may drift apart: a sample that is older is worth less. */
const DRIFT = 0.0002;
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
  /** The most that the offset may be wrong by, and when (monotonic) it was found. Null before the first measurement. */
  #sample: { readonly errorMs: number; readonly atMs: number } | null = null;
  /** Monotonic; when the store last gave its time, and whether that agreed with the offset. */
  #notedMs = Number.NEGATIVE_INFINITY;
  #isDoubted = false;
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
   * A time that the store has given with another answer. It corrects the offset where it is more exact than what is
   * known by now. It does not make a step: one makes the offset doubtful, and `measure` is to find out.
   */
  note({ sentMs, storeTimeMs }: { readonly sentMs: number; readonly storeTimeMs: number }): void {
    const nowMs = performance.now();
    const tripMs = nowMs - sentMs;
    this.#options.onAnswer?.(tripMs);
    if (this.#sample === null) return;
    const offsetMs = offsetOf(sentMs, tripMs, storeTimeMs);
    const errorMs = tripMs / 2;
    this.#notedMs = nowMs;
    this.#isDoubted = Math.abs(offsetMs - this.#offsetMs) > STEP_MS + errorMs;
    const knownErrorMs = this.#sample.errorMs + (nowMs - this.#sample.atMs) * DRIFT;
    if (this.#isDoubted || errorMs > knownErrorMs) return;
    this.#offsetMs = offsetMs;
    this.#sample = { errorMs, atMs: nowMs };
  }

  /** Whether the offset is to be measured: it is doubtful, or the store has not given its time for this long. */
  isDoubtful(limitMs: number): boolean {
    return this.#isDoubted || this.#doubt !== null || performance.now() - this.#notedMs >= limitMs;
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
    const { offsetMs, errorMs } = await this.#measureOffset();
    const stepMs = offsetMs - this.#offsetMs;
    const isStep = this.#sample !== null && Math.abs(stepMs) > STEP_MS;
    if (isStep && !this.#isProven(offsetMs)) return 0;
    this.#doubt = null;
    this.#isDoubted = false;
    this.#offsetMs = offsetMs;
    this.#notedMs = performance.now();
    this.#sample = { errorMs, atMs: this.#notedMs };
    return isStep ? Math.round(stepMs) : 0;
  }

  #isProven(offsetMs: number): boolean {
    const agrees = this.#doubt !== null && Math.abs(offsetMs - this.#doubt.offsetMs) <= STEP_MS;
    this.#doubt = { offsetMs, proofs: agrees && this.#doubt ? this.#doubt.proofs + 1 : 1 };
    return this.#doubt.proofs >= STEP_PROOFS;
  }

  async #measureOffset(): Promise<{ offsetMs: number; errorMs: number }> {
    let shortestMs = Number.POSITIVE_INFINITY;
    let offsetMs = this.#offsetMs;
    for (let i = 0; i < SAMPLES; i++) {
      const sentMs = performance.now();
      const storeTimeMs = await this.#options.readStoreTimeMs();
      const tripMs = performance.now() - sentMs;
      this.#options.onAnswer?.(tripMs);
      if (tripMs >= shortestMs) continue;
      shortestMs = tripMs;
      offsetMs = offsetOf(sentMs, tripMs, storeTimeMs);
    }
    return { offsetMs, errorMs: shortestMs / 2 };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleep(ms, signal);
  }
}

function offsetOf(sentMs: number, tripMs: number, storeTimeMs: number): number {
  return storeTimeMs - (sentMs + tripMs / 2);
}
