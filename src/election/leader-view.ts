import type { Clock } from "../clock/clock.ts";
import type { Events } from "../events.ts";
import { AbsenceAlarm, cannotSee } from "./absence-alarm.ts";
import type { BidOutcome, Leader } from "./election.ts";
import { tellLeader } from "./leader-record.ts";

export interface LeaderViewOptions {
  readonly clock: Clock;
  readonly events: Events;
  readonly replica: string;
  /** At least 1 s: renewed at a third of it, trusted for all of it but a tenth. */
  readonly leaseTtlMs: number;
  /** Where it says that there is no leader; one that has begun before the elector goes on counting. */
  readonly absence: AbsenceAlarm;
  /**
   * Who leads, as far as it can be known without the store's own connection: asked when a bid has no answer. Rejects where it
   * cannot be known. Without it a bid without an answer counts as no leader.
   */
  readonly seekLeader?: (() => Promise<Leader | null>) | undefined;
}

type Held = Extract<BidOutcome, { outcome: "held" }>;

/** How often followers look for the leader's presence, and how long it must be missing. */
export const PRESENCE_MS = 100;

/** What a follower knows about the leader from the answers to its bids, and what it says of that. */
export class LeaderView {
  readonly #options: LeaderViewOptions;
  /** Another replica leads, and this one's bids have no answer. */
  readonly #exclusion: AbsenceAlarm;
  #observed: string | null = null;
  /** The leader that was found without the store while bids had no answer. */
  #seen: string | null = null;
  /** The newest term that any answer has named. */
  #knownTerm = 0;
  /** The term whose leader was found gone, and when first. */
  #suspect: { readonly term: number; readonly sinceMs: number } | null = null;

  constructor(options: LeaderViewOptions) {
    this.#options = options;
    const { clock, leaseTtlMs, events } = options;
    const raise = (forMs: number, error: string) =>
      events.emit("bid.failing", { forMs, error, leader: this.#seen ?? "" });
    this.#exclusion = new AbsenceAlarm({ clock, leaseTtlMs, raise });
  }

  /** The newest term that is known of; undefined when none is. */
  get knownTerm(): number | undefined {
    return this.#knownTerm || undefined;
  }

  /** The term of a leader that was missing twice, some time apart: it may be replaced before its lease ends. */
  get goneTerm(): number | undefined {
    const { clock } = this.#options;
    const isSure = this.#suspect && clock.monotonicMs() - this.#suspect.sinceMs >= PRESENCE_MS;
    return isSure ? this.#suspect?.term : undefined;
  }

  /** After a term of this replica, the next leader is reported in any case. */
  forgetObserved(): void {
    this.#observed = null;
  }

  /** The answer to a bid of this generation. */
  note(outcome: BidOutcome, generation: number): void {
    this.#exclusion.clear();
    switch (outcome.outcome) {
      case "elected":
        this.#know(outcome.term);
        this.#options.absence.clear();
        break;
      case "held":
        this.#observe(outcome);
        break;
      case "outdated":
        this.#suspect = null;
        this.#options.absence.check(
          `generation ${outcome.newest} of the configuration has led or is about to, and no replica that carries it leads; this one carries ${generation} and must not`,
        );
        break;
      case "passed over":
        this.#suspect = null;
        this.#options.absence.check(
          `leaders of generation ${generation} of the configuration failed before they had led for 10 s; for ${Math.ceil(outcome.forMs / 1_000)} s it makes way for generation ${outcome.inFavourOf}`,
        );
    }
  }

  /** A replica that cannot bid knows of no leader where it sees that there is none, and where it sees nothing at all. */
  async noteNoAnswer(error: string): Promise<void> {
    const { seekLeader, replica } = this.#options;
    const seen = await seekLeader?.().catch(() => "unknown" as const);
    if (!seen || seen === "unknown" || seen.replica === replica) {
      this.#exclusion.clear();
      this.#options.absence.check(seen === "unknown" ? cannotSee(error) : error);
      return;
    }
    this.#seen = seen.replica;
    this.#options.absence.clear();
    this.#exclusion.check(error);
    this.#tellFollowed(seen);
  }

  #observe({ leader, presence }: Held): void {
    const { clock, replica: self } = this.#options;
    if (leader === null) {
      this.#options.absence.check("the lease is held, but no term has been opened with it");
      return;
    }
    const { replica, term } = leader;
    this.#know(term);
    if (replica === self) {
      this.#options.absence.check(`term ${term} of this replica has ended, and its lease has not expired`);
      return;
    }
    if (term > 0) this.#options.absence.clear();
    else this.#options.absence.check(`the lease is held by ${replica}, which opens no terms`);
    this.#tellFollowed(leader);
    if (presence !== "gone") this.#suspect = null;
    else if (this.#suspect?.term !== term) this.#suspect = { term, sinceMs: clock.monotonicMs() };
  }

  /** What another program wrote is no term to count on from. */
  #know(term: number): void {
    if (Number.isSafeInteger(term)) this.#knownTerm = Math.max(this.#knownTerm, term);
  }

  /** Once per change. */
  #tellFollowed(leader: Leader): void {
    const observed = `${leader.term}:${leader.replica}`;
    if (this.#observed === observed) return;
    this.#observed = observed;
    this.#options.events.emit("leader.observed", tellLeader(leader));
  }
}
