import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "./clock.ts";

/** setTimeout fires at once beyond this (2^31 - 1 ms); longer sleeps are cut and the caller looks again. */
const MAX_SLEEP_MS = 2_147_483_647;
/** Round trips per measurement; the shortest bounds the error to half its length. */
const SAMPLES = 5;

export interface StoreClockOptions {
  /** The store's time in epoch milliseconds; one round trip. */
  readonly readStoreTimeMs: () => Promise<number>;
}

/**
 * The scheduler's clock: this machine's monotonic time plus an offset to the store's time. The wall clock is
 * used once, as the first guess before the store has answered; a later step of it changes nothing.
 */
export class StoreClock implements Clock {
  readonly #readStoreTimeMs: () => Promise<number>;
  #offsetMs = Date.now() - performance.now();

  constructor(options: StoreClockOptions) {
    this.#readStoreTimeMs = options.readStoreTimeMs;
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
   */
  async measure(): Promise<void> {
    let shortestMs = Number.POSITIVE_INFINITY;
    let offsetMs = this.#offsetMs;
    for (let i = 0; i < SAMPLES; i++) {
      const sentMs = performance.now();
      const storeTimeMs = await this.#readStoreTimeMs();
      const tripMs = performance.now() - sentMs;
      if (tripMs >= shortestMs) continue;
      shortestMs = tripMs;
      offsetMs = storeTimeMs - (sentMs + tripMs / 2);
    }
    this.#offsetMs = offsetMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    try {
      await delay(Math.min(Math.max(ms, 0), MAX_SLEEP_MS), undefined, signal ? { signal } : {});
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  }
}
