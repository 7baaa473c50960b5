import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
import { messageOf } from "../errors.ts";
import type { EventMap } from "../event-map.ts";
import type { Events } from "../events.ts";
import type { Memory, PutBackOutcome, ReadMemory } from "../launch/memory.ts";
import { AlarmReads } from "./alarm-reads.ts";
import { dataLossOf } from "./data-loss.ts";

/**
 * How soon a leader notices a loss, at one script a check: it launches paused jobs no longer than this. A follower that
 * is hinted at what may have changed checks as soon after a hint.
 */
const INTERVAL_MS = 250;
/** How often a follower checks without a hint. */
const FOLLOWER_MS = 10_000;
/**
 * How often a check also reads the counts, and a leader increases the beat. Redis may go back by less than this time
 * without the beat showing it.
 */
const WHOLE_MS = 5_000;
/**
 * A server that refuses the controls may be one that is left for another: after this time the loss is reported without
 * them.
 */
const REFUSED_MS = 5_000;
/** How long a leader that knows nothing of a new namespace waits with launches for replicas that remember it. */
const HOLD_MS = 1_000;
const RETRY_MS = 100;

export interface DataGuardOptions {
  readonly clock: Clock;
  readonly events: Events;
  /**
   * `hint` is called when leadership or the controls may have changed, and when the connection was made again. Without it
   * a follower checks as often as a leader.
   */
  readonly isHinted?: boolean;
  /** Both reject when Redis is away or refuses. */
  readonly read: (options: ReadMemory) => Promise<Memory>;
  readonly putBack: (memory: Memory, fence: string | null) => Promise<PutBackOutcome>;
}

/** The term that is led. */
interface TermScope {
  readonly fence: string;
  readonly signal: AbortSignal;
  readonly progress?: { step(): void };
}

/**
 * Notices that Redis has lost data (emptied, restored, restarted without its data), reports it, and restores what
 * operators had ordered. A paused job must not run because Redis forgot the pause: in doubt it stays paused, and a
 * person resumes it. Every replica does this, since the leader may be a replica that has only just started.
 */
export class DataGuard {
  readonly checks: PeriodicTask;
  readonly #options: DataGuardOptions;
  readonly #reads: AlarmReads;
  #memory: Memory | null = null;
  #fence: string | null = null;
  #wholeMs = Number.NEGATIVE_INFINITY;
  /** When (monotonic) a follower checks again. */
  #nextMs = Number.NEGATIVE_INFINITY;
  /** The loss that could not be put back yet: since when, and whether it was reported. */
  #open: { readonly sinceMs: number; isTold: boolean } | null = null;
  /** The namespace was new to this replica when its term began. */
  #isNew = false;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(options: DataGuardOptions) {
    this.#options = options;
    this.#reads = new AlarmReads({
      ...options,
      what: "what a replica remembers of the namespace",
      loss: "a loss of data is not noticed",
    });
    this.checks = new PeriodicTask({
      clock: options.clock,
      intervalMs: INTERVAL_MS,
      act: async () => void (this.#isDue() && (await this.#inTurn())),
    });
  }

  /** Something may have changed: the next check is soon. */
  hint(): void {
    this.#nextMs = Number.NEGATIVE_INFINITY;
  }

  #isDue(): boolean {
    return (
      !this.#options.isHinted || this.#fence !== null || this.#options.clock.monotonicMs() >= this.#nextMs
    );
  }

  /** To be called before a term's work begins: what this replica remembers is put back by then, if Redis answers. */
  async begin({ fence, signal }: TermScope): Promise<void> {
    const { clock } = this.#options;
    const knew = this.#memory?.hasCursors ?? false;
    const untilMs = clock.monotonicMs() + REFUSED_MS;
    this.#fence = fence;
    this.#wholeMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted && clock.monotonicMs() < untilMs) {
      const isDone = await this.#inTurn();
      if (isDone) break;
      await clock.sleep(RETRY_MS, signal);
    }
    this.#isNew = !knew && this.#memory !== null && !this.#memory.hasCursors;
  }

  /**
   * To be called when the term is open and before it launches: gives other replicas the time to put back what this
   * one does not remember. Only in a namespace that has nothing yet.
   */
  async settle({ signal, progress }: TermScope): Promise<void> {
    if (!this.#isNew) return;
    this.#isNew = false;
    await this.#options.clock.sleep(HOLD_MS, signal);
    progress?.step();
  }

  end(): void {
    this.#fence = null;
  }

  /** One check after the other: two would report one loss twice. Null where Redis was not read; what is remembered stays. */
  #inTurn(): Promise<boolean | null> {
    const look = this.#looking.then(async () => {
      // Before the read: a hint meanwhile counts.
      this.#nextMs = this.#options.clock.monotonicMs() + FOLLOWER_MS;
      const isDone = await this.#reads.read(() => this.#look());
      if (isDone !== true) this.hint();
      return isDone;
    });
    this.#looking = look;
    return look;
  }

  /** True when nothing is left to be put back. */
  async #look(): Promise<boolean> {
    const { clock, read } = this.#options;
    const before = this.#memory;
    const nowMs = clock.monotonicMs();
    const isWhole = nowMs - this.#wholeMs >= WHOLE_MS;
    const found = await read({ before, fence: this.#fence, isWhole });
    if (isWhole) this.#wholeMs = nowMs;
    if (before === null || dataLossOf(before, found) === null) {
      this.#memory = found;
      this.#open = null;
      return true;
    }
    return await this.#recover(before);
  }

  /** Puts back, then takes what is there by then for what is remembered. */
  async #recover(before: Memory): Promise<boolean> {
    const { clock, read, putBack } = this.#options;
    // All of it, for people: what the quick checks leave out counts as well.
    const now = await read({ before: null, fence: null, isWhole: true });
    const loss = dataLossOf(before, now);
    if (loss === null) return true;
    const nowMs = clock.monotonicMs();
    this.#open ??= { sinceMs: nowMs, isTold: false };
    const open = this.#open;
    const about = { ...loss, term: before.term, foundTerm: now.term };
    let outcome: PutBackOutcome;
    try {
      outcome = await putBack(before, this.#fence);
    } catch (error) {
      if (nowMs - open.sinceMs >= REFUSED_MS) {
        this.#tell(open, { ...about, pausedAgain: [], error: messageOf(error) });
      }
      return false;
    }
    // The term has ended: the next check is not this leader's.
    if (outcome.outcome === "fenced") {
      this.#fence = null;
      return false;
    }
    this.#tell(open, { ...about, pausedAgain: outcome.outcome === "done" ? outcome.jobs : [] });
    this.#open = null;
    this.#memory = null;
    this.#memory = await read({ before: null, fence: null, isWhole: true });
    return true;
  }

  #tell(open: { isTold: boolean }, fields: EventMap["redis.lostData"]): void {
    if (open.isTold) return;
    open.isTold = true;
    this.#options.events.emit("redis.lostData", fields);
  }
}
