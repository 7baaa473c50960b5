import type { Job as BullJob } from "bullmq";
import type { Events } from "../events.ts";
import { type DropReason, type ReturnReason, type RunLostReason, tellReason } from "../reasons.ts";
import type { RunResult } from "../redis/run-result.ts";
import { describeError, failReasonOf, thrownBy } from "./run-error.ts";
import { isConnectionError, RepeatFilter, safeText } from "./worker-error.ts";

export interface RunReporterOptions {
  readonly events: Events;
  readonly replica: string;
  /** Keeps the record of a run's end. */
  readonly recordResult: (result: RunResult) => Promise<void>;
}

export interface RunName {
  readonly job: string;
  readonly id: string;
  readonly attempt: number;
}

const REMEMBERED_RETURNS = 10_000;

/** Reports how runs end, after BullMQ has written it down: what is reported is what Redis holds. */
export class RunReporter {
  readonly #options: RunReporterOptions;
  readonly #returned = new Set<string>();
  readonly #repeats = new RepeatFilter();
  readonly #recording = new Set<Promise<void>>();

  constructor(options: RunReporterOptions) {
    this.#options = options;
  }

  completed(job: BullJob, durationMs: number): void {
    const run = nameOf(job);
    this.#options.events.emit("run.completed", { ...aboutOf(run), durationMs });
    this.#record(run, "completed", durationMs);
  }

  failed(job: BullJob, error: Error, durationMs: number): void {
    const run = nameOf(job);
    // BullMQ sets it only when the run goes to the failed set, not when it will be tried again.
    const final = job.finishedOn !== undefined;
    const told = describeError(error);
    const thrown = thrownBy(error);
    const reason = failReasonOf(error);
    const why = reason === null ? {} : tellReason(reason);
    this.#options.events.emit("run.failed", { ...aboutOf(run), durationMs, final, ...told, ...why, thrown });
    const code = reason === null ? {} : { reasonCode: reason.code };
    if (final) this.#record(run, "failed", durationMs, { error: told.error, ...code });
  }

  /** Once per run: a run without a handler comes by every few seconds. */
  returned(run: Pick<RunName, "job" | "id">, reason: ReturnReason): void {
    if (this.#returned.has(run.id)) return;
    if (this.#returned.size >= REMEMBERED_RETURNS) this.#returned.clear();
    this.#returned.add(run.id);
    this.#options.events.emit("run.returned", { job: run.job, run: run.id, ...tellReason(reason) });
  }

  lost(run: RunName, reason: RunLostReason): void {
    this.#options.events.emit("run.lost", { ...aboutOf(run), ...tellReason(reason) });
  }

  resultDropped(run: RunName, reason: DropReason): void {
    this.#options.events.emit("run.resultDropped", { job: run.job, run: run.id, ...tellReason(reason) });
  }

  stalled(queue: string, run: string): void {
    this.#options.events.emit("run.stalled", { queue, run });
  }

  workerError(queue: string, error: unknown): void {
    if (isConnectionError(error)) return;
    const text = safeText(error);
    if (this.#repeats.isNew(`${queue} ${text}`, performance.now())) {
      this.#options.events.emit("worker.error", { queue, error: text });
    }
  }

  /** Resolves when every record is written or given up. */
  async settled(): Promise<void> {
    await Promise.all(this.#recording);
  }

  #record(
    run: RunName,
    result: RunResult["result"],
    durationMs: number,
    failure: Pick<RunResult, "error" | "reasonCode"> = {},
  ): void {
    const { recordResult, replica, events } = this.#options;
    const about = { job: run.job, run: run.id, result, attempts: run.attempt, durationMs, replica };
    const recording = recordResult({ ...about, ...failure })
      .catch(failure =>
        events.emit("run.unrecorded", { job: run.job, run: run.id, error: safeText(failure) }),
      )
      .finally(() => this.#recording.delete(recording));
    this.#recording.add(recording);
  }
}

/** Of a run whose attempt is written down: BullMQ has counted it by then. */
function nameOf(job: BullJob): RunName {
  return { job: job.name, id: job.id ?? "", attempt: job.attemptsMade };
}

function aboutOf({ job, id: run, attempt }: RunName) {
  return { job, run, attempt };
}
