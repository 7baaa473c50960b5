import { within } from "../clock/within.ts";
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
import type { Holder, Lease, OwnLease } from "./lease.ts";
import type { TermRegister } from "./term-register.ts";

/** A bid that finds that its turn has passed is made again; more often than this something else is wrong. */
const ROUNDS = 3;
/** A replica that holds the lease without a term and was missing for this long loses it before the lease ends. */
const GONE_MS = 100;
/** How the term ended is best-effort information for the next leader; Redis must not hold up a handoff for it. */
const END_LIMIT_MS = 200;

/**
 * The lease in any store, the term in Redis. The replica that holds the lease opens its term. A replica that cannot,
 * because it has no Redis, releases the lease, so that the others need not wait.
 */
export class LeasedElection implements Election {
  readonly hasPlaces = true;
  readonly #lease: Lease;
  readonly #register: TermRegister;
  /** The lease or place that was acquired last, and the newest claim in Redis before that. */
  #acquired: { readonly claim: string; readonly claimBefore: string } | null = null;
  /** The bid that has opened a term with this lease, or may have. */
  #opened: { readonly token: string; readonly ttlMs: number } | null = null;
  /** A holder that was found gone before it opened a term, and when first. */
  #suspect: { readonly claim: string; readonly sinceMs: number } | null = null;

  constructor(lease: Lease, register: TermRegister) {
    this.#lease = lease;
    this.#register = register;
  }

  get kind(): Lease["kind"] {
    return this.#lease.kind;
  }

  async campaign(bid: Bid): Promise<BidOutcome> {
    let gone: Holder | null = null;
    for (let round = 0; round < ROUNDS; round++) {
      // Redis is asked first: a replica that cannot reach it must not keep the lease from others.
      const { refusal, newestClaim } = await this.#register.announce(bid);
      // A leader that was found gone must not hold up the one that goes before this replica.
      if (refusal && gone) await this.#lease.acquire(bid, gone);
      if (refusal) return await this.#makeWay(refusal, bid);
      const { own, holder } = await this.#lease.acquire(bid, gone);
      if (own && own.claim !== this.#acquired?.claim) {
        this.#acquired = { claim: own.claim, claimBefore: newestClaim };
        this.#opened = null;
      }
      const isOwn = own?.claim === holder.claim;
      const outcome = isOwn ? await this.#open(own, bid) : await this.#observe(holder, bid);
      if (outcome) return outcome;
      gone = isOwn ? null : holder;
    }
    throw new Error("the lease was lost again and again before its term was opened");
  }

  presenceOf(leader: Leader): Promise<Presence> {
    return this.#register.presenceOf(leader);
  }

  async renew(bid: Renewal): Promise<RenewOutcome> {
    const opened = this.#opened;
    if (opened?.token !== bid.token) return "lost";
    const isKept = await this.#lease.renew();
    // Released meanwhile: the record says by now how the term ended, and must go on saying so.
    if (this.#opened !== opened) return "lost";
    if (isKept) return await this.#register.renew(bid, opened.ttlMs);
    await this.#leave();
    return "lost";
  }

  async release(bid: Bid, reason: ReleaseReason, end?: End): Promise<ReleaseOutcome> {
    const isHeld = this.#opened?.token === bid.token;
    if (isHeld) this.#opened = null;
    const ended = this.#register.end(bid, reason, end).catch(() => "unknown" as const);
    const outcome = await within(ended, END_LIMIT_MS, "unknown" as const);
    if (isHeld) await this.#lease.release();
    return outcome;
  }

  async withdraw(): Promise<void> {
    this.#opened = null;
    await this.#lease.release();
  }

  async current(): Promise<Leader | null> {
    const holder = await this.#lease.holder();
    if (holder === null) return null;
    if (!holder.isReplica) return stranger(holder);
    const { leader } = await this.#register.observe(holder, null);
    return leader && { replica: leader.replica, term: leader.term, sinceMs: leader.sinceMs };
  }

  /** A lease that changes hands wakes through its store, an opened term through Redis. */
  onChange(wake: () => void): () => void {
    const endWatch = this.#lease.watch(wake);
    const endNotices = this.#register.onNotice(wake);
    return () => {
      endWatch();
      endNotices();
    };
  }

  /** A replica that has to make way leaves the lease to the others, and only checks who leads. */
  async #makeWay(refusal: BidOutcome, bid: Bid): Promise<BidOutcome> {
    await this.withdraw();
    const holder = await this.#lease.holder();
    if (holder === null) return refusal;
    const { takeOver: _, ...asFollower } = bid;
    return (await this.#observe(holder, asFollower)) ?? refusal;
  }

  /** A granted bid has its whole time to live before it, so the lease is extended meanwhile. */
  async #open(own: OwnLease, bid: Bid): Promise<BidOutcome | null> {
    this.#opened = { token: bid.token, ttlMs: own.ttlMs };
    const lease = { ...own, claimBefore: this.#acquired?.claimBefore ?? "", kind: this.kind };
    try {
      const [outcome, isKept] = await Promise.all([this.#register.open(bid, lease), this.#lease.renew()]);
      if (outcome && isKept) return outcome;
    } catch (error) {
      await this.#leave();
      throw error;
    }
    await this.#leave();
    return null;
  }

  /** Null when the holder's process has exited, and its lease is to be taken. */
  async #observe(holder: Holder, bid: Bid): Promise<BidOutcome | null> {
    const unopened = { outcome: "held", endsInMs: bid.ttlMs, presence: "unknown", isWatcher: true } as const;
    if (!holder.isReplica) return { ...unopened, leader: stranger(holder) };
    const { leader, endsInMs, presence, isWatcher, isToBeReplaced } = await this.#register.observe(
      holder,
      bid,
    );
    if (isToBeReplaced || (leader === null && this.#isLongGone(holder, presence))) return null;
    return leader
      ? { outcome: "held", leader, endsInMs, presence, isWatcher }
      : { ...unopened, leader, presence };
  }

  /**
   * A replica that died while it waited leaves its place behind. When the place is the first one, the others must not wait
   * for its lease to end; a replica that lives opens its term within milliseconds.
   */
  #isLongGone({ claim }: Holder, presence: Presence): boolean {
    const nowMs = performance.now();
    if (presence !== "gone") this.#suspect = null;
    else if (this.#suspect?.claim !== claim) this.#suspect = { claim, sinceMs: nowMs };
    return this.#suspect !== null && nowMs - this.#suspect.sinceMs >= GONE_MS;
  }

  /** A lease that cannot be released now is released before the next one is acquired, or expires. */
  async #leave(): Promise<void> {
    await this.withdraw().catch(() => undefined);
  }
}

/** A holder of the lease that is no replica: `etcdctl elect`. */
function stranger(holder: Holder): Leader {
  return { replica: holder.name, term: 0, sinceMs: 0 };
}
