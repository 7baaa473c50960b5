import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";
import type { RedisPresence } from "../redis/presence.ts";
import { Script } from "../redis/script.ts";
import { leaderOf } from "./leader-record.ts";
import type {
  Bid,
  BidOutcome,
  End,
  Leader,
  LeaseStore,
  ReleaseReason,
  Renewal,
  RenewOutcome,
} from "./lease-store.ts";
import {
  awayArgs,
  beginningOf,
  beginningReply,
  electedReply,
  endArgs,
  makeWay,
  outcomeOf,
  presenceReply,
  renewOutcomeOf,
  renewReply,
  TERM_LUA,
  TERMS_KEPT,
} from "./term-reply.ts";

const CAMPAIGN = new Script(TERM_LUA, new URL("./campaign.lua", import.meta.url));
const RENEW = new Script(TERM_LUA, new URL("./renew.lua", import.meta.url));
const RELEASE = new Script(new URL("./release.lua", import.meta.url));

const campaignReply = z.union([
  electedReply,
  z.tuple([
    z.literal("held"),
    z.number(),
    z.number(),
    z.string(),
    z.number(),
    z.number(),
    presenceReply,
    ...beginningReply,
  ]),
  z.tuple([z.literal("outdated"), z.number(), z.number(), z.number()]),
]);

export interface RedisLeaseStoreOptions {
  /** A connection that fails fast and never resends (`connectRedis`, purpose "noRetry"). */
  readonly redis: Redis;
  readonly presence: RedisPresence;
  readonly keys: RedisKeys;
}

/** The lease as a key with a time to live; every step is one script. */
export class RedisLeaseStore implements LeaseStore {
  readonly kind = "redis";
  readonly #redis: Redis;
  readonly #presence: RedisPresence;
  readonly #keys: RedisKeys;

  constructor(options: RedisLeaseStoreOptions) {
    this.#redis = options.redis;
    this.#presence = options.presence;
    this.#keys = options.keys;
  }

  async campaign(bid: Bid): Promise<BidOutcome> {
    const { lease, term, leader, terms, generation, generations, lineage } = this.#keys;
    const { leadershipChannel, aliveChannels } = this.#keys;
    const reply = campaignReply.parse(
      await CAMPAIGN.run(
        this.#redis,
        [lease, term, leader, terms, generation, generations, lineage],
        [
          ...[bid.replica, bid.token, bid.ttlMs, leadershipChannel, TERMS_KEPT],
          ...[aliveChannels, bid.takeOver ?? 0, bid.generation, bid.knownTerm ?? 0, ...awayArgs(bid)],
        ],
      ),
    );
    if (reply[1] === 0) this.#presence.announceAgain();
    if (reply[0] === "elected") return outcomeOf(reply);
    if (reply[0] === "outdated") return makeWay(bid, reply[2], reply[3]);
    const [, , endsInMs, replica, number, sinceMs, presence, ...beginning] = reply;
    const began = beginningOf(...beginning);
    return {
      outcome: "held",
      leader: { replica, term: number, sinceMs, ...(began === null ? {} : { began }) },
      endsInMs,
      presence: presence === "gone" && !this.#presence.isSettled() ? "there" : presence,
    };
  }

  async renew(bid: Renewal): Promise<RenewOutcome> {
    const { lease, leader, generation, generations, term, aliveChannels } = this.#keys;
    const reply = renewReply.parse(
      await RENEW.run(
        this.#redis,
        [lease, leader, generation, generations, term],
        [bid.token, bid.ttlMs, bid.generation, bid.isProven ? 1 : 0, bid.replica, aliveChannels],
      ),
    );
    if (reply[1] === 0) this.#presence.announceAgain();
    return renewOutcomeOf(reply);
  }

  async release(bid: Bid, reason: ReleaseReason, end?: End): Promise<void> {
    const { lease, leader, term, leadershipChannel } = this.#keys;
    await RELEASE.run(
      this.#redis,
      [lease, leader, term],
      [bid.token, reason, leadershipChannel, ...endArgs(end)],
    );
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
    return this.#presence.onNotice(wake);
  }
}
