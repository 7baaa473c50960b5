import type { Clock } from "../clock/clock.ts";
import { Hint } from "../clock/hint.ts";
import type { LeaseStore } from "./lease-store.ts";

export interface SitOutOptions {
  readonly store: Pick<LeaseStore, "current" | "onHint">;
  readonly clock: Clock;
  readonly leaseTtlMs: number;
  readonly stopping: AbortSignal;
}

/** How a replica that has just led lets another one lead, without leaving the cluster without a leader for long. */
export class SitOut {
  readonly #options: SitOutOptions;
  #fencedMs = Number.NEGATIVE_INFINITY;

  constructor(options: SitOutOptions) {
    this.#options = options;
  }

  /**
   * Fenced with a lease of its own, a replica sees two servers that both think that they are the one, as in the middle
   * of a failover. The first time may be a race. On the second within one TTL it waits, whether there is a leader or not:
   * others may be in the same place, and would pass the lease around as fast as they lose it.
   */
  async afterFenced(): Promise<void> {
    const { clock, leaseTtlMs, stopping } = this.#options;
    const isAgain = clock.monotonicMs() - this.#fencedMs < leaseTtlMs;
    this.#fencedMs = clock.monotonicMs();
    if (isAgain) await clock.sleep(leaseTtlMs / 3, stopping);
    else await this.afterResigning();
  }

  /** Resolves when another replica leads, or after a third of the TTL. */
  async afterResigning(): Promise<void> {
    const { store, clock, leaseTtlMs, stopping } = this.#options;
    const untilMs = clock.monotonicMs() + leaseTtlMs / 3;
    const hint = new Hint();
    const unsubscribe = store.onHint(() => hint.give());
    while (!stopping.aborted && clock.monotonicMs() < untilMs) {
      hint.clear();
      const leader = await store.current().catch(() => null);
      if (leader) break;
      await clock.sleep(untilMs - clock.monotonicMs(), AbortSignal.any([hint.signal, stopping]));
    }
    unsubscribe();
  }
}
