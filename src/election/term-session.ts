import { Wakeup } from "../clock/wakeup.ts";
import { within } from "../clock/within.ts";
import { errorOf, messageOf } from "../errors.ts";
import { type EndCause, type ResignReason, tellTermReason } from "../reasons.ts";
import { type CampaignOptions, type Granted, RELEASE_LIMIT_MS } from "./campaign.ts";
import { fenceOf, type ReleaseReason } from "./election.ts";
import { tellBeginning, tellInstant } from "./leader-record.ts";
import { LeaseKeeper, REPLACED, type TermEnd, type TermLoss } from "./lease-keeper.ts";
import { Progress } from "./progress.ts";
import type { TermWork, TermWorkEnd } from "./term.ts";

export interface TermSessionOptions
  extends Pick<CampaignOptions, "store" | "clock" | "events" | "generation" | "random"> {
  readonly granted: Granted;
  readonly runTerm: TermWork;
}

/**
 * One term of this replica: the lease is kept and the leader's work is done until one of them ends, or the replica resigns.
 * Then the lease is released, while the work comes to its end.
 */
export class TermSession {
  readonly number: number;
  readonly #options: TermSessionOptions;
  readonly #progress: Progress;
  readonly #wakeup = new Wakeup();
  readonly #keeper: LeaseKeeper;
  /** Aborts the term's signal. */
  readonly #ending = new AbortController();
  readonly #resigned = Promise.withResolvers<TermEnd>();

  constructor(options: TermSessionOptions) {
    this.#options = options;
    this.number = options.granted.outcome.term;
    this.#progress = new Progress(options.clock);
    this.#keeper = new LeaseKeeper({ ...options, wakeup: this.#wakeup, progress: this.#progress });
  }

  /** Monotonic; by then the lease is renewed or given up. */
  get trustedUntilMs(): number {
    return this.#keeper.trust.untilMs;
  }

  /** Monotonic; when the last renewal that succeeded was sent. */
  get renewedMs(): number {
    return this.#keeper.trust.renewedMs;
  }

  /** False when the term has ended, or is about to. */
  resign(reason: ResignReason, cause: EndCause = { cause: reason }): boolean {
    if (this.#ending.signal.aborted) return false;
    this.#resigned.resolve({ by: "resigned", reason, cause });
    return true;
  }

  /** Leads until the term ends, says how, and resolves when the work has ended, too. */
  async run(): Promise<TermEnd> {
    const { store, events, granted } = this.#options;
    const { bid, outcome } = granted;
    const told = tellBeginning(outcome, outcome.sinceMs);
    events.emit("leader.elected", { term: this.number, store: store.kind, leader: bid.replica, ...told });
    const work = this.#work();
    try {
      const end = await this.#untilEnd(work);
      return await this.#release(end);
    } finally {
      await work;
    }
  }

  async #untilEnd(work: Promise<TermWorkEnd>): Promise<TermEnd> {
    let unsubscribe: () => void = () => undefined;
    try {
      unsubscribe = this.#options.store.onChange(() => this.#wakeup.notify());
      const worked = work.then(how => this.#endOf(how));
      return await Promise.race([this.#resigned.promise, worked, this.#keeper.keep(this.#ending.signal)]);
    } finally {
      unsubscribe();
      this.#ending.abort();
    }
  }

  /** A leader whose work breaks down must not stay leader, half working: it resigns and lets others try. */
  async #work(): Promise<TermWorkEnd> {
    const { runTerm, granted, events } = this.#options;
    const fence = fenceOf(this.number, granted.bid.token);
    const [signal, progress] = [this.#ending.signal, this.#progress];
    try {
      return await runTerm({ number: this.number, fence, signal, progress });
    } catch (error) {
      events.emit("leader.failed", { term: this.number, error: messageOf(error), thrown: errorOf(error) });
      this.resign("stepdown", { cause: "failed", error: messageOf(error) });
      return "ended";
    }
  }

  /** How the term ends by the end of its work; work that just ends ends no term. */
  #endOf(how: TermWorkEnd): TermEnd | Promise<never> {
    if (how === "ended") return new Promise<never>(() => undefined);
    if (how === "fenced") {
      // After a freeze the work may find out before the keeper does.
      const cause = this.#keeper.trust.isOver ? "frozen" : "fenced";
      return { by: "lost", reason: "fenced", cause: { cause } };
    }
    return { by: "resigned", reason: "stepdown", cause: { cause: "stepdown", by: how.askedBy } };
  }

  /** How the term really ended: one that was replaced meanwhile is lost. */
  async #release(end: TermEnd): Promise<TermEnd> {
    const { store, clock, events, granted } = this.#options;
    const term = this.number;
    // A term that was not renewed ended when its trust did, however late this replica notices.
    const at = tellInstant(clock.nowMs() - Math.max(clock.monotonicMs() - this.trustedUntilMs, 0));
    const wasAble = end.by === "resigned" && Number.isFinite(this.#progress.healthySinceMs);
    const release = (how: ReleaseReason) => {
      const outcome = store.release(granted.bid, how, { cause: end.cause, wasAble });
      const answered = outcome.catch(() => "unknown" as const);
      return within(answered, RELEASE_LIMIT_MS, "unknown" as const, { clock });
    };
    const tellLost = ({ reason, cause }: TermLoss) => {
      events.emit("leader.lost", { term, ...tellTermReason(reason), ...cause, at });
    };
    if (end.by === "lost") {
      tellLost(end);
      // It may still be ours: then the next election need not wait for it to expire.
      await release("expired");
      return end;
    }
    if (end.stall) {
      const { sinceMs, error } = end.stall;
      events.emit("launch.stalled", { term, forMs: Math.round(clock.monotonicMs() - sinceMs), error });
    }
    // A leader that is cut off may have a successor, and must not say that it gave up what it had no more.
    const outcome = await release("resigned");
    if (outcome === "replaced") {
      tellLost(REPLACED);
      return REPLACED;
    }
    const endedAt =
      outcome === "ended" ? at : tellInstant(clock.nowMs() - clock.monotonicMs() + this.renewedMs);
    events.emit("leader.resigned", { term, ...tellTermReason(end.reason), ...end.cause, at: endedAt });
    return end;
  }
}
