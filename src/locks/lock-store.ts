import type { StoreKind } from "../event-map.ts";

/** One wish for a lock. The token is new for each acquisition, and stays the same while the answer is unknown. */
export interface Claim {
  readonly name: string;
  readonly token: string;
  readonly ttlMs: number;
}

export type ClaimOutcome =
  | {
      readonly outcome: "granted";
      /** Greater than that of every earlier acquisition of the name. */
      readonly fence: number;
    }
  | {
      readonly outcome: "held";
      /** Who holds it, for people. */
      readonly holder: string;
      /** When it may be of use to ask again even without a wakeup. */
      readonly askAgainInMs: number;
    };

/**
 * Where locks live. Every answer comes from the store, never from memory; a call that gets none rejects within
 * the store's own deadline, and its outcome is then unknown.
 */
export interface LockStore {
  readonly kind: StoreKind;
  /** Who holds what is acquired here: this process, as others see it. */
  readonly holder: string;
  /**
   * True: waiters are served in the order in which they came. False: the first to ask gets it, so wakeups need jitter.
   */
  readonly isFair: boolean;

  /**
   * Tries once. Safe to repeat with the same token: a claim that had been granted is granted again with the same
   * fence, for `ttlMs` from then on. Where the store is fair, the first try takes a place in the line, which is
   * kept for `ttlMs` from the last one.
   */
  acquire(claim: Claim): Promise<ClaimOutcome>;

  /** Extends the lock to `ttlMs` from now, or says that it is not held with this token any more. */
  renew(claim: Claim): Promise<"renewed" | "lost">;

  /**
   * Releases the lock, or the place in the line, of this token; otherwise does nothing. Waiters are woken. Safe to
   * repeat. `isInDoubt`: an acquire of this token was not answered and may still arrive; it must then take nothing.
   */
  release(claim: Claim, isInDoubt: boolean): Promise<void>;

  /** Nothing more is asked with this claim: frees what this process keeps of it. Needs no store, never throws. */
  forget(claim: Claim): void;

  /**
   * Calls `wake` when the claim may be granted now, and once when it begins to listen. A wakeup only saves time: it
   * may come late, twice or never. Returns the end of it.
   */
  onChange(claim: Claim, wake: () => void): () => void;

  /** Closes the connections, for good. Safe to call twice, and before anything else. */
  close(): Promise<void>;
}
