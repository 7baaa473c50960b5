import { Wakeup } from "../clock/wakeup.ts";
import type { ResignReason } from "../reasons.ts";
import { Campaign, type CampaignOptions } from "./campaign.ts";
import type { TermWork } from "./term.ts";
import { TermSession } from "./term-session.ts";

export interface ElectorOptions extends Omit<CampaignOptions, "generation" | "random" | "stopping"> {
  /** Of the configuration; `setGeneration` changes it. */
  readonly generation: number;
  readonly runTerm: TermWork;
  /** 0 ≤ n < 1; spreads retries so that replicas do not act in step. */
  readonly random?: () => number;
}

/** A term that is being led, until the leader's work has ended. */
export interface CurrentTerm {
  readonly term: number;
  /** Monotonic; by then it is renewed or given up. */
  readonly trustedUntilMs: number;
}

/**
 * Campaigns, leads, and campaigns again, until stopped:
 *
 *              bid granted                    resigned, lost, fenced
 *     follow ───────────────▶ lead ───────────────────────────────────▶ follow
 *        │                      │
 *        └──────── stop ────────┴──▶ stopped
 *
 * Timing, all on the monotonic clock. The lease is renewed every third of its time to live. The leader trusts its term
 * until (when the last successful renewal was *sent*) + TTL − TTL/10. So it stops before another replica can be
 * elected, as long as clocks run at about the same rate. This avoids refused launches; the fence alone guarantees
 * safety.
 */
export class Elector {
  readonly #options: ElectorOptions & { readonly random: () => number };
  readonly #stopping = new AbortController();
  readonly #campaign: Campaign;
  readonly #failure = Promise.withResolvers<never>();
  #running: Promise<void> | null = null;
  #stopReason: ResignReason = "shutdown";
  #generation: number;
  #session: TermSession | null = null;
  /** Monotonic; when a term of this replica was fenced last. */
  #fencedMs = Number.NEGATIVE_INFINITY;

  constructor(options: ElectorOptions) {
    this.#options = { random: Math.random, ...options };
    this.#generation = options.generation;
    const stopping = this.#stopping.signal;
    this.#campaign = new Campaign({ ...this.#options, generation: () => this.#generation, stopping });
    this.#failure.promise.catch(() => undefined);
  }

  start(): void {
    this.#running ??= this.#run().catch((error: unknown) => this.#failure.reject(error));
  }

  /** Rejects when the loop breaks down (a bug): this replica then takes no part in elections any more. */
  get failure(): Promise<never> {
    return this.#failure.promise;
  }

  /** Gives up the term, if there is one, and campaigns no more. Resolves when the leader's work has ended. */
  async stop(reason: ResignReason = "shutdown"): Promise<void> {
    this.#stopReason = reason;
    this.#stopping.abort();
    this.#session?.resign(reason);
    await this.#running;
  }

  /** The replica carries another generation of the configuration from its next bid or renewal on. */
  setGeneration(generation: number): void {
    this.#generation = generation;
  }

  /** Gives up the term, if there is one, and goes on as a follower. False when this replica does not lead. */
  stepDown(reason: ResignReason): boolean {
    return this.#session?.resign(reason) ?? false;
  }

  get currentTerm(): CurrentTerm | null {
    return this.#session && { term: this.#session.number, trustedUntilMs: this.#session.trustedUntilMs };
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopping.signal.aborted) await this.#lead();
    } finally {
      await this.#campaign.withdraw(this.#stopReason);
    }
  }

  /** Follows until a bid is granted, leads until the term ends, and lets others bid first where that is due. */
  async #lead(): Promise<void> {
    const granted = await this.#campaign.win();
    if (granted === null) return;
    const session = new TermSession({ ...this.#options, generation: () => this.#generation, granted });
    this.#session = session;
    if (this.#stopping.signal.aborted) session.resign(this.#stopReason);
    try {
      const end = await session.run();
      const isAway = end.by === "lost" && end.reason === "unreachable";
      this.#campaign.termEnded(session.renewedMs, isAway ? (end.cause.error ?? end.cause.cause) : null);
      this.#session = null;
      if (end.by === "resigned") await this.#letOthersLead();
      else if (end.reason === "fenced") await this.#backOff();
    } finally {
      this.#session = null;
    }
  }

  /**
   * A replica that is fenced with a lease of its own sees two servers that both act as the primary, as during a
   * failover. The first time may be a race. On the second within one TTL, back off, whether there is a leader or not;
   * otherwise replicas pass the lease around as fast as they lose it.
   */
  async #backOff(): Promise<void> {
    const { clock, leaseTtlMs } = this.#options;
    const isAgain = clock.monotonicMs() - this.#fencedMs < leaseTtlMs;
    this.#fencedMs = clock.monotonicMs();
    if (isAgain) await clock.sleep(leaseTtlMs / 3, this.#stopping.signal);
    else await this.#letOthersLead();
  }

  /** Resolves when another replica leads, or after a third of the TTL. */
  async #letOthersLead(): Promise<void> {
    const { store, clock, leaseTtlMs } = this.#options;
    const stopping = this.#stopping.signal;
    const untilMs = clock.monotonicMs() + leaseTtlMs / 3;
    const wakeup = new Wakeup();
    const unsubscribe = store.onChange(() => wakeup.notify());
    while (!stopping.aborted && clock.monotonicMs() < untilMs) {
      wakeup.clear();
      const leader = await store.current().catch(() => null);
      if (leader) break;
      await clock.sleep(untilMs - clock.monotonicMs(), AbortSignal.any([wakeup.signal, stopping]));
    }
    unsubscribe();
  }
}
