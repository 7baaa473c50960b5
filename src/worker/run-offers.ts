import type { Job as BullJob } from "bullmq";

/** A run is promoted this much before its delay ends, unless this replica dies meanwhile. */
const FALLBACK_MS = 5_000;
const QUICK_MS = 100;
const MAX_PAUSE_MS = 30_000;
const REMEMBERED_RUNS = 10_000;

export interface RunOffersOptions {
  /** The shortest pause between two rounds. */
  readonly returnDelayMs: number;
}

/**
 * Offers the runs that this replica has no handler for to the others, without using up attempts: during a rolling
 * deploy a newer replica has it.
 *
 * A delay alone starves the newer replica (measured: 27 rounds). The worker that knows when the delay ends takes the
 * run itself at the moment when it wakes the others. So the delay is only for the case that this replica dies, and the
 * run is promoted before: Redis then wakes the worker that has been blocked longest. Every other offer follows quickly,
 * while this replica's worker is certain to be the last in that queue. Otherwise pauses grow with the age of the run,
 * so that runs of a job that was removed do not keep the queue busy.
 */
export class RunOffers {
  readonly #options: RunOffersOptions;
  readonly #offers = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopped = false;

  constructor(options: RunOffersOptions) {
    this.#options = options;
  }

  /**
   * Moves the run from active to delayed and offers it soon; the pauses grow only while `mayGrow`. Rejects as BullMQ's
   * moveToDelayed does.
   */
  async postpone(bullJob: BullJob, token: string | undefined, mayGrow = true): Promise<void> {
    const nowMs = Date.now();
    const pauseMs = this.#pauseMs(bullJob, mayGrow ? nowMs : bullJob.timestamp);
    await bullJob.moveToDelayed(nowMs + pauseMs + FALLBACK_MS, token);
    this.promoteIn(bullJob, pauseMs);
  }

  /** Makes a delayed run due then, whatever the clocks of the workers say. */
  promoteIn(bullJob: BullJob, ms: number): void {
    if (this.#isStopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // It fails when the run is not delayed any more: another replica promoted it, or Redis is away.
      bullJob.promote().catch(() => undefined);
    }, ms);
    this.#timers.add(timer);
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #pauseMs(bullJob: BullJob, nowMs: number): number {
    const id = bullJob.id ?? "";
    const offers = this.#offers.get(id) ?? 0;
    if (this.#offers.size >= REMEMBERED_RUNS) this.#offers.clear();
    this.#offers.set(id, offers + 1);
    const tenthOfAgeMs = (nowMs - bullJob.timestamp) / 10;
    const longMs = Math.max(this.#options.returnDelayMs, Math.min(tenthOfAgeMs, MAX_PAUSE_MS));
    return Math.round((offers % 2 === 0 ? QUICK_MS : longMs) * (1 + Math.random()));
  }
}
