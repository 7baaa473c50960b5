import type { Holder, Lease, LeaseBid, Standing } from "../../src/election/lease.ts";

/** The lease of one cluster, in memory. */
export class MemoryLeases {
  readonly wakers = new Set<() => void>();
  #count = 0;
  #held: { readonly holder: Holder; readonly untilMs: number } | null = null;

  get holder(): Holder | null {
    return this.#held && performance.now() < this.#held.untilMs ? this.#held.holder : null;
  }

  take(replica: string, ttlMs: number): Holder {
    this.#count += 1;
    const holder = { claim: `memory:${this.#count}`, name: replica, isReplica: true };
    this.keep(holder, ttlMs);
    return holder;
  }

  keep(holder: Holder, ttlMs: number): void {
    this.#held = { holder, untilMs: performance.now() + ttlMs };
  }

  end(claim: string): void {
    if (this.#held?.holder.claim !== claim) return;
    this.#held = null;
    for (const wake of this.wakers) wake();
  }
}

/** A replica's view of it: the least that a lease store has to do. */
export class MemoryLease implements Lease {
  /** A lease store of its own would have its name in the events. */
  readonly kind = "etcd";
  readonly #leases: MemoryLeases;
  #own: { readonly claim: string; readonly ttlMs: number } | null = null;

  constructor(leases: MemoryLeases) {
    this.#leases = leases;
  }

  async acquire({ replica, ttlMs }: LeaseBid, gone: Holder | null): Promise<Standing> {
    const other = this.#leases.holder;
    if (other !== null && other.claim !== gone?.claim) return { own: this.#own, holder: other };
    const holder = this.#leases.take(replica, ttlMs);
    this.#own = { claim: holder.claim, ttlMs };
    return { own: this.#own, holder };
  }

  async renew(): Promise<boolean> {
    const holder = this.#leases.holder;
    if (holder === null || holder.claim !== this.#own?.claim) return false;
    this.#leases.keep(holder, this.#own.ttlMs);
    return true;
  }

  async release(): Promise<void> {
    if (this.#own) this.#leases.end(this.#own.claim);
    this.#own = null;
  }

  async holder(): Promise<Holder | null> {
    return this.#leases.holder;
  }

  watch(wake: () => void): () => void {
    this.#leases.wakers.add(wake);
    return () => this.#leases.wakers.delete(wake);
  }
}
