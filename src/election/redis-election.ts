import type {
  Bid,
  BidOutcome,
  Election,
  End,
  Leader,
  Presence,
  ReleaseOutcome,
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
  readonly hasPlaces = false;
  readonly #options: TermRegisterOptions;
  readonly #register: TermRegister;

  constructor(options: TermRegisterOptions) {
    this.#options = options;
    this.#register = new TermRegister(options);
  }

  campaign(bid: Bid): Promise<BidOutcome> {
    return this.#register.campaign(bid, this.#options.keys.lease);
  }

  presenceOf(leader: Leader): Promise<Presence> {
    return this.#register.presenceOf(leader);
  }

  renew(bid: Renewal): Promise<RenewOutcome> {
    return this.#register.renew(bid, bid.ttlMs, this.#options.keys.lease);
  }

  release(bid: Bid, reason: ReleaseReason, end?: End): Promise<ReleaseOutcome> {
    return this.#register.end(bid, reason, end, this.#options.keys.lease);
  }

  async withdraw(): Promise<void> {
    // A bid that is answered `held` leaves nothing behind.
  }

  async current(): Promise<Leader | null> {
    // One transaction, so that lease and record belong together.
    const { redis, keys } = this.#options;
    const read = redis.multi().exists(keys.lease).hmget(keys.leader, "replica", "term", "since");
    const replies = await read.exec();
    const held = replies?.[0]?.[1] === 1;
    const record = replies?.[1]?.[1];
    if (!held || !Array.isArray(record) || typeof record[0] !== "string") return null;
    return leaderOf(record[0], record[1], record[2]);
  }

  onChange(wake: () => void): () => void {
    return this.#register.onNotice(wake);
  }
}
