import type { Clock } from "../clock/clock.ts";
import { Wakeup } from "../clock/wakeup.ts";
import type { Election } from "./election.ts";

export interface BackOffOptions {
  readonly store: Pick<Election, "current" | "onChange">;
  readonly clock: Clock;
  readonly leaseTtlMs: number;
  readonly stopping: AbortSignal;
}

/** How a replica that has just led lets another one lead, without leaving the cluster without a leader for long. */
export class BackOff {
  readonly #options: BackOffOptions;
  #fencedMs = Number.NEGATIVE_INFINITY;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /**
   * A replica that is fenced with a lease of its own sees two servers that both act as the primary, as during a
   * failover. The first time may be a race. On the second within one TTL, back off, whether there is a leader or not;
   * otherwise replicas pass the lease around as fast as they lose it.
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
