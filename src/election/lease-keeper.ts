import { keepingOf, LEASE_TTL } from "../clock/timing.ts";
import { Trust } from "../clock/trust.ts";
import type { Wakeup } from "../clock/wakeup.ts";
import type { EndCause, LostReason, ResignReason } from "../reasons.ts";
import type { CampaignOptions, Granted } from "./campaign.ts";
import { causeOfFailure } from "./end-cause.ts";
import type { Progress, Stall } from "./progress.ts";

/** How a term ends. */
export type TermEnd =
  | {
      readonly by: "resigned";
      readonly reason: ResignReason;
      readonly cause: EndCause;
      readonly stall?: Stall;
    }
  | TermLoss;

export interface TermLoss {
  readonly by: "lost";
  readonly reason: LostReason;
  readonly cause: EndCause;
}

export interface LeaseKeeperOptions
  extends Pick<CampaignOptions, "store" | "clock" | "generation" | "random"> {
  readonly granted: Granted;
  /** Notified when a replica may have announced a newer configuration. */
  readonly wakeup: Wakeup;
  readonly progress: Progress;
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

export const REPLACED: TermLoss = { by: "lost", reason: "expired", cause: { cause: "replaced" } };

/**
 * Renews the lease of a term, in time and immediately at a wakeup, and says when it must not be trusted any more.
 *
 * A leader that is stalled gets one more renewal, immediately: it shows whether Redis answers this replica at all. Without
 * an answer the leader stays until its trust ends; otherwise each failover would pass leadership around. With an answer,
 * the leader resigns unless it makes progress within the grace.
 */
export class LeaseKeeper {
  readonly trust: Trust;
  readonly #options: LeaseKeeperOptions;
  /** Why the last renewal had no answer. */
  #failure: EndCause | null = null;
  #answered: Answered | null = null;
  /** The generation that is carried, since when, and whether the store knows that it is proven. */
  #carried: number;
  #carriedSinceMs: number;
  #isProofTold = false;

  constructor(options: LeaseKeeperOptions) {
    const { clock, granted, random } = options;
    const { bid, sentMs } = granted;
    this.#options = options;
    this.#carried = bid.generation;
    this.#carriedSinceMs = sentMs;
    const retryInMs = () => MIN_RETRY_MS + random() * RETRY_MS;
    this.trust = new Trust({ clock, keeping: keepingOf(bid.ttlMs, LEASE_TTL), sentMs, retryInMs });
  }

  /** Resolves when the lease is lost, can no longer be trusted, or is to be given up; or when `ending` aborts. */
  async keep(ending: AbortSignal): Promise<TermEnd> {
    const { clock, wakeup, progress } = this.#options;
    while (!ending.aborted) {
      await this.trust.wait(AbortSignal.any([ending, wakeup.signal]), this.#checkAtMs());
      if (wakeup.consume()) this.trust.hurry();
      if (this.trust.isOver) return this.#expired();
      const { stall } = progress;
      if (stall?.sinceMs !== this.#answered?.stallSinceMs) this.#answered = null;
      if (stall !== null && this.#answered !== null) {
        if (clock.monotonicMs() < this.#answered.untilMs) continue;
        const cause = { cause: "no-progress", error: stall.error } as const;
        return { by: "resigned", reason: "no-progress", cause, stall };
      }
      if (this.#failure === null && (stall !== null || this.#isNewlyProven())) this.trust.hurry();
      const end = this.trust.isDue ? await this.#renew(stall, ending) : null;
      if (end !== null) return end;
    }
    return REPLACED;
  }

  /** While renewals fail the next one is soon, and shows all that is to be known. */
  #checkAtMs(): number {
    if (this.#answered !== null) return this.#answered.untilMs;
    const { renewAtMs } = this.trust;
    if (this.#failure !== null) return renewAtMs;
    return Math.min(renewAtMs, this.#options.progress.stallsAtMs, this.#provenAtMs());
  }

  #expired(): TermEnd {
    if (this.#failure === null) return { by: "lost", reason: "expired", cause: { cause: "frozen" } };
    const isFrozen = this.#options.clock.monotonicMs() - this.trust.untilMs >= FROZEN_MS;
    const cause: EndCause = isFrozen ? { ...this.#failure, cause: "frozen" } : this.#failure;
    return { by: "lost", reason: "unreachable", cause };
  }

  /** Null when the term goes on, or the answer says nothing about that. */
  async #renew(stall: Stall | null, ending: AbortSignal): Promise<TermEnd | null> {
    const { store, clock, granted } = this.#options;
    const sentMs = clock.monotonicMs();
    const isNewlyProven = this.#isNewlyProven();
    const isProven = this.#isProofTold || isNewlyProven;
    const renewal = { ...granted.bid, generation: this.#carried, isProven };
    const answer = await this.trust.renew(() => store.renew(renewal), ending);
    if (answer === "lost") return REPLACED;
    if (answer === "fenced") return { by: "lost", reason: "fenced", cause: { cause: "fenced" } };
    if (answer === "outdated") {
      return { by: "resigned", reason: "generation", cause: { cause: "generation" } };
    }
    if (answer === "renewed") {
      this.#failure = null;
      this.#isProofTold = isProven;
    } else if (answer.error !== null) this.#failure = causeOfFailure(answer.error);
    // A renewal that the end of the trust cut short says less than what was said before.
    else this.#failure ??= { cause: "unreachable", error: "no answer in time" };
    if (stall !== null && this.#failure === null) {
      const answeredMs = clock.monotonicMs();
      const graceMs = STALL_GRACE_MS + TRIPS_A_STEP * (answeredMs - sentMs);
      this.#answered = { stallSinceMs: stall.sinceMs, untilMs: answeredMs + graceMs };
    }
    return null;
  }

  #isNewlyProven(): boolean {
    return this.#options.clock.monotonicMs() >= this.#provenAtMs();
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
}
