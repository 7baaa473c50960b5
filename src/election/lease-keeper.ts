import type { Clock } from "../clock/clock.ts";
import type { Hint } from "../clock/hint.ts";
import type { LostReason, ResignReason } from "../events.ts";
import type { Bid, LeaseStore } from "./lease-store.ts";

/** How a term ends. */
export type TermEnd =
  | { readonly by: "resigned"; readonly reason: ResignReason }
  | { readonly by: "lost"; readonly reason: LostReason; readonly error?: string };

export interface LeaseKeeperOptions {
  readonly store: Pick<LeaseStore, "renew">;
  readonly clock: Clock;
  /** The bid that was granted. */
  readonly bid: Bid;
  /** Monotonic; when it was sent. */
  readonly grantedMs: number;
  /** The generation that the replica carries now. */
  readonly generation: () => number;
  /** Given when somebody may have announced a newer configuration. */
  readonly hint: Hint;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
}

const MIN_RETRY_MS = 20;
const RETRY_MS = 250;

/**
 * Renews a lease every third of its time to live, at once when there is a hint, and says when it must not be trusted
 * any more: (when the last successful renewal was *sent*) + TTL − TTL/10, all on the monotonic clock.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #trustMs: number;
  #trustedUntilMs: number;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#trustMs = options.bid.ttlMs - options.bid.ttlMs / 10;
    this.#trustedUntilMs = options.grantedMs + this.#trustMs;
  }

  /** Monotonic; by then it is renewed or given up. */
  get trustedUntilMs(): number {
    return this.#trustedUntilMs;
  }

  /** Resolves when the lease is lost, can no longer be trusted, or is to be given up; or when `ending` aborts. */
  async keep(ending: AbortSignal): Promise<TermEnd> {
    const { clock, bid, grantedMs, hint, random } = this.#options;
    let renewAtMs = grantedMs + bid.ttlMs / 3;
    let failure: string | null = null;
    while (!ending.aborted) {
      await clock.sleep(
        Math.min(renewAtMs, this.#trustedUntilMs) - clock.monotonicMs(),
        AbortSignal.any([ending, hint.signal]),
      );
      const sentMs = clock.monotonicMs();
      if (hint.take()) renewAtMs = sentMs;
      if (sentMs >= this.#trustedUntilMs) {
        if (failure === null) return { by: "lost", reason: "expired" };
        return { by: "lost", reason: "unreachable", error: failure };
      }
      if (sentMs < renewAtMs) continue;
      const answer = await this.#renew(sentMs, ending);
      if (answer === "lost") return { by: "lost", reason: "expired" };
      if (answer === "outdated") return { by: "resigned", reason: "generation" };
      if (answer === "renewed") this.#trustedUntilMs = sentMs + this.#trustMs;
      failure = typeof answer === "object" ? answer.error : null;
      renewAtMs =
        failure === null ? sentMs + bid.ttlMs / 3 : clock.monotonicMs() + MIN_RETRY_MS + random() * RETRY_MS;
    }
    return { by: "lost", reason: "expired" };
  }

  /** An answer that comes when the lease is not trusted any more is none. */
  async #renew(sentMs: number, ending: AbortSignal) {
    const { store, clock, bid, generation } = this.#options;
    const answered = new AbortController();
    const answer = await Promise.race([
      store
        .renew({ ...bid, generation: generation() })
        .catch((error: unknown) => ({ error: messageOf(error) })),
      clock
        .sleep(this.#trustedUntilMs - sentMs, AbortSignal.any([answered.signal, ending]))
        .then(() => ({ error: "no answer in time" })),
    ]);
    answered.abort();
    return answer;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
