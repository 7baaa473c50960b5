import { type Job as BullJob, DelayedError } from "bullmq";
import { WaitingError } from "../bullmq.ts";
import type { ReturnReason } from "../reasons.ts";
import type { RunName, RunReporter } from "./run-reporter.ts";

/** A run is promoted this much before its delay ends, unless this replica dies meanwhile. */
const FALLBACK_MS = 5_000;
const QUICK_MS = 100;
const MAX_PAUSE_MS = 30_000;
const REMEMBERED_RUNS = 10_000;

export interface RunReturnsOptions {
  /** The shortest pause between two offers of a run. */
  readonly returnDelayMs: number;
  readonly reporter: RunReporter;
  onError(error: unknown): void;
}

/**
 * Returns runs to their queue without using up an attempt: on shutdown, while another run is in their way, and where this
 * replica has no handler. During a rolling deploy a newer replica has it.
 *
 * BullMQ counts attempts in moveToFinished and in retries, and takes the errors that are thrown here to mean "moved
 * already, write nothing". If the move fails the lock runs out and the stalled check finds the run.
 *
 * A delay alone starves the newer replica (measured: 27 rounds). The worker that knows when the delay ends takes the
 * run itself at the moment when it wakes the others. So the delay is only for the case that this replica dies, and the
 * run is promoted before: Redis then wakes the worker that has been blocked longest. Every other offer follows quickly,
 * while this replica's worker is certain to be the last in that queue. Otherwise pauses grow with the age of the run,
 * so that runs of a job that was removed do not keep the queue busy.
 */
export class RunReturns {
  readonly #options: RunReturnsOptions;
  readonly #offers = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStopped = false;

  constructor(options: RunReturnsOptions) {
    this.#options = options;
  }

  /** Shutdown: to the head of the queue, so that the next replica takes it immediately. */
  requeue(bullJob: BullJob, token: string | undefined): Promise<never> {
    const move = () => bullJob.moveToWait(token);
    return this.#return(bullJob, { code: "shutdown" }, move, new WaitingError());
  }

  /** Offers the run to replicas that have a handler for it. */
  offer(bullJob: BullJob, token: string | undefined): Promise<never> {
    const move = () => this.#postpone(bullJob, token, Date.now());
    return this.#return(bullJob, { code: "no_handler" }, move, new DelayedError());
  }

  /** Whatever the run's age, it is wanted as soon as nothing is in its way. */
  holdBack(bullJob: BullJob, token: string | undefined, reason: ReturnReason): Promise<never> {
    const move = () => this.#postpone(bullJob, token, bullJob.timestamp);
    return this.#return(bullJob, reason, move, new DelayedError());
  }

  /** Makes a delayed run due then, whatever the clocks of the workers say. */
  #promoteIn(bullJob: BullJob, ms: number): void {
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

  async #return(
    bullJob: BullJob,
    reason: ReturnReason,
    move: () => Promise<unknown>,
    signal: Error,
  ): Promise<never> {
    const { reporter, onError } = this.#options;
    const run = runNameOf(bullJob);
    try {
      await move();
      reporter.returned(run, reason);
    } catch (error) {
      reporter.lost(run, { code: "not_returned" });
      onError(error);
    }
    throw signal;
  }

  /** Moves the run from active to delayed and promotes it soon; pauses grow with its age at `agedMs`. */
  async #postpone(bullJob: BullJob, token: string | undefined, agedMs: number): Promise<void> {
    const pauseMs = this.#pauseMs(bullJob, agedMs);
    await bullJob.moveToDelayed(Date.now() + pauseMs + FALLBACK_MS, token);
    this.#promoteIn(bullJob, pauseMs);
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

/** Of a run whose attempt has not ended. */
export function runNameOf({ name: job, id = "", attemptsMade }: BullJob): RunName {
  return { job, id, attempt: attemptsMade + 1 };
}
