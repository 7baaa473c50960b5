import type { Clock } from "../clock/clock.ts";
import { type Keeping, keepingOf, LEASE_TTL } from "../clock/timing.ts";
import type { Wakeup } from "../clock/wakeup.ts";
import type { EndCause } from "../events.ts";
import type { LostReason, ResignReason } from "../reasons.ts";
import { causeOfFailure } from "./end-cause.ts";
import type { Bid, LeaseStore } from "./lease-store.ts";
import type { Progress, Stall } from "./progress.ts";

/** How a term ends. */
export type TermEnd =
  | {
      readonly by: "resigned";
      readonly reason: ResignReason;
      readonly cause: EndCause;
      readonly stall?: Stall;
    }
  | { readonly by: "lost"; readonly reason: LostReason; readonly cause: EndCause };

export interface LeaseKeeperOptions {
  readonly store: Pick<LeaseStore, "renew">;
  readonly clock: Clock;
  /** The bid that was granted. */
  readonly bid: Bid;
  /** Monotonic; when it was sent. */
  readonly grantedMs: number;
  /** The generation that the replica carries now. */
  readonly generation: () => number;
  /** Notified when a replica may have announced a newer configuration. */
  readonly wakeup: Wakeup;
  readonly progress: Progress;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
}

const MIN_RETRY_MS = 20;
/** A timer that is this late shows that the process or its event loop stood still, whatever became of the last renewal. */
const FROZEN_MS = 500;
const RETRY_MS = 250;
/** What a stalled leader still gets after Redis has answered it: the same answer may be on its way to the launcher. */
const STALL_GRACE_MS = 500;
/** A generation of the configuration is proven when its leader has launched what was due for this long. */
const PROOF_MS = 10_000;
/** Round trips of the longest step (open, or look and commit). */
const TRIPS_A_STEP = 4;

/** Redis has answered the lease connection although the leader is stalled: if it still is by then, it resigns. */
interface Answered {
  readonly stallSinceMs: number;
  readonly untilMs: number;
}

/**
 * Renews a lease when it is due (`keepingOf`), and immediately at a wakeup. It says when the lease must not be trusted any
 * more.
 *
 * A leader that is stalled gets one more renewal, immediately: it shows whether Redis answers this replica at all. Without
 * an answer the leader stays until its trust ends; otherwise each failover would pass leadership around. With an answer,
 * the leader resigns unless it makes progress within the grace.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #keeping: Keeping;
  #trustedUntilMs: number;
  /** The generation that is carried, since when, and whether the store knows that it is proven. */
  #carried: number;
  #carriedSinceMs: number;
  #isProofTold = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#carried = options.bid.generation;
    this.#carriedSinceMs = options.grantedMs;
    this.#keeping = keepingOf(options.bid.ttlMs, LEASE_TTL);
    this.#trustedUntilMs = options.grantedMs + this.#keeping.trustMs;
  }

  /** Monotonic; by then it is renewed or given up. */
  get trustedUntilMs(): number {
    return this.#trustedUntilMs;
  }

  /** Monotonic; when the last renewal that succeeded was sent. */
  get renewedMs(): number {
    return this.#trustedUntilMs - this.#keeping.trustMs;
  }

  /** Resolves when the lease is lost, can no longer be trusted, or is to be given up; or when `ending` aborts. */
  async keep(ending: AbortSignal): Promise<TermEnd> {
    const { clock, grantedMs, wakeup, progress, random } = this.#options;
    const { renewMs, trustMs } = this.#keeping;
    let renewAtMs = grantedMs + renewMs;
    let failure: EndCause | null = null;
    let answered: Answered | null = null;
    while (!ending.aborted) {
      const wakeAtMs = answered?.untilMs ?? this.#wakeAtMs(renewAtMs, failure === null);
      await clock.sleep(
        Math.min(wakeAtMs, this.#trustedUntilMs) - clock.monotonicMs(),
        AbortSignal.any([ending, wakeup.signal]),
      );
      const sentMs = clock.monotonicMs();
      if (wakeup.consume()) renewAtMs = sentMs;
      if (sentMs >= this.#trustedUntilMs) {
        if (failure === null) return { by: "lost", reason: "expired", cause: { cause: "frozen" } };
        const isFrozen = sentMs - this.#trustedUntilMs >= FROZEN_MS;
        return {
          by: "lost",
          reason: "unreachable",
          cause: isFrozen ? { ...failure, cause: "frozen" } : failure,
        };
      }
      const { stall } = progress;
      if (stall === null || stall.sinceMs !== answered?.stallSinceMs) answered = null;
      if (stall !== null && answered !== null) {
        if (sentMs >= answered.untilMs) {
          const cause = { cause: "no-progress", error: stall.error } as const;
          return { by: "resigned", reason: "no-progress", cause, stall };
        }
        continue;
      }
      if (stall !== null && failure === null) renewAtMs = sentMs;
      const isNewlyProven = sentMs >= this.#provenAtMs();
      if (isNewlyProven && failure === null) renewAtMs = sentMs;
      if (sentMs < renewAtMs) continue;
      const isProven = this.#isProofTold || isNewlyProven;
      const answer = await this.#renew(sentMs, isProven, ending);
      if (answer === "lost") return { by: "lost", reason: "expired", cause: { cause: "replaced" } };
      if (answer === "fenced") return { by: "lost", reason: "fenced", cause: { cause: "fenced" } };
      if (answer === "outdated") {
        return { by: "resigned", reason: "generation", cause: { cause: "generation" } };
      }
      if (answer === "renewed") {
        this.#trustedUntilMs = sentMs + trustMs;
        this.#isProofTold = isProven;
      }
      // A renewal that the end of the trust cut short says less than what was said before.
      if (answer !== "too late") failure = typeof answer === "object" ? answer : null;
      else failure ??= { cause: "unreachable", error: "no answer in time" };
      const answeredMs = clock.monotonicMs();
      if (stall !== null && failure === null) {
        const graceMs = STALL_GRACE_MS + TRIPS_A_STEP * (answeredMs - sentMs);
        answered = { stallSinceMs: stall.sinceMs, untilMs: answeredMs + graceMs };
      }
      renewAtMs = failure === null ? sentMs + renewMs : answeredMs + MIN_RETRY_MS + random() * RETRY_MS;
    }
    return { by: "lost", reason: "expired", cause: { cause: "replaced" } };
  }

  /** While renewals fail the next one is soon, and shows all that is to be known. */
  #wakeAtMs(renewAtMs: number, isAnswered: boolean): number {
    return isAnswered
      ? Math.min(renewAtMs, this.#options.progress.stallsAtMs, this.#provenAtMs())
      : renewAtMs;
  }

  /** When the store is to be informed that the generation is proven; infinity when it has. */
  #provenAtMs(): number {
    const { clock, generation, progress } = this.#options;
    if (this.#carried !== generation()) {
      this.#carried = generation();
      this.#carriedSinceMs = clock.monotonicMs();
      this.#isProofTold = false;
    }
    if (this.#isProofTold) return Number.POSITIVE_INFINITY;
    return Math.max(progress.healthySinceMs, this.#carriedSinceMs) + PROOF_MS;
  }

  /** An answer that comes when the lease is not trusted any more is none. */
  async #renew(sentMs: number, isProven: boolean, ending: AbortSignal) {
    const { store, clock, bid } = this.#options;
    const answered = new AbortController();
    const answer = await Promise.race([
      store.renew({ ...bid, generation: this.#carried, isProven }).catch(causeOfFailure),
      clock
        .sleep(this.#trustedUntilMs - sentMs, AbortSignal.any([answered.signal, ending]))
        .then(() => "too late" as const),
    ]);
    answered.abort();
    return answer;
  }
}
