import { randomUUID } from "node:crypto";
import type { Clock } from "../clock/clock.ts";
import { keepingOf, LEASE_TTL, mustHold } from "../clock/timing.ts";
import { Wakeup } from "../clock/wakeup.ts";
import type { EndCause, EventMap, Events } from "../events.ts";
import { type ResignReason, tellTermReason } from "../reasons.ts";
import { AbsenceAlarm, cannotSee } from "./absence-alarm.ts";
import { BackOff } from "./back-off.ts";
import { messageOf } from "./end-cause.ts";
import { LeaseKeeper, type TermEnd } from "./lease-keeper.ts";
import {
  type Bid,
  type BidOutcome,
  type End,
  fenceOf,
  type Leader,
  type LeaseStore,
  type ReleaseReason,
} from "./lease-store.ts";
import { Progress } from "./progress.ts";
import { tellBeginning, tellInstant } from "./term-lines.ts";

/** One reign of this replica. What it launches must carry the fence; the signal only says when to stop trying. */
export interface Term {
  readonly number: number;
  /** The value that `{ns}/term` holds while this term is in force. */
  readonly fence: string;
  /** Aborts when the term is given up, lost, or no longer to be trusted. */
  readonly signal: AbortSignal;
  /** Where the work reports its progress. From its first report on, the lease is only renewed while it does. */
  readonly progress?: Progress;
}

/** How the leader's work ended. `stepdown`: an operator wants another leader. */
export type TermWorkEnd = "fenced" | "ended" | { readonly outcome: "stepdown"; readonly askedBy: string };

/** Does the leader's work until the term's signal aborts. Resolves with `fenced` when a newer term is in force. */
export type TermWork = (term: Term) => Promise<TermWorkEnd>;

export interface ElectorOptions {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly events: Events;
  readonly replica: string;
  /** Of the configuration; `setGeneration` changes it. */
  readonly generation: number;
  /** Within LEASE_TTL. */
  readonly leaseTtlMs: number;
  readonly runTerm: TermWork;
  /**
   * Who leads, as far as it can be known without the store's own connection: asked when a bid has no answer. Rejects where it
   * cannot be known. Without it a bid without an answer counts as no leader.
   */
  readonly seekLeader?: () => Promise<Leader | null>;
  /** Whether the connections that a leader works with are there; without it, they are. */
  readonly canLaunch?: () => boolean;
  /** Where it says that there is no leader; one that has begun before the elector goes on counting. */
  readonly absence?: AbsenceAlarm;
  /** 0 ≤ n < 1; spreads retries so that replicas do not act in step. */
  readonly random?: () => number;
}

/** A term that is being led, until the leader's work has ended. */
export interface CurrentTerm {
  readonly term: number;
  /** Monotonic; by then it is renewed or given up. */
  readonly trustedUntilMs: number;
}

/**
 * Campaigns, leads, and campaigns again, until stopped:
 *
 *              bid granted                    resigned, lost, fenced
 *     follow ───────────────▶ lead ───────────────────────────────────▶ follow
 *        │                      │
 *        └──────── stop ────────┴──▶ stopped
 *
 * Timing, all on the monotonic clock. The lease is renewed every third of its time to live. The leader trusts its term
 * until (when the last successful renewal was *sent*) + TTL − TTL/10. So it stops before another replica can be
 * elected, as long as clocks run at about the same rate. This avoids refused launches; the fence alone guarantees
 * safety.
 */
export class Elector {
  readonly #options: ElectorOptions;
  readonly #random: () => number;
  readonly #renewMs: number;
  /** No leader is known. */
  readonly #absence: AbsenceAlarm;
  /** Another replica leads, and this one's bids have no answer. */
  readonly #exclusion: AbsenceAlarm;
  readonly #stopping = new AbortController();
  readonly #backOff: BackOff;
  readonly #failure = Promise.withResolvers<never>();
  #running: Promise<void> | null = null;
  #resign: ((reason: ResignReason, cause?: EndCause) => void) | null = null;
  #stopReason: ResignReason = "shutdown";
  #generation: number;
  /** Kept until a bid is answered: repeating it with the same token cannot win twice. */
  #token: string = randomUUID();
  #observed: string | null = null;
  /** The leader that was found without the store while bids had no answer. */
  #seen: string | null = null;
  #current: { readonly term: number; readonly keeper: LeaseKeeper } | null = null;
  /** The newest term that any answer has named. */
  #knownTerm = 0;
  /** The term whose leader was found gone, and when first. */
  #suspect: { readonly term: number; readonly sinceMs: number } | null = null;
  /** `redis.unreachable` was emitted of a connection that a leader works with, and `redis.connected` was not since. */
  #isRedisAway = false;
  /** Monotonic; since when the store has given no answer, and what it said or did last. */
  #away: { readonly sinceMs: number; readonly error: string } | null = null;
  /** Monotonic. */
  #answeredMs = 0;

  constructor(options: ElectorOptions) {
    this.#options = options;
    this.#generation = options.generation;
    this.#answeredMs = options.clock.monotonicMs();
    this.#random = options.random ?? Math.random;
    const { clock, leaseTtlMs, events } = options;
    this.#renewMs = keepingOf(leaseTtlMs, LEASE_TTL).renewMs;
    this.#absence =
      options.absence ??
      new AbsenceAlarm({
        clock,
        leaseTtlMs,
        raise: (forMs, error) => events.emit("leader.absent", { forMs, error }),
      });
    this.#exclusion = new AbsenceAlarm({
      clock,
      leaseTtlMs,
      raise: (forMs, error) => events.emit("bid.failing", { forMs, error, leader: this.#seen ?? "" }),
    });
    this.#backOff = new BackOff({ ...options, stopping: this.#stopping.signal });
    this.#failure.promise.catch(() => undefined);
    events.subscribe((name, about: object) => {
      if (name === "redis.unreachable") this.#onRedisUnreachable(about as EventMap["redis.unreachable"]);
      if (name === "redis.connected") this.#isRedisAway = false;
    });
  }

  start(): void {
    this.#running ??= this.#run().catch((error: unknown) => this.#failure.reject(error));
  }

  /** Rejects when the loop breaks down (a bug): this replica then takes no part in elections any more. */
  get failure(): Promise<never> {
    return this.#failure.promise;
  }

  /** Gives up the term, if there is one, and campaigns no more. Resolves when the leader's work has ended. */
  async stop(reason: ResignReason = "shutdown"): Promise<void> {
    this.#stopReason = reason;
    this.#stopping.abort();
    await this.#running;
  }

  /** The replica carries another generation of the configuration from its next bid or renewal on. */
  setGeneration(generation: number): void {
    this.#generation = generation;
  }

  /** Gives up the term, if there is one, and goes on as a follower. False when this replica does not lead. */
  stepDown(reason: ResignReason): boolean {
    this.#resign?.(reason);
    return this.#resign !== null;
  }

  get currentTerm(): CurrentTerm | null {
    return this.#current && { term: this.#current.term, trustedUntilMs: this.#current.keeper.trustedUntilMs };
  }

  /** For how long this replica has known of no leader; 0 while it knows one. */
  get leaderAbsentMs(): number {
    return this.#absence.forMs;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopping.signal.aborted) {
        const granted = await this.#follow();
        if (granted) await this.#runTerm(granted);
      }
    } finally {
      await this.#withdraw();
    }
  }

  /** Campaigns until a bid is granted (or stop: null). */
  async #follow(): Promise<{
    bid: Bid;
    outcome: Extract<BidOutcome, { outcome: "elected" }>;
    sentMs: number;
  } | null> {
    const { store } = this.#options;
    const wakeup = new Wakeup();
    const unsubscribe = store.onChange(() => wakeup.notify());
    try {
      while (!this.#stopping.signal.aborted) {
        wakeup.clear();
        const { bid, outcome, sentMs } = await this.#campaign();
        // Granted while it was being stopped: `#withdraw` releases it, and no event is needed.
        if (this.#stopping.signal.aborted) return null;
        if (outcome?.outcome === "elected") return { bid, outcome, sentMs };
        await this.#waitFor(wakeup, outcome);
      }
      return null;
    } finally {
      unsubscribe();
    }
  }

  /** `outcome`: null when the store gave no answer, or this replica could not lead. */
  async #campaign(): Promise<{ bid: Bid; outcome: BidOutcome | null; sentMs: number }> {
    const { store, clock, canLaunch = () => true } = this.#options;
    let bid = this.#bid();
    let sentMs = clock.monotonicMs();
    let outcome: BidOutcome;
    try {
      if (this.#isRedisAway || this.#away !== null || !canLaunch()) {
        await this.#untilConnected();
        // The lease counts from when its bid is sent, not from before the wait.
        bid = this.#bid();
        sentMs = clock.monotonicMs();
      }
      if (!canLaunch()) {
        // On etcd, others would wait for its place in the queue.
        await store.withdraw();
        await this.#bidFailed("this replica has no connection to launch over");
        return { bid, outcome: null, sentMs };
      }
      outcome = await store.campaign(bid);
    } catch (error) {
      this.#away = { sinceMs: this.#answeredMs, error: messageOf(error) };
      await this.#bidFailed(messageOf(error));
      return { bid, outcome: null, sentMs };
    }
    this.#away = null;
    this.#answeredMs = clock.monotonicMs();
    const term = outcome.outcome === "held" ? (outcome.leader?.term ?? 0) : 0;
    this.#know(outcome.outcome === "elected" ? outcome.term : term);
    this.#exclusion.clear();
    if (outcome.outcome === "held") this.#observe(outcome);
    else if (outcome.outcome === "elected") this.#absence.clear();
    else this.#refused(outcome);
    return { bid, outcome, sentMs };
  }

  /** A short outage may end before the next bid, which then names it as the cause of the leader's end all the same. */
  #onRedisUnreachable({ connection = "main", error }: EventMap["redis.unreachable"]): void {
    if (!LEADER_CONNECTIONS.includes(connection)) return;
    this.#isRedisAway = true;
    if (this.#current === null) this.#away ??= { sinceMs: this.#answeredMs, error };
  }

  /** What another program wrote is no term to count on from. */
  #know(term: number): void {
    if (Number.isSafeInteger(term)) this.#knownTerm = Math.max(this.#knownTerm, term);
  }

  /** A replica that cannot bid knows of no leader where it sees that there is none, and where it sees nothing at all. */
  async #bidFailed(error: string): Promise<void> {
    const { seekLeader, replica } = this.#options;
    const seen = await seekLeader?.().catch(() => "unknown" as const);
    if (!seen || seen === "unknown" || seen.replica === replica) {
      this.#exclusion.clear();
      this.#absence.check(seen === "unknown" ? cannotSee(error) : error);
      return;
    }
    this.#seen = seen.replica;
    this.#absence.clear();
    this.#exclusion.check(error);
    this.#tellFollowed(seen);
  }

  /**
   * After an outage the store may answer before this replica can launch, and before its log says that Redis is back. Both
   * come over other connections, which may be broken alone. Rejects when the store gives no answer.
   */
  async #untilConnected(): Promise<void> {
    const { store, clock, canLaunch = () => true } = this.#options;
    await store.current();
    const untilMs = clock.monotonicMs() + CONNECT_LIMIT_MS;
    while (this.#isRedisAway || !canLaunch()) {
      if (this.#stopping.signal.aborted) return;
      if (clock.monotonicMs() >= untilMs) break;
      await clock.sleep(MIN_RETRY_MS, this.#stopping.signal);
    }
    this.#isRedisAway = false;
  }

  #refused(outcome: Exclude<Refused, Held>): void {
    this.#token = randomUUID();
    this.#suspect = null;
    const mine = this.#generation;
    if (outcome.outcome === "outdated") {
      this.#absence.check(
        `generation ${outcome.newest} of the configuration has led or is about to, and no replica that carries it leads; this one carries ${mine} and must not`,
      );
    } else {
      this.#absence.check(
        `leaders of generation ${mine} of the configuration failed before they had led for 10 s; for ${Math.ceil(outcome.forMs / 1_000)} s it makes way for generation ${outcome.inFavourOf}`,
      );
    }
  }

  #observe({ leader, presence }: Held): void {
    const { clock, replica: self } = this.#options;
    this.#token = randomUUID();
    if (leader === null) {
      this.#absence.check("the lease is held, but no term has been opened with it");
      return;
    }
    const { replica, term } = leader;
    if (replica === self) {
      this.#absence.check(`term ${term} of this replica has ended, and its lease has not expired`);
      return;
    }
    if (term > 0) this.#absence.clear();
    else this.#absence.check(`the lease is held by ${replica}, which opens no terms`);
    this.#tellFollowed(leader);
    if (presence !== "gone") this.#suspect = null;
    else if (this.#suspect?.term !== term) this.#suspect = { term, sinceMs: clock.monotonicMs() };
  }

  /** Once per change. */
  #tellFollowed({ replica, term, sinceMs, began }: Leader): void {
    const observed = `${term}:${replica}`;
    if (this.#observed === observed) return;
    this.#observed = observed;
    const told = began ? tellBeginning(began, sinceMs) : {};
    this.#options.events.emit("leader.observed", { leader: replica, term, ...told });
  }

  /**
   * Waits for a wakeup, or until it may be of use to bid again. That is the lease's end. Where the leader's presence
   * can be seen, it is sooner, so that the leader's death is noticed. Jittered, unless it is a wakeup.
   */
  async #waitFor(wakeup: Wakeup, outcome: Refused | null): Promise<void> {
    const { clock } = this.#options;
    const held = outcome?.outcome === "held" ? outcome : null;
    const limitMs = held === null ? RETRY_MS : held.presence === "unknown" ? this.#renewMs : PRESENCE_MS;
    const untilMs = Math.min(this.#renewMs, limitMs, Math.max(held?.endsInMs ?? limitMs, 0));
    const jitterMs = this.#random() * Math.min(RETRY_MS, untilMs / 5 + MIN_RETRY_MS);
    await clock.sleep(untilMs + jitterMs, AbortSignal.any([wakeup.signal, this.#stopping.signal]));
  }

  async #runTerm(granted: {
    bid: Bid;
    outcome: Extract<BidOutcome, { outcome: "elected" }>;
    sentMs: number;
  }): Promise<void> {
    const { store, clock, events, runTerm } = this.#options;
    const { bid, outcome } = granted;
    const { term } = outcome;
    const ending = new AbortController();
    const resigned = new Promise<TermEnd>(resolve => {
      this.#resign = (reason, cause = { cause: reason }) => resolve({ by: "resigned", reason, cause });
    });
    const onStop = () => this.#resign?.(this.#stopReason);
    this.#stopping.signal.addEventListener("abort", onStop);
    if (this.#stopping.signal.aborted) onStop();

    const wakeup = new Wakeup();
    const progress = new Progress(clock);
    const keeper = new LeaseKeeper({
      store,
      clock,
      bid,
      wakeup,
      progress,
      grantedMs: granted.sentMs,
      random: this.#random,
      generation: () => this.#generation,
    });
    this.#current = { term, keeper };
    let unsubscribe: () => void = () => undefined;
    const quit = () => {
      unsubscribe();
      this.#stopping.signal.removeEventListener("abort", onStop);
      this.#resign = null;
      ending.abort();
    };
    const told = tellBeginning(outcome, outcome.sinceMs);
    events.emit("leader.elected", { term, store: store.kind, leader: bid.replica, ...told });
    const work = this.#resignOnFailure(runTerm, {
      number: term,
      fence: fenceOf(term, bid.token),
      signal: ending.signal,
      progress,
    });
    const worked = work.then((how): TermEnd | Promise<never> => {
      if (how === "ended") return new Promise<never>(() => undefined);
      if (how === "fenced") {
        // After a freeze the work may find out before the keeper does.
        const isFrozen = clock.monotonicMs() >= keeper.trustedUntilMs;
        return { by: "lost", reason: "fenced", cause: { cause: isFrozen ? "frozen" : "fenced" } };
      }
      return { by: "resigned", reason: "stepdown", cause: { cause: "stepdown", by: how.askedBy } };
    });
    let end: TermEnd;
    try {
      unsubscribe = store.onChange(() => wakeup.notify());
      end = await Promise.race([resigned, worked, keeper.keep(ending.signal)]);
    } catch (error) {
      quit();
      await work;
      this.#current = null;
      throw error;
    }
    quit();
    // A term that was not renewed ended when its trust did, however late this replica notices.
    const at = tellInstant(clock.nowMs() - Math.max(clock.monotonicMs() - keeper.trustedUntilMs, 0));
    const wasAble = end.by === "resigned" && Number.isFinite(progress.healthySinceMs);
    this.#answeredMs = keeper.renewedMs;
    this.#token = randomUUID();
    this.#observed = null;
    if (end.by === "resigned") {
      if (end.stall) {
        const { sinceMs, error } = end.stall;
        events.emit("launch.stalled", { term, forMs: Math.round(clock.monotonicMs() - sinceMs), error });
      }
      await this.#release(bid, "resigned", { cause: end.cause, wasAble });
      events.emit("leader.resigned", { term, ...tellTermReason(end.reason), ...end.cause, at });
    } else {
      events.emit("leader.lost", { term, ...tellTermReason(end.reason), ...end.cause, at });
      if (end.reason === "unreachable") {
        this.#away = { sinceMs: keeper.renewedMs, error: end.cause.error ?? end.cause.cause };
      }
      // Release it in case it is still ours, so that the next election need not wait for it to expire.
      await this.#release(bid, "expired", { cause: end.cause, wasAble });
    }
    await work;
    this.#current = null;
    if (end.by === "resigned") await this.#backOff.afterResigning();
    else if (end.reason === "fenced") await this.#backOff.afterFenced();
  }

  /** A leader whose work breaks down must not stay leader, half working: it resigns and lets others try. */
  async #resignOnFailure(runTerm: TermWork, term: Term): Promise<TermWorkEnd> {
    try {
      return await runTerm(term);
    } catch (error) {
      this.#options.events.emit("leader.failed", { term: term.number, error: messageOf(error) });
      this.#resign?.("stepdown", { cause: "failed", error: messageOf(error) });
      return "ended";
    }
  }

  /** A bid may have been granted without our knowing; the next election must not wait for it to expire. */
  async #withdraw(): Promise<void> {
    await this.#release(this.#bid(), "resigned", { cause: { cause: this.#stopReason }, wasAble: true });
    await this.#withinReleaseLimit(this.#options.store.withdraw());
  }

  /** A lease that cannot be released expires by itself. */
  async #release(bid: Bid, reason: ReleaseReason, end: End): Promise<void> {
    await this.#withinReleaseLimit(this.#options.store.release(bid, reason, end));
  }

  /** A release is best effort; shutdown must not wait for an unreachable store. */
  async #withinReleaseLimit(work: Promise<void>): Promise<void> {
    const done = new AbortController();
    await Promise.race([
      work.catch(() => undefined),
      this.#options.clock.sleep(RELEASE_LIMIT_MS, done.signal),
    ]);
    done.abort();
  }

  /** A leader that was missing twice, some time apart, may be replaced before its lease ends. */
  #bid(): Bid {
    const { replica, leaseTtlMs, clock } = this.#options;
    const [away, known] = [this.#away, this.#knownTerm];
    const bid = {
      replica,
      token: this.#token,
      ttlMs: leaseTtlMs,
      generation: this.#generation,
      ...(known > 0 ? { knownTerm: known } : {}),
      ...(away === null ? {} : { away: { error: away.error, forMs: clock.monotonicMs() - away.sinceMs } }),
    };
    const isSure = this.#suspect && clock.monotonicMs() - this.#suspect.sinceMs >= PRESENCE_MS;
    return isSure && this.#suspect ? { ...bid, takeOver: this.#suspect.term } : bid;
  }
}

type Held = Extract<BidOutcome, { outcome: "held" }>;
type Refused = Exclude<BidOutcome, { outcome: "elected" }>;

/** How often followers look for the leader's presence, and how long it must be missing. */
const PRESENCE_MS = 100;
const MIN_RETRY_MS = 20;
const RETRY_MS = 250;
export const RELEASE_LIMIT_MS = 1_000;
mustHold({ "a dead leader is noticed sooner than by its lease": 2 * PRESENCE_MS < LEASE_TTL.minMs });
/** Connections come back within half a second of each other. */
const CONNECT_LIMIT_MS = 1_000;
/** Of `redis.unreachable`, which names each connection but the main one. */
const LEADER_CONNECTIONS = ["main", "lease", "launch"];
