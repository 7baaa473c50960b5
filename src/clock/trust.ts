import type { Clock } from "./clock.ts";
import { within } from "./within.ts";

export interface TrustOptions {
  readonly clock: Clock;
  readonly ttlMs: number;
  /** Monotonic; when the request that was granted was sent. */
  readonly sentMs: number;
  /** How long after a renewal without an answer the next one is sent. */
  readonly retryInMs: () => number;
}

/** A renewal without an answer. `error`: null when the trust ended first. */
export interface NoAnswer {
  readonly error: unknown;
}

/**
 * Until when a holder trusts what was granted or renewed: the least time that the store grants, less a tenth of the time to
 * live, counted from when the request was *sent*. So trust ends before another holder can follow, as long as clocks run
 * at about the same rate.
 */
export function trustedUntilMs(sentMs: number, ttlMs: number): number {
  return sentMs + ttlMs - ttlMs / 10;
}

/**
 * Until when the holder of a lease or a lock trusts it, and when it renews it: every third of the time to live. All of it is
 * on the monotonic clock.
 */
export class Trust {
  readonly #options: TrustOptions;
  #renewedMs: number;
  #renewAtMs: number;

  constructor(options: TrustOptions) {
    this.#options = options;
    this.#renewedMs = options.sentMs;
    this.#renewAtMs = options.sentMs + options.ttlMs / 3;
  }

  /** Monotonic; when the last renewal that succeeded was sent. */
  get renewedMs(): number {
    return this.#renewedMs;
  }

  get untilMs(): number {
    return trustedUntilMs(this.#renewedMs, this.#options.ttlMs);
  }

  get isOver(): boolean {
    return this.#options.clock.monotonicMs() >= this.untilMs;
  }

  /** Monotonic; when the next renewal is due. */
  get renewAtMs(): number {
    return this.#renewAtMs;
  }

  get isDue(): boolean {
    return this.#options.clock.monotonicMs() >= this.#renewAtMs;
  }

  /** The next renewal is due now. */
  hurry(): void {
    this.#renewAtMs = this.#options.clock.monotonicMs();
  }

  /** Resolves at `atMs`, by default when a renewal is due, when the trust ends, or when the signal aborts. */
  async wait(signal: AbortSignal, atMs = this.#renewAtMs): Promise<void> {
    const { clock } = this.#options;
    await clock.sleep(Math.min(atMs, this.untilMs) - clock.monotonicMs(), signal);
  }

  /** Sends one renewal, and waits for its answer for as long as the trust lasts. Only "renewed" extends the trust. */
  async renew<Answer extends string>(
    send: () => Promise<Answer>,
    ending: AbortSignal,
  ): Promise<Answer | NoAnswer> {
    const { clock, ttlMs, retryInMs } = this.#options;
    const sentMs = clock.monotonicMs();
    const answer = await within(
      send().catch((error: unknown): NoAnswer => ({ error })),
      this.untilMs - sentMs,
      { error: null },
      { clock, signal: ending },
    );
    if (answer === "renewed") this.#renewedMs = sentMs;
    this.#renewAtMs = typeof answer === "string" ? sentMs + ttlMs / 3 : clock.monotonicMs() + retryInMs();
    return answer;
  }
}
