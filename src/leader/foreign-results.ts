import type { Clock } from "../clock/clock.ts";
import type { Config } from "../config/config.ts";
import type { Events } from "../events.ts";
import type { ForeignEnd, QueueEnds } from "../launch/foreign-ends.ts";
import { tellReason } from "../reasons.ts";

const INTERVAL_MS = 500;
/** A stream that keeps very few events has a gap at each look, and reading the jobs costs more than reading events. */
const SETTLE_PAUSE_MS = 5_000;

export interface ForeignResultsOptions {
  readonly clock: Pick<Clock, "sleep" | "monotonicMs">;
  readonly events: Events;
  /** The ends of a queue's runs, in the leader's term. */
  readonly endsOf: (queue: string) => Pick<QueueEnds, "base" | "position" | "take" | "settle" | "forget">;
  /** Reads a queue; null when that fails. It reports where Redis refuses the reading. */
  readonly attempt: <T>(queue: string, read: () => Promise<T>) => Promise<T | null>;
  /** What the replica carries by now. */
  readonly carried: () => Pick<Config, "jobs" | "queues">;
}

/**
 * Records and reports, in the term of a leader, how runs end that other programs work off (`consume: false`): from BullMQ's
 * event stream of each such queue. The record of an end and the position in the stream are one script with the fence, so a
 * handoff neither loses nor doubles a record. Where the stream was trimmed behind the position, the ends are read from the
 * jobs. The event of an end is missing only when a leader dies between recording and reporting it.
 */
export class ForeignResults {
  readonly #options: ForeignResultsOptions;
  /** By base of the queue, the position that was received. */
  readonly #received = new Map<string, string>();
  /** By base of the queue, when it was settled (monotonic). */
  readonly #settledMs = new Map<string, number>();
  /** Queues without a position, because replicas work them off. */
  readonly #forgotten = new Set<string>();

  constructor(options: ForeignResultsOptions) {
    this.#options = options;
  }

  /** Records for as long as the work goes on. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const ending = new AbortController();
    void this.#repeat(ending.signal);
    try {
      return await work();
    } finally {
      ending.abort();
    }
  }

  async #repeat(ending: AbortSignal): Promise<void> {
    const { carried, attempt } = this.#options;
    while (!ending.aborted) {
      for (const [name, { consume }] of Object.entries(carried().queues)) {
        // After a failure the next time reads from the same position.
        const read = () => attempt(name, () => (consume ? this.#forget(name) : this.#read(name)));
        while (!ending.aborted && (await read()) === true);
      }
      await this.#options.clock.sleep(INTERVAL_MS, ending);
    }
  }

  /** Once: what happens from now on is not to be read when other programs work the queue off again. */
  async #forget(name: string): Promise<boolean> {
    if (!this.#forgotten.has(name)) await this.#options.endsOf(name).forget();
    this.#forgotten.add(name);
    return false;
  }

  /** Whether there may be more. */
  async #read(name: string): Promise<boolean> {
    this.#forgotten.delete(name);
    const ends = this.#options.endsOf(name);
    // In a term only its leader moves the position.
    const received = this.#received.get(ends.base) ?? (await ends.position());
    this.#received.set(ends.base, received);
    const taken = await ends.take(received);
    if (taken.outcome === "fenced") return false;
    if (taken.outcome === "gap") return this.#settle(name, ends, taken.position);
    this.#received.set(ends.base, taken.position);
    this.#report(taken.ends);
    return taken.isCut;
  }

  async #settle(name: string, ends: Pick<QueueEnds, "base" | "settle">, position: string): Promise<boolean> {
    const { clock, carried } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - (this.#settledMs.get(ends.base) ?? Number.NEGATIVE_INFINITY) < SETTLE_PAUSE_MS) return false;
    this.#settledMs.set(ends.base, nowMs);
    const jobs = carried().jobs.filter(({ queue }) => queue === name);
    const found = await ends.settle(jobs, position);
    this.#received.delete(ends.base);
    this.#report(found ?? []);
    return found !== null;
  }

  #report(ends: readonly ForeignEnd[]): void {
    const { events } = this.#options;
    for (const { job, run, result, attempts: attempt, durationMs, error } of ends) {
      if (result === "completed") events.emit("run.completed", { job, run, attempt, durationMs });
      if (result === "failed")
        events.emit("run.failed", {
          job,
          run,
          attempt,
          durationMs,
          final: true,
          error,
          thrown: new Error(error),
        });
      if (result === "unknown")
        events.emit("run.endUnknown", { job, run, ...tellReason({ code: "end_unknown" }) });
    }
  }
}
