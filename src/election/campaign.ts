import { randomUUID } from "node:crypto";
import { keepingOf, LEASE_TTL } from "../clock/timing.ts";
import { Wakeup } from "../clock/wakeup.ts";
import { settlesWithin } from "../clock/within.ts";
import { isBellwetherError, messageOf } from "../errors.ts";
import type { EventMap } from "../event-map.ts";
import type { ResignReason } from "../reasons.ts";
import type { Bid, BidOutcome, Election, Leader } from "./election.ts";
import { LeaderView, type LeaderViewOptions, PRESENCE_MS } from "./leader-view.ts";

export interface CampaignOptions extends LeaderViewOptions {
  readonly store: Election;
  /** That the replica carries now. */
  readonly generation: () => number;
  /** Whether the connections that a leader works with are there; without it, they are. */
  readonly canLaunch?: (() => boolean) | undefined;
  /** Called with the connections that a leader needs, before a bid that waits no longer for the rest. Emits `redis.connected`. */
  readonly goOnWithoutTheRest?: ((needed: readonly string[]) => void) | undefined;
  /** 0 ≤ n < 1; spreads retries so that replicas do not act in step. */
  readonly random: () => number;
  readonly stopping: AbortSignal;
}

/** A bid that was granted. */
export interface Granted {
  readonly bid: Bid;
  readonly outcome: Extract<BidOutcome, { outcome: "elected" }>;
  /** Monotonic; when the bid was sent. */
  readonly sentMs: number;
}

/** A time in which the store gave no answer. */
interface Outage {
  /** Monotonic; the last answer before. */
  readonly sinceMs: number;
  /** What the store said or did last. */
  readonly error: string;
  /** Monotonic; when the first bid was sent that had an answer again. Null while it lasts. */
  readonly endedMs: number | null;
}

type Refused = Exclude<BidOutcome, { outcome: "elected" }>;
type Held = Extract<BidOutcome, { outcome: "held" }>;

const MIN_RETRY_MS = 20;
const RETRY_MS = 250;
/** How often a watcher checks the leader's presence, at one command, and how often it bids beside that. */
const LOOK_MS = 120;
const LOOK_SPREAD_MS = 40;
const WATCHER_BID_MS = 1_000;
/**
 * How often a follower bids that is no watcher. All of them are woken by a handoff at the same time; the spread keeps their next
 * bids apart. The longest time bounds the takeover where the leader and both watchers die together.
 */
const IDLE_MS = 5_000;
const IDLE_SPREAD_MS = 2_000;
/** A lease that cannot be released expires by itself; shutdown must not wait for an unreachable store. */
export const RELEASE_LIMIT_MS = 1_000;
/** Connections come back within half a second of each other. */
const CONNECT_LIMIT_MS = 1_000;
/** Of `redis.unreachable`, which names each connection but the main one. */
const LEADER_CONNECTIONS = ["main", "lease", "launch"];

/** The bids of a replica that does not lead. */
export class Campaign {
  readonly view: LeaderView;
  readonly #options: CampaignOptions;
  readonly #canLaunch: () => boolean;
  readonly #renewMs: number;
  /** Kept until a bid is answered: repeating it with the same token cannot win twice. */
  #token: string = randomUUID();
  #isLeading = false;
  /** `redis.unreachable` was emitted of a connection that a leader works with, and `redis.connected` was not since. */
  #isRedisAway = false;
  #outage: Outage | null = null;
  /** Monotonic; of the last answer, or when this replica began. */
  #answeredMs: number;
  #hasAnswer = false;

  constructor(options: CampaignOptions) {
    this.#options = options;
    this.#canLaunch = options.canLaunch ?? (() => true);
    this.#renewMs = keepingOf(options.leaseTtlMs, LEASE_TTL).renewMs;
    this.#answeredMs = options.clock.monotonicMs();
    this.view = new LeaderView(options);
    options.events.subscribe((name, about: object) => {
      if (name === "redis.unreachable") this.#onRedisUnreachable(about as EventMap["redis.unreachable"]);
      if (name === "redis.connected") this.#isRedisAway = false;
    });
  }

  /** Bids until a bid is granted. Null when it was stopped before. */
  async win(): Promise<Granted | null> {
    const { store, stopping } = this.#options;
    const wakeup = new Wakeup();
    const unsubscribe = store.onChange(() => wakeup.notify());
    try {
      while (!stopping.aborted) {
        wakeup.clear();
        const answer = await this.#bid();
        // Granted while it was being stopped: `withdraw` releases it, and no event is needed.
        if (stopping.aborted) return null;
        if (answer !== null && "bid" in answer) {
          this.#isLeading = true;
          return answer;
        }
        await this.#waitFor(wakeup, answer);
      }
      return null;
    } finally {
      unsubscribe();
    }
  }

  /** The term that was won has ended. `away`: the store gave no answer any more, and what it said or did last. */
  termEnded(renewedMs: number, away: string | null): void {
    this.#isLeading = false;
    this.#answeredMs = renewedMs;
    if (away !== null) this.#noteOutage(away);
    this.#token = randomUUID();
    this.view.forgetObserved();
  }

  /** A bid may have been granted without our knowing; the next election must not wait for it to expire. */
  async withdraw(reason: ResignReason): Promise<void> {
    const { store, clock } = this.#options;
    const end = { cause: { cause: reason }, wasAble: true };
    await settlesWithin(store.release(this.#nextBid(), "resigned", end), RELEASE_LIMIT_MS, { clock });
    await settlesWithin(store.withdraw(), RELEASE_LIMIT_MS, { clock });
  }

  /** One bid. Null when the store gave no answer, or this replica could not lead. */
  async #bid(): Promise<Granted | Refused | null> {
    const { clock, generation } = this.#options;
    const asked = await this.#ask().catch((error: unknown) => ({ error }));
    if (asked !== null && "error" in asked) {
      const error = messageOf(asked.error);
      if (!this.#isStillConnecting(asked.error)) this.#noteOutage(error);
      await this.view.noteNoAnswer(error);
      return null;
    }
    if (asked === null) return null;
    const { bid, outcome, sentMs } = asked;
    this.#answeredMs = clock.monotonicMs();
    this.#hasAnswer = true;
    this.#noteAnswer(outcome, sentMs);
    this.view.note(outcome, generation());
    if (outcome.outcome === "elected") return { bid, outcome, sentMs };
    this.#token = randomUUID();
    return outcome;
  }

  async #ask(): Promise<{ bid: Bid; outcome: BidOutcome; sentMs: number } | null> {
    const { store, clock } = this.#options;
    const isAway = this.#isRedisAway || this.#outage?.endedMs === null;
    if (isAway || !this.#canLaunch()) await this.#untilConnected();
    if (!this.#canLaunch()) {
      // On etcd, others would wait for its place in the line.
      await store.withdraw();
      await this.view.noteNoAnswer("this replica has no connection to launch over");
      return null;
    }
    const bid = this.#nextBid();
    const sentMs = clock.monotonicMs();
    return { bid, outcome: await store.campaign(bid), sentMs };
  }

  /** A short outage may end before the next bid, which then names it as the cause of the leader's end all the same. */
  #onRedisUnreachable({ connection = "main", error }: EventMap["redis.unreachable"]): void {
    if (!LEADER_CONNECTIONS.includes(connection)) return;
    this.#isRedisAway = true;
    if (!this.#isLeading && this.#outage?.endedMs !== null) this.#noteOutage(error);
  }

  /** A replica that starts may bid before its connections are made, and that says nothing of the store. */
  #isStillConnecting(error: unknown): boolean {
    return isBellwetherError(error, "BW_REDIS_AWAY") && !this.#hasAnswer && !this.#isRedisAway;
  }

  #noteOutage(error: string): void {
    this.#outage = { sinceMs: this.#answeredMs, error, endedMs: null };
  }

  /** An outage may be why the leader ended, until it is seen to have renewed its lease since. */
  #noteAnswer(outcome: BidOutcome, sentMs: number): void {
    if (this.#outage === null) return;
    const outage = { ...this.#outage, endedMs: this.#outage.endedMs ?? sentMs };
    const isHeld = outcome.outcome === "held" && outcome.leader !== null;
    const renewedMs = isHeld ? this.#answeredMs + outcome.endsInMs - this.#options.leaseTtlMs : 0;
    this.#outage = outcome.outcome === "elected" || renewedMs > outage.endedMs ? null : outage;
  }

  /**
   * After an outage the store may answer before this replica can launch, and before its log says that Redis is back. Both
   * come over other connections, which may be broken alone. Rejects when the store gives no answer.
   */
  async #untilConnected(): Promise<void> {
    const { store, clock, stopping } = this.#options;
    await store.current();
    const untilMs = clock.monotonicMs() + CONNECT_LIMIT_MS;
    while (this.#isRedisAway || !this.#canLaunch()) {
      if (stopping.aborted) return;
      if (clock.monotonicMs() >= untilMs) break;
      await clock.sleep(MIN_RETRY_MS, stopping);
    }
    if (this.#isRedisAway && this.#canLaunch()) this.#options.goOnWithoutTheRest?.(LEADER_CONNECTIONS);
    this.#isRedisAway = false;
  }

  /** Waits for a wakeup, or until it may be of use to bid again. Jittered, unless it is a wakeup. */
  async #waitFor(wakeup: Wakeup, outcome: Refused | null): Promise<void> {
    const { clock, stopping } = this.#options;
    const signal = AbortSignal.any([wakeup.signal, stopping]);
    if (outcome?.outcome !== "held") await clock.sleep(this.#jittered(RETRY_MS), signal);
    else if (outcome.leader && !outcome.isWatcher && outcome.presence !== "gone") await this.#idle(signal);
    else await this.#untilEnd(outcome, signal);
  }

  /** For a follower that others wake. */
  async #idle(signal: AbortSignal): Promise<void> {
    const { clock, random, store } = this.#options;
    const idleMs = IDLE_MS + random() * IDLE_SPREAD_MS;
    await clock.sleep(store.hasPlaces ? Math.min(idleMs, this.#jittered(this.#renewMs)) : idleMs, signal);
  }

  /** Until the lease's end. Where the leader's presence can be seen, the leader's death is noticed sooner. */
  async #untilEnd({ leader, presence, endsInMs }: Held, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const isWatching = presence === "there" && leader !== null;
    const limitMs = presence === "unknown" ? this.#renewMs : isWatching ? WATCHER_BID_MS : PRESENCE_MS;
    const untilMs = this.#jittered(Math.min(this.#renewMs, limitMs, Math.max(endsInMs, 0)));
    if (isWatching) await this.#watch(leader, untilMs, signal);
    else await clock.sleep(untilMs, signal);
  }

  /** Checks the leader's presence again and again. Resolves when it cannot be seen any more, at the latest after `forMs`. */
  async #watch(leader: Leader, forMs: number, signal: AbortSignal): Promise<void> {
    const { clock, random, store } = this.#options;
    const endMs = clock.monotonicMs() + forMs;
    for (;;) {
      const lookMs = LOOK_MS + random() * LOOK_SPREAD_MS;
      await clock.sleep(Math.min(lookMs, endMs - clock.monotonicMs()), signal);
      if (signal.aborted || clock.monotonicMs() >= endMs) return;
      const presence = await store.presenceOf(leader).catch(() => "unknown" as const);
      if (presence !== "there") return;
    }
  }

  #jittered(ms: number): number {
    return ms + this.#options.random() * Math.min(RETRY_MS, ms / 5 + MIN_RETRY_MS);
  }

  #nextBid(): Bid {
    const { replica, leaseTtlMs, clock, generation } = this.#options;
    const outage = this.#outage;
    return {
      replica,
      token: this.#token,
      ttlMs: leaseTtlMs,
      generation: generation(),
      knownTerm: this.view.knownTerm,
      away: outage ? { error: outage.error, forMs: clock.monotonicMs() - outage.sinceMs } : undefined,
      takeOver: this.view.goneTerm,
    };
  }
}
