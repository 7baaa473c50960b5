import type { Job as BullJob } from "bullmq";
import type { RunLog } from "../handlers/handler.ts";
import { type AbortCause, Attempt, type AttemptEnd, type AttemptOptions } from "./attempt.ts";
import type { JobLog, LeveledLog } from "./job-log.ts";
import { readStamp } from "./tick-stamp.ts";

/** Makes a run's log; pino's Logger is one. */
export interface RunLogSource {
  child(bindings: { job: string; run: string; attempt: number }): LeveledLog;
}

export interface ActiveRunOptions extends Omit<AttemptOptions, "data" | "run" | "logOf"> {
  readonly bullJob: BullJob;
  readonly replica: string;
  readonly log: RunLogSource | null;
  readonly jobLog: JobLog;
  readonly lockDurationMs: number;
  /** Called once, when the lock has not been renewed for as long as it lives. */
  onLockExpired(): void;
}

const SILENT_LOG: RunLog = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** A run that this replica works on: one attempt, under a lock that has to be renewed. */
export class ActiveRun {
  readonly id: string;
  readonly job: string;
  /** BullMQ counts attempts when they end, so a run whose replica died starts again with the same number. */
  readonly attempt: number;
  /** When it began, by this machine's clock (epoch ms). */
  readonly sinceMs = Date.now();
  readonly #attempt: Attempt;
  readonly #jobLog: JobLog;
  readonly #lockTimer: NodeJS.Timeout;
  #isOver = false;

  constructor(options: ActiveRunOptions) {
    const { bullJob, handler, timeoutMs, jobLog, locks, context, abortGraceMs } = options;
    this.#jobLog = jobLog;
    this.id = bullJob.id ?? "";
    this.job = bullJob.name;
    this.attempt = bullJob.attemptsMade + 1;
    const { data, ...stamp } = readStamp(bullJob.data, bullJob.timestamp);
    const run: AttemptOptions["run"] = {
      id: this.id,
      job: this.job,
      attempt: this.attempt,
      ...stamp,
      replica: options.replica,
      progress: async value => {
        if (!this.#isOver) await bullJob.updateProgress(value);
      },
    };
    const { id, job, attempt } = this;
    const logOf = () => jobLog.tee(options.log?.child({ job, run: id, attempt }) ?? SILENT_LOG);
    this.#attempt = new Attempt({ handler, data, run, logOf, locks, context, timeoutMs, abortGraceMs });
    this.#lockTimer = setTimeout(options.onLockExpired, options.lockDurationMs);
  }

  async execute(): Promise<AttemptEnd> {
    const end = await this.#attempt.execute();
    this.#isOver = true;
    clearTimeout(this.#lockTimer);
    // Before the end of the run is written: BullMQ may remove the run with it.
    this.#jobLog.flush();
    return end;
  }

  /** False when the attempt had ended or was aborted already. */
  abort(cause: AbortCause): boolean {
    if (this.#isOver || this.#attempt.isAborted) return false;
    this.#attempt.abort(cause);
    return true;
  }

  /** The lock lives for its full time again. */
  lockRenewed(): void {
    if (!this.#isOver) this.#lockTimer.refresh();
  }
}

function ignore(): void {
  return;
}
