import type { Redis } from "ioredis";
import type { RedisKeys } from "../redis/keys.ts";
import type {
  Bid,
  BidOutcome,
  Election,
  End,
  Leader,
  ReleaseReason,
  Renewal,
  RenewOutcome,
} from "./election.ts";
import { leaderOf } from "./leader-record.ts";
import { TermRegister, type TermRegisterOptions } from "./term-register.ts";

/**
 * The election without another store: the lease is a key with a time to live beside the term. Lease and term change in one
 * script, so a bid is one round trip, and no replica holds the lease without a term.
 */
export class RedisElection implements Election {
  readonly kind = "redis";
  readonly #register: TermRegister;
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(options: TermRegisterOptions) {
    this.#register = new TermRegister(options);
    this.#redis = options.redis;
    this.#keys = options.keys;
  }

  campaign(bid: Bid): Promise<BidOutcome> {
    return this.#register.campaign(bid, this.#keys.lease);
  }

  renew(bid: Renewal): Promise<RenewOutcome> {
    return this.#register.renew(bid, bid.ttlMs, this.#keys.lease);
  }

  release(bid: Bid, reason: ReleaseReason, end?: End): Promise<void> {
    return this.#register.end(bid, reason, end, this.#keys.lease);
  }

  async withdraw(): Promise<void> {
    // A bid that is answered `held` leaves nothing behind.
  }

  async current(): Promise<Leader | null> {
    // One transaction, so that lease and record belong together.
    const replies = await this.#redis
      .multi()
      .exists(this.#keys.lease)
      .hmget(this.#keys.leader, "replica", "term", "since")
      .exec();
    const held = replies?.[0]?.[1] === 1;
    const record = replies?.[1]?.[1];
    if (!held || !Array.isArray(record) || typeof record[0] !== "string") return null;
    return leaderOf(record[0], record[1], record[2]);
  }

  onChange(wake: () => void): () => void {
    return this.#register.onNotice(wake);
  }
}
