import type { Redis } from "ioredis";
import { z } from "zod";
import { settlesWithin } from "../clock/within.ts";
import type { RedisKeys } from "../redis/keys.ts";
import type { RedisPresence } from "../redis/presence.ts";
import { Script } from "../redis/script.ts";
import type { Candidate, EtcdElection, Holder } from "./etcd-election.ts";
import type {
  Bid,
  BidOutcome,
  End,
  Leader,
  LeaseStore,
  Presence,
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

const ANNOUNCE = new Script(TERM_LUA, new URL("./etcd-announce.lua", import.meta.url));
const OPEN = new Script(TERM_LUA, new URL("./etcd-open.lua", import.meta.url));
const HOLDER = new Script(TERM_LUA, new URL("./etcd-holder.lua", import.meta.url));
const RENEW = new Script(TERM_LUA, new URL("./etcd-renew.lua", import.meta.url));
const END = new Script(TERM_LUA, new URL("./etcd-end.lua", import.meta.url));

const announceReply = z.tuple([z.number(), z.number(), z.string()]);
const openReply = z.union([electedReply, z.tuple([z.literal("stale")])]);
const holderReply = z.union([
  z.tuple([z.literal("unopened"), z.number(), presenceReply]),
  z.tuple([
    z.literal("opened"),
    z.number(),
    z.string(),
    z.number(),
    z.number(),
    z.number(),
    presenceReply,
    z.number(),
    ...beginningReply,
  ]),
]);

/** A bid that finds its place lost joins again; more often than this something else is wrong. */
const ROUNDS = 3;
/** A replica that has the oldest key and was missing for this long loses it before its lease ends. */
const GONE_MS = 100;
/** How the term ended is best-effort information for the next leader; Redis must not hold up a handoff for it. */
const END_LIMIT_MS = 200;

export interface EtcdLeaseStoreOptions {
  readonly election: EtcdElection;
  /** A connection that fails fast and never resends (`connectRedis`, purpose "noRetry"). */
  readonly redis: Redis;
  readonly presence: RedisPresence;
  readonly keys: RedisKeys;
}

/** This replica's place in the queue, and what was done with it. */
interface Place {
  readonly candidate: Candidate;
  /** The newest claim in Redis before the key was created. */
  readonly claimBefore: string;
  /** Token of the bid that opened a term from this place, or may have. */
  token: string | null;
  /** Monotonic; when the lease was last extended. */
  keptMs: number;
}

/**
 * The lease in etcd, the term in Redis. A replica has one key in the queue from its first bid until it leaves. Each bid
 * checks whether the key is now the oldest, and keeps its lease alive. The winner opens its term in Redis. A replica
 * that cannot, because it has no Redis, leaves the queue, so that the others need not wait.
 */
export class EtcdLeaseStore implements LeaseStore {
  readonly kind = "etcd";
  readonly #election: EtcdElection;
  readonly #redis: Redis;
  readonly #presence: RedisPresence;
  readonly #keys: RedisKeys;
  #place: Place | null = null;
  /** A holder that was found gone before it opened a term, and when first. */
  #suspect: { readonly claim: string; readonly sinceMs: number } | null = null;

  constructor(options: EtcdLeaseStoreOptions) {
    this.#election = options.election;
    this.#redis = options.redis;
    this.#presence = options.presence;
    this.#keys = options.keys;
  }

  async campaign(bid: Bid): Promise<BidOutcome> {
    const startedMs = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      // Redis is asked first: a replica that cannot reach it has no business in the queue.
      const [other, forMs, claimBefore] = await this.#announce(bid);
      if (other >= 0) return await this.#makeWay(makeWay(bid, other, forMs), bid);
      const place = this.#place ?? (await this.#join(bid, claimBefore));
      const holder = await this.#look(place, bid);
      if (holder === null) {
        await this.#leave(place);
        continue;
      }
      const outcome =
        holder.claim === place.candidate.claim
          ? await this.#open(place, bid, startedMs)
          : await this.#held(holder, bid);
      if (outcome !== "again") return outcome;
    }
    throw new Error("the place in the election was lost again and again");
  }

  async renew(bid: Renewal): Promise<RenewOutcome> {
    const place = this.#place;
    if (place?.token !== bid.token) return "lost";
    if (!(await this.#election.keep(place.candidate))) {
      await this.#leave(place);
      return "lost";
    }
    // Released meanwhile: the record says by now how the term ended, and must go on saying so.
    if (this.#place !== place) return "lost";
    place.keptMs = performance.now();
    const { term, leader, generation, generations, aliveChannels } = this.#keys;
    const { ttlMs } = place.candidate;
    const reply = renewReply.parse(
      await RENEW.run(
        this.#redis,
        [term, leader, generation, generations],
        [bid.token, ttlMs, bid.generation, bid.isProven ? 1 : 0, bid.replica, aliveChannels],
      ),
    );
    if (reply[1] === 0) this.#presence.announceAgain();
    return renewOutcomeOf(reply);
  }

  async release(bid: Bid, reason: ReleaseReason, end?: End): Promise<void> {
    const place = this.#place;
    if (place?.token !== bid.token) return;
    this.#place = null;
    const { term, leader } = this.#keys;
    const ended = END.run(this.#redis, [term, leader], [bid.token, reason, ...endArgs(end)]);
    await settlesWithin(ended, END_LIMIT_MS);
    await this.#election.leave(place.candidate);
  }

  async withdraw(): Promise<void> {
    const place = this.#place;
    this.#place = null;
    if (place) await this.#election.leave(place.candidate);
    await this.#election.sweep();
  }

  async current(): Promise<Leader | null> {
    const holder = await this.#election.holder();
    if (holder === null) return null;
    if (!holder.isReplica) return stranger(holder);
    const reply = await this.#readHolder(holder, null);
    if (reply[0] === "unopened") return null;
    const [, , replica, term, sinceMs] = reply;
    return { replica, term, sinceMs };
  }

  /** A key that comes or goes wakes through etcd, an opened term through Redis. */
  onChange(wake: () => void): () => void {
    const endWatch = this.#election.watch(wake);
    const endNotices = this.#presence.onNotice(wake);
    return () => {
      endWatch();
      endNotices();
    };
  }

  async #announce({ generation: mine }: Bid) {
    const { generation, claim, leader, generations, leadershipChannel } = this.#keys;
    const keys = [generation, claim, leader, generations];
    return announceReply.parse(await ANNOUNCE.run(this.#redis, keys, [mine, leadershipChannel]));
  }

  /** A replica that has to make way leaves the queue to the others, and only checks who leads. */
  async #makeWay(refused: BidOutcome, bid: Bid): Promise<BidOutcome> {
    if (this.#place) await this.#leave(this.#place);
    await this.#election.sweep();
    const holder = await this.#election.holder();
    if (holder === null) return refused;
    const { takeOver: _, ...asFollower } = bid;
    const outcome = await this.#held(holder, asFollower);
    return outcome === "again" ? refused : outcome;
  }

  async #join(bid: Bid, claimBefore: string): Promise<Place> {
    const keptMs = performance.now();
    const candidate = await this.#election.join(bid.replica, bid.ttlMs);
    this.#place = { candidate, claimBefore, token: null, keptMs };
    return this.#place;
  }

  /** Null when the place is lost: the lease ran out, or the key was deleted. */
  async #look(place: Place, bid: Bid): Promise<Holder | null> {
    const nowMs = performance.now();
    if (nowMs - place.keptMs < bid.ttlMs / 4) return this.#election.look(place.candidate);
    const [isKept, holder] = await Promise.all([
      this.#election.keep(place.candidate),
      this.#election.look(place.candidate),
    ]);
    if (isKept) place.keptMs = nowMs;
    return isKept ? holder : null;
  }

  /** A granted bid has its whole time to live before it, so the lease is extended meanwhile. */
  async #open(place: Place, bid: Bid, startedMs: number): Promise<BidOutcome | "again"> {
    place.token = bid.token;
    const nowMs = performance.now();
    try {
      const [reply, isKept] = await Promise.all([
        this.#openTerm(place, bid),
        place.keptMs >= startedMs || this.#election.keep(place.candidate),
      ]);
      if (reply[0] === "elected" && isKept) {
        place.keptMs = Math.max(place.keptMs, nowMs);
        if (reply[1] === 0) this.#presence.announceAgain();
        return outcomeOf(reply);
      }
      await this.#leave(place);
      return "again";
    } catch (error) {
      await this.#leave(place);
      throw error;
    }
  }

  async #openTerm({ candidate, claimBefore }: Place, bid: Bid) {
    const { term, leader, terms, claim, generation, generations, lineage } = this.#keys;
    const { leadershipChannel, aliveChannels } = this.#keys;
    const [cluster = "", revision = ""] = candidate.claim.split(":");
    return openReply.parse(
      await OPEN.run(
        this.#redis,
        [term, leader, terms, claim, generation, generations, lineage],
        [
          ...[bid.replica, bid.token, candidate.ttlMs, leadershipChannel, TERMS_KEPT],
          ...[aliveChannels, cluster, revision, claimBefore, bid.generation, bid.knownTerm ?? 0],
          ...awayArgs(bid),
        ],
      ),
    );
  }

  async #held(holder: Holder, bid: Bid): Promise<BidOutcome | "again"> {
    const unopened = { outcome: "held", endsInMs: bid.ttlMs, presence: "unknown" } as const;
    if (!holder.isReplica) return { ...unopened, leader: stranger(holder) };
    const reply = await this.#readHolder(holder, bid);
    if (reply[1] === 0) this.#presence.announceAgain();
    if (reply[0] === "unopened") {
      const presence = this.#settled(reply[2]);
      if (this.#isLongGone(holder, presence)) return await this.#pass(holder);
      return { ...unopened, leader: null, presence };
    }
    const [, , replica, term, sinceMs, endsInMs, found, isToBeReplaced, ...beginning] = reply;
    const began = beginningOf(...beginning);
    const presence = this.#settled(found);
    if (isToBeReplaced === 1 && presence === "gone") return await this.#pass(holder);
    const leader = { replica, term, sinceMs, ...(began === null ? {} : { began }) };
    return { outcome: "held", leader, endsInMs, presence };
  }

  /**
   * A replica that died while it waited leaves its key in the queue. When it becomes the oldest, the others must not
   * wait for its lease to end; a replica that lives opens its term within milliseconds.
   */
  #isLongGone({ claim }: Holder, presence: Presence): boolean {
    const nowMs = performance.now();
    if (presence !== "gone") this.#suspect = null;
    else if (this.#suspect?.claim !== claim) this.#suspect = { claim, sinceMs: nowMs };
    return this.#suspect !== null && nowMs - this.#suspect.sinceMs >= GONE_MS;
  }

  /** A replica that has just reconnected must not report others as gone. */
  #settled(presence: Presence): Presence {
    return presence === "gone" && !this.#presence.isSettled() ? "there" : presence;
  }

  async #pass(holder: Holder): Promise<"again"> {
    await this.#election.evict(holder);
    return "again";
  }

  async #readHolder(holder: Holder, bid: Bid | null) {
    const { leader, aliveChannels } = this.#keys;
    return holderReply.parse(
      await HOLDER.run(
        this.#redis,
        [leader],
        [holder.claim, aliveChannels, bid?.takeOver ?? 0, bid?.replica ?? "", holder.name],
      ),
    );
  }

  /** A place that cannot be released now is released before the next one is taken, or expires. */
  async #leave(place: Place): Promise<void> {
    if (this.#place === place) this.#place = null;
    await this.#election.leave(place.candidate).catch(() => undefined);
  }
}

/** A holder of the election that is no replica: `etcdctl elect`. */
function stranger(holder: Holder): Leader {
  return { replica: holder.name, term: 0, sinceMs: 0 };
}
