import type { StoreKind } from "../event-map.ts";
import type { ElectedReason, EndCause } from "../reasons.ts";

/** One bid for the lease. The token is new for each term, and stays the same while the answer is unknown. */
export interface Bid {
  readonly replica: string;
  readonly token: string;
  readonly ttlMs: number;
  /**
   * Of the configuration that the replica carries. A bid of a higher one than the leader's is a wish that the leader makes
   * way for. Once a leader has proven itself, bids of lower ones are never granted again.
   */
  readonly generation: number;
  /** The number of a term whose leader was found gone: if it still is, its lease is taken immediately. */
  readonly takeOver?: number | undefined;
  /** The newest term that the replica knows of: the next one is newer, also where the store has lost its count. */
  readonly knownTerm?: number | undefined;
  /** What the store said or did instead of its last answer, and for how long; without it, it has answered. */
  readonly away?: { readonly error: string; readonly forMs: number } | undefined;
}

export interface Renewal extends Bid {
  /** The leader has led with its generation for long enough, and launched what was due. */
  readonly isProven?: boolean;
}

/** Whether the leader's process is there: the kernel closes its connections when it dies. */
export type Presence = "there" | "gone" | "unknown";

/** How a term began. */
export interface Beginning {
  /** An `ElectedReason`, or what a later release has written. */
  readonly reason: string;
  /** The leader before, or null when none is on record. */
  readonly previous: string | null;
  /** Why the term before ended, as far as its leader or the store knew. */
  readonly cause: EndCause;
  /**
   * From the last moment at which the leader before could launch until this term was opened; null when there was none.
   * That moment is when it resigned, otherwise its last sign of life (`alive` in term.lua).
   */
  readonly vacantMs: number | null;
}

/** How a term ended, as the record of the leader says. */
export interface End {
  readonly cause: EndCause;
  /** Whether the leader could launch until it ended. */
  readonly wasAble: boolean;
}

export interface Leader {
  readonly replica: string;
  /** 0: the lease is held from outside, by a program that opens no terms (`etcdctl elect`). */
  readonly term: number;
  /** Epoch milliseconds, store time. */
  readonly sinceMs: number;
  /** Where it is on record and was asked for. */
  readonly began?: Beginning | undefined;
}

export type BidOutcome =
  | ({
      readonly outcome: "elected";
      readonly term: number;
      /** Epoch milliseconds, store time. */
      readonly sinceMs: number;
    } & Beginning)
  | {
      readonly outcome: "held";
      /** Null while the holder has not opened its term yet. */
      readonly leader: Leader | null;
      /** When the lease ends unless it is renewed. */
      readonly endsInMs: number;
      /** A wrong guess costs a handoff and no tick: the fence decides. */
      readonly presence: Presence;
      /**
       * This replica is one of the few that check the leader's presence often. The others bid rarely: they are woken by
       * what the watchers find. Decided anew with each bid.
       */
      readonly isWatcher: boolean;
    }
  /** There is no leader, but a higher generation has led, or is about to. */
  | { readonly outcome: "outdated"; readonly newest: number }
  /** There is no leader; leaders of this generation failed, so for `forMs` it makes way for replicas of another one. */
  | { readonly outcome: "passed over"; readonly inFavourOf: number; readonly forMs: number };

/** `outdated`: renewed, but a replica of a higher generation is to lead. `fenced`: held, but a newer term is in force. */
export type RenewOutcome = "renewed" | "outdated" | "fenced" | "lost";

/** `replaced`: a newer term was in force already. `unknown`: Redis has not said so in time. */
export type ReleaseOutcome = "ended" | "replaced" | "unknown";

/** How a lease that was released ended; the next leader reports it as its reason. */
export type ReleaseReason = Extract<ElectedReason, "resigned" | "expired">;

/**
 * One replica's part in the election: the lease, wherever it is, and the terms in Redis. Every answer comes from the store,
 * never from memory; a call that gets none rejects within the store's own deadline, and its outcome is then unknown.
 *
 * A granted bid opens the next term before it answers: `{ns}/term` holds `fenceOf(term, token)` from then on,
 * and launches of older terms are refused.
 */
export interface Election {
  /** Where the lease is. */
  readonly kind: StoreKind;

  /** Bids keep the place of a replica in a line: they must not be further apart than a third of the time to live. */
  readonly hasPlaces: boolean;

  /** Tries once. Safe to repeat with the same token: a bid that had been granted is granted again, in the same term. */
  campaign(bid: Bid): Promise<BidOutcome>;

  /**
   * Whether the process of the leader is there; one command. `gone` only says that a bid is worthwhile. `unknown` also where
   * this replica cannot be seen itself.
   */
  presenceOf(leader: Leader): Promise<Presence>;

  /** Extends the lease to its whole time to live from now, or says why it does not lead any more. */
  renew(bid: Renewal): Promise<RenewOutcome>;

  /**
   * Releases the lease if it is held with this token. Followers are woken immediately. `end` is written to the record while
   * no newer term has been opened; whether it was. Safe to repeat.
   */
  release(bid: Bid, reason: ReleaseReason, end?: End): Promise<ReleaseOutcome>;

  /**
   * Ends everything in the store for bids of this replica that were not granted (a place in a line). The next bid
   * starts anew.
   */
  withdraw(): Promise<void>;

  /** Who holds the lease now, or null. */
  current(): Promise<Leader | null>;

  /**
   * Calls `wake` when leadership may have changed. A wakeup only saves time: it may come late, twice or never.
   * Returns the function that ends the subscription.
   */
  onChange(wake: () => void): () => void;
}

/** The value of the fence while a term is in force. Equality with it, and nothing else, decides who may launch. */
export function fenceOf(term: number, token: string): string {
  return `${term}:${token}`;
}
