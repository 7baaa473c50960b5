import type { StoreKind } from "../event-map.ts";

export interface LeaseBid {
  readonly replica: string;
  readonly ttlMs: number;
}

/** A lease, or a place in the line for it, that this replica has. */
export interface OwnLease {
  /**
   * Names this acquisition: `<id of the store>:<count>`. Counts of one store only grow, so that the register can refuse a
   * replica that was paused between its acquisition and the opening of its term.
   */
  readonly claim: string;
  /** What the store granted, which may be more than what was asked for. */
  readonly ttlMs: number;
}

/** Who holds the lease. */
export interface Holder {
  readonly claim: string;
  /** The id of the replica, or what another program wrote there. */
  readonly name: string;
  /** False for a holder that no Bellwether made: it opens no terms. */
  readonly isReplica: boolean;
}

export interface Standing {
  /** This replica holds the lease when this claim is the holder's. Null while the store has no place for those who wait. */
  readonly own: OwnLease | null;
  readonly holder: Holder;
}

/**
 * One replica's view of a lease outside of Redis. It only says when a replica tries to open a term: `{ns}/term`, the
 * fence, is in Redis, and decides what is launched. So a wrong answer costs a handoff and no tick.
 *
 * Every answer comes from the store, never from memory; a call that gets none rejects within the store's own deadline,
 * and its outcome is then unknown. All calls can be repeated.
 */
export interface Lease {
  readonly kind: StoreKind;

  /**
   * Takes the lease if it is free, keeps a place where the store has them, and says who holds it.
   *
   * `gone`: a holder whose process has exited. If it still has the lease, it is taken over in one step, or given to the next
   * in line. The holder may live after all, and must not get the lease back first.
   */
  acquire(bid: LeaseBid, gone: Holder | null): Promise<Standing>;

  /** Extends the own lease by its whole time to live. False when it has expired, or was taken away. */
  renew(): Promise<boolean>;

  /** Releases the own lease or place, if there is one, and wakes the others. */
  release(): Promise<void>;

  /** Who holds the lease now, or null. */
  holder(): Promise<Holder | null>;

  /** Calls `wake` when the lease may have changed hands; it may come late, twice or never. Returns the end of it. */
  watch(wake: () => void): () => void;
}
