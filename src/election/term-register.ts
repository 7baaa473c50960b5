import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";
import type { RedisPresence } from "../redis/presence.ts";
import { Script } from "../redis/script.ts";
import type {
  Beginning,
  Bid,
  BidOutcome,
  End,
  Leader,
  Presence,
  ReleaseOutcome,
  ReleaseReason,
  Renewal,
  RenewOutcome,
} from "./election.ts";
import { writeCause } from "./end-cause.ts";
import { beginningOf } from "./leader-record.ts";
import type { Holder, Lease, OwnLease } from "./lease.ts";
import { TERMS_KEPT } from "./term-list.ts";

const TERM_LUA = new URL("./term.lua", import.meta.url);
const WATCHERS_LUA = new URL("./watchers.lua", import.meta.url);

/** Reason, previous, vacant ms and cause, as `beginningOf` of term.lua returns them: '' and -1 where nothing is known. */
const beginningReply = [z.string(), z.string(), z.number(), z.string()] as const;
const presenceReply = z.enum(["there", "gone", "unknown"]);
const electedReply = z.tuple([z.literal("elected"), z.number(), z.number(), z.number(), ...beginningReply]);
const openReply = z.union([electedReply, z.tuple([z.literal("stale")])]);
const OPEN = new Script(openReply, TERM_LUA, new URL("./open.lua", import.meta.url));
const announceReply = z.tuple([z.number(), z.number(), z.string()]);
const ANNOUNCE = new Script(announceReply, TERM_LUA, new URL("./announce.lua", import.meta.url));
/** Seen, ms until the lease ends, replica, term, since, presence, and 1 for a watcher. */
const leaderReply = [
  z.number(),
  z.number(),
  z.string(),
  z.number(),
  z.number(),
  presenceReply,
  z.number(),
] as const;
const observeReply = z.union([
  z.tuple([z.literal("unopened"), z.number(), presenceReply]),
  z.tuple([z.literal("opened"), ...leaderReply, z.number(), ...beginningReply]),
]);
const presencesReply = z.tuple([z.string(), z.number(), z.string(), z.number()]);
const OBSERVE = new Script(observeReply, TERM_LUA, WATCHERS_LUA, new URL("./observe.lua", import.meta.url));
const campaignReply = z.union([
  electedReply,
  z.tuple([z.literal("held"), ...leaderReply, ...beginningReply]),
  z.tuple([z.literal("outdated"), z.number(), z.number(), z.number()]),
]);
const CAMPAIGN = new Script(
  campaignReply,
  TERM_LUA,
  WATCHERS_LUA,
  new URL("./campaign.lua", import.meta.url),
);
const renewReply = z.tuple([z.enum(["renewed", "outdated", "fenced", "lost"]), z.number(), z.number()]);
const RENEW = new Script(renewReply, TERM_LUA, new URL("./renew.lua", import.meta.url));
const END = new Script(z.enum(["ended", "replaced"]), TERM_LUA, new URL("./end.lua", import.meta.url));

/** What Redis knows of the replica that holds a lease. */
export interface Observation {
  /** Null while the holder has opened no term with this lease. */
  readonly leader: Leader | null;
  readonly endsInMs: number;
  readonly presence: Presence;
  readonly isWatcher: boolean;
  /** The bid means the term of this leader, whose process has exited: its end is on record. */
  readonly isToBeReplaced: boolean;
}

export interface TermRegisterOptions {
  /** A connection that fails fast and never resends (`connectRedis`, purpose "noRetry"). */
  readonly redis: Redis;
  readonly presence: RedisPresence;
  readonly keys: RedisKeys;
  /** Called with the store's time where it comes with an answer; `sentMs` is when it was asked (monotonic). */
  readonly onTime?: (sample: { readonly sentMs: number; readonly storeTimeMs: number }) => void;
}

/**
 * The terms, in Redis: the fence `{ns}/term`, the record of the leader, the list of terms, and the generations. A launch
 * must see the fence in its own transaction, so the terms are here wherever the lease is. Each step is one script.
 *
 * A lease in the same Redis is a key that is given to these scripts, so that lease and term change together.
 */
export class TermRegister {
  readonly #options: TermRegisterOptions;

  constructor(options: TermRegisterOptions) {
    this.#options = options;
  }

  /**
   * Notes that a replica of the bid's generation bids. `refusal` is set when another generation goes before;
   * `newestClaim` is the newest claim that has had a term, or ''.
   */
  async announce(bid: Bid): Promise<{ readonly refusal: BidOutcome | null; readonly newestClaim: string }> {
    const { generation, claim, leader, generations, leadershipChannel } = this.#options.keys;
    const keys = [generation, claim, leader, generations];
    const args = [bid.generation, leadershipChannel];
    const [other, forMs, newestClaim] = await ANNOUNCE.run(this.#options.redis, keys, args);
    return { refusal: other < 0 ? null : makeWay(bid, other, forMs), newestClaim };
  }

  /** Opens the next term for the holder of a lease, or again the one that was opened with this bid. Null: too late. */
  async open(
    bid: Bid,
    lease: OwnLease & { readonly claimBefore: string; readonly kind: Lease["kind"] },
  ): Promise<BidOutcome | null> {
    const { claim } = this.#options.keys;
    const split = lease.claim.lastIndexOf(":");
    const [store, count] = [lease.claim.slice(0, split), lease.claim.slice(split + 1)];
    const args = [...this.#openingArgs(bid, lease.ttlMs), store, count, lease.claimBefore, lease.kind];
    const reply = await OPEN.run(this.#options.redis, [...this.#openingKeys(), claim], args);
    return reply[0] === "elected" ? this.#electedOf(reply) : null;
  }

  /** Who holds the lease, and whether its process is there. `bid`: of the replica that asks, or null. */
  async observe(holder: Holder, bid: Bid | null): Promise<Observation> {
    const { keys, redis } = this.#options;
    const asker = [bid?.replica ?? "", holder.name, bid?.generation ?? 0];
    const args = [holder.claim, keys.aliveChannels, bid?.takeOver ?? 0, ...asker];
    const reply = await OBSERVE.run(redis, [keys.leader, keys.watchers], args);
    if (bid !== null) this.#noteSeen(reply[1]);
    if (reply[0] === "unopened") {
      const presence = this.#settled(reply[2]);
      return { leader: null, endsInMs: 0, presence, isWatcher: true, isToBeReplaced: false };
    }
    const [, , endsInMs, replica, term, sinceMs, found, watcher, replace, ...began] = reply;
    const presence = this.#settled(found);
    const leader = { replica, term, sinceMs, began: beginningOf(...began) };
    const isToBeReplaced = replace === 1 && presence === "gone";
    return { leader, endsInMs, presence, isWatcher: watcher === 1, isToBeReplaced };
  }

  /** All of a bid in one step, for a lease that is a key beside the term. */
  async campaign(bid: Bid, lease: string): Promise<BidOutcome> {
    const keys = [...this.#openingKeys(), lease, this.#options.keys.watchers];
    const args = [...this.#openingArgs(bid, bid.ttlMs), bid.takeOver ?? 0];
    const reply = await CAMPAIGN.run(this.#options.redis, keys, args);
    if (reply[0] === "elected") return this.#electedOf(reply);
    this.#noteSeen(reply[1]);
    if (reply[0] === "outdated") return makeWay(bid, reply[2], reply[3]);
    const [, , endsInMs, replica, term, sinceMs, found, watcher, ...began] = reply;
    const leader = { replica, term, sinceMs, began: beginningOf(...began) };
    const presence = this.#settled(found);
    return { outcome: "held", leader, endsInMs, presence, isWatcher: watcher === 1 };
  }

  /** Whether the leader's process is there, as far as the server that answers can know. */
  async presenceOf({ replica }: Leader): Promise<Presence> {
    const { redis, keys, presence } = this.#options;
    const reply = await redis.pubsub("NUMSUB", keys.alive(replica), presence.channel);
    const [, count, , own] = presencesReply.parse(reply);
    this.#noteSeen(own);
    if (own === 0) return "unknown";
    return this.#settled(count > 0 ? "there" : "gone");
  }

  /** Notes that the leader has renewed its lease. `lease`: the key that is extended with it. */
  async renew(bid: Renewal, ttlMs: number, lease?: string): Promise<RenewOutcome> {
    const { term, leader, generation, generations, aliveChannels } = this.#options.keys;
    const keys = [term, leader, generation, generations, ...(lease === undefined ? [] : [lease])];
    const args = [bid.token, ttlMs, bid.generation, bid.isProven ? 1 : 0, bid.replica, aliveChannels];
    const sentMs = performance.now();
    const [outcome, seen, micros] = await RENEW.run(this.#options.redis, keys, args);
    this.#options.onTime?.({ sentMs, storeTimeMs: micros / 1_000 });
    this.#noteSeen(seen);
    return outcome;
  }

  /** Writes how the term ended to the record, unless a newer one was opened. `lease`: the key that ends with it. */
  async end(bid: Bid, reason: ReleaseReason, end?: End, lease?: string): Promise<ReleaseOutcome> {
    const { term, leader, leadershipChannel } = this.#options.keys;
    const { cause, wasAble } = end ?? { cause: { cause: "unknown" }, wasAble: true };
    const keys = [term, leader, ...(lease === undefined ? [] : [lease])];
    const args = [bid.token, reason, writeCause(cause), wasAble ? 1 : 0, leadershipChannel];
    return await END.run(this.#options.redis, keys, args);
  }

  /** Calls `wake` when a term was opened, or a lease in Redis released. Returns the end of it. */
  onNotice(wake: () => void): () => void {
    return this.#options.presence.onNotice(wake);
  }

  #openingKeys(): string[] {
    const { term, leader, terms, generation, generations, lineage } = this.#options.keys;
    return [term, leader, terms, generation, generations, lineage];
  }

  #openingArgs({ replica, token, generation, knownTerm, away }: Bid, ttlMs: number): (string | number)[] {
    const { leadershipChannel, aliveChannels } = this.#options.keys;
    const outage = away ? [away.error.slice(0, 300), Math.round(away.forMs)] : ["", 0];
    const own = [replica, token, ttlMs, generation, knownTerm ?? 0, ...outage];
    return [...own, leadershipChannel, aliveChannels, TERMS_KEPT];
  }

  #electedOf([, seen, term, sinceMs, ...beginning]: z.output<typeof electedReply>): BidOutcome {
    this.#noteSeen(seen);
    return { outcome: "elected", term, sinceMs, ...(beginningOf(...beginning) ?? UNKNOWN_BEGINNING) };
  }

  #noteSeen(seen: number): void {
    if (seen === 0) this.#options.presence.announceAgain();
  }

  /** A replica that has just reconnected must not report others as gone. */
  #settled(presence: Presence): Presence {
    return presence === "gone" && !this.#options.presence.isSettled() ? "there" : presence;
  }
}

const UNKNOWN_BEGINNING: Beginning = {
  reason: "vacant",
  previous: null,
  cause: { cause: "unknown" },
  vacantMs: null,
};

/** What a bid is answered that has to make way for another generation. */
function makeWay(bid: Bid, other: number, forMs: number): BidOutcome {
  return other > bid.generation
    ? { outcome: "outdated", newest: other }
    : { outcome: "passed over", inFavourOf: other, forMs };
}
