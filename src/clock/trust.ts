import type { Clock } from "./clock.ts";
import type { Keeping } from "./timing.ts";
import { within } from "./within.ts";

export interface TrustOptions {
  readonly clock: Clock;
  readonly keeping: Keeping;
  /** Monotonic; when the request that was granted was sent. */
  readonly sentMs: number;
  /** How long after a renewal without an answer the next one is sent. */
  readonly retryInMs: () => number;
}

/** A renewal without an answer. `error`: null when the trust ended first. */
export interface NoAnswer {
  readonly error: unknown;
}

/** Until when the holder of a lease or a lock trusts it, and when it renews it. All of it is on the monotonic clock. */
export class Trust {
  readonly #options: TrustOptions;
  #renewedMs: number;
  #renewAtMs: number;

  constructor(options: TrustOptions) {
    this.#options = options;
    this.#renewedMs = options.sentMs;
    this.#renewAtMs = options.sentMs + options.keeping.renewMs;
  }

  /** Monotonic; when the last renewal that succeeded was sent. */
  get renewedMs(): number {
    return this.#renewedMs;
  }

  get untilMs(): number {
    return this.#renewedMs + this.#options.keeping.trustMs;
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
    const { clock, keeping, retryInMs } = this.#options;
    const sentMs = clock.monotonicMs();
    const answer = await within(
      send().catch((error: unknown): NoAnswer => ({ error })),
      this.untilMs - sentMs,
      { error: null },
      { clock, signal: ending },
    );
    if (answer === "renewed") this.#renewedMs = sentMs;
    this.#renewAtMs =
      typeof answer === "string" ? sentMs + keeping.renewMs : clock.monotonicMs() + retryInMs();
    return answer;
  }
}
