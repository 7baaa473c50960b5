import type { AuditRow, HistoryRow } from "../launch/read-history.ts";
import {
  type BackfillRange,
  type BackfillResult,
  checkDecided,
  checkOverlap,
  planRuns,
  resultOf,
  startRuns,
} from "./backfilling.ts";
import type { Cluster } from "./cluster.ts";
import { type ComingTick, type NextOptions, nextTicks } from "./coming-ticks.ts";
import {
  type PauseResult,
  pauseJob,
  pauseJobs,
  type ResumeResult,
  resumeJob,
  resumeJobs,
} from "./pausing.ts";
import { readJobHistory, readOperatorRecord } from "./records.ts";
import { type KeepResult, keepNextTicks, type SkipResult, skipNextTick } from "./skipping.ts";
import { readStatus, type Status } from "./status.ts";
import { type StepDownResult, stepDown } from "./stepping-down.ts";
import {
  checkWait,
  type RunResult,
  type StartOptions,
  startRun,
  type TriggerResult,
  type WaitOptions,
  waitForRun,
} from "./triggering.ts";

/** What names a request. Given again with the same id within a day, it is carried out once and has the same answer. */
export interface ActOptions {
  /** A fresh one by default. */
  readonly requestId?: string;
}

export interface ListOptions {
  /** At most this many, the newest ones; 20 by default. */
  readonly limit?: number;
}

export interface TriggerOptions extends ActOptions {
  /** Replaces fields of the job's own data. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly wait?: false;
}

export interface TriggerAndWaitOptions extends Omit<TriggerOptions, "wait">, WaitOptions {
  readonly wait: true;
}

export interface BackfillOptions extends BackfillRange, ActOptions {
  /** Accepts that the runs of a job run side by side whose `overlap` is another one. */
  readonly overlap?: "allow";
  /** Starts nothing: the answer says which ticks it would be. */
  readonly dryRun?: boolean;
}

const LIMIT = 20;

/**
 * What operators do from the command line, from code. Results are those of the commands' `--json`. It works from any
 * process that reaches Redis, whichever replica leads, and while there is no leader.
 *
 * Calls that read can be repeated at will. Calls that act are requests: when the connection breaks, the client repeats the
 * request, and Redis carries it out once. When a call rejects with BW_REDIS_LOST, whether it was carried out is unknown: call
 * it again with the same `requestId`. A call waits at most 5 s for its connection, and ends within about 12 s when Redis freezes or goes
 * away later; `stepDown` also waits for the successor, and `wait: true` for the run.
 *
 * Every call may reject with BW_REDIS_UNREACHABLE, BW_REDIS_LOST, BW_COMMAND_REFUSED (Redis refused: memory, rights),
 * BW_FORMAT_NEWER and BW_CLIENT_CLOSED. What else it rejects with is at the call.
 */
export class Client {
  readonly #cluster: Cluster;

  /** Use `connect`. */
  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Who leads, the replicas, and each job's last and next tick. Also works while Redis is full or read-only. */
  status(): Promise<Status> {
    return readStatus(this.#cluster);
  }

  /** The jobs of `status`. */
  async jobs(): Promise<Status["jobs"]> {
    return (await this.status()).jobs;
  }

  /** The last ticks of a job, newest first. Rejects with BW_JOB_UNKNOWN. */
  history(job: string, { limit = LIMIT }: ListOptions = {}): Promise<readonly HistoryRow[]> {
    return readJobHistory(this.#cluster, job, limit);
  }

  /** What operators did last, newest first. */
  audit({ limit = LIMIT }: ListOptions = {}): Promise<readonly AuditRow[]> {
    return readOperatorRecord(this.#cluster, limit);
  }

  /**
   * The coming ticks of a job, or of all without a name, in order of time. By the configuration, and then it needs no server;
   * without a configuration, by what the leader has stored. Knows nothing of pauses and skips; `status` does. Rejects with
   * BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID.
   */
  async next(job?: string, options: NextOptions = {}): Promise<readonly ComingTick[]> {
    return (await nextTicks(this.#cluster, job, options)).ticks;
  }

  /**
   * Starts a run of the job now, beside its schedule, paused or not. Unless its `overlap` is `allow`, it is refused while a
   * run of the job has not ended (BW_RUN_UNFINISHED, which names it). It resolves when the run is in its queue.
   *
   * With `wait: true` it resolves when the run has completed, on whichever replica, with what its handler returned. It rejects
   * with BW_RUN_FAILED when no attempt is left; the handler's error is its `cause`. It rejects with BW_WAIT_TIMEOUT after
   * `timeoutMs`, and with the signal's reason when that aborts. The run then goes on. The same call with the same `requestId`
   * waits for it again, and starts no second one.
   *
   * Also rejects with BW_CONFIG_NEEDED, BW_JOB_UNKNOWN, BW_ARGUMENT_INVALID, BW_TRIGGER_REFUSED and BW_REQUEST_REUSED.
   */
  trigger(job: string, options?: TriggerOptions): Promise<TriggerResult>;
  trigger(job: string, options: TriggerAndWaitOptions): Promise<RunResult>;
  async trigger(
    job: string,
    options: TriggerOptions | TriggerAndWaitOptions = {},
  ): Promise<TriggerResult | RunResult> {
    if (options.wait) checkWait(options);
    const started = await startRun(this.#cluster, job, options satisfies StartOptions);
    return options.wait ? await waitForRun(this.#cluster, started, options) : { run: started.run };
  }

  /**
   * From now on no tick of the job is launched, through restarts and handoffs, until it is resumed. A job that is paused
   * already stays so: `changed` is false. Safe to repeat. Rejects with BW_JOB_UNKNOWN.
   */
  async pause(job: string, options: ActOptions = {}): Promise<PauseResult> {
    return (await pauseJob(this.#cluster, job, options)).result;
  }

  /**
   * The job's ticks are launched again; its `catchUp` policy says which of those that passed. `changed` is false for a job that
   * was not paused. Safe to repeat. Rejects with BW_JOB_UNKNOWN.
   */
  async resume(job: string, options: ActOptions = {}): Promise<ResumeResult> {
    return (await resumeJob(this.#cluster, job, options)).result;
  }

  /**
   * The same for every job, or for those whose names match the pattern: `*` in it is any text. One job after the other, not
   * all or none: after a rejection some may be paused, and repeating it is safe. Rejects with BW_JOB_UNKNOWN where none matches.
   */
  async pauseAll(pattern = "*", options: ActOptions = {}): Promise<readonly PauseResult[]> {
    return (await pauseJobs(this.#cluster, pattern, options)).map(({ result }) => result);
  }

  /** As `pauseAll`. */
  async resumeAll(pattern = "*", options: ActOptions = {}): Promise<readonly ResumeResult[]> {
    return (await resumeJobs(this.#cluster, pattern, options)).map(({ result }) => result);
  }

  /**
   * Skips the next tick that is not decided yet, and says which one that is. A second call skips the one after it too, so only a
   * call with the same `requestId` may be repeated. Rejects with BW_JOB_UNKNOWN, and with BW_NO_TICK when the job has ended.
   */
  skipNext(job: string, options: ActOptions = {}): Promise<SkipResult> {
    return skipNextTick(this.#cluster, job, options);
  }

  /** Takes back what `skipNext` asked for and what has not happened yet. Rejects with BW_JOB_UNKNOWN and BW_NO_SKIP. */
  keepNext(job: string, options: ActOptions = {}): Promise<KeepResult> {
    return keepNextTicks(this.#cluster, job, options);
  }

  /**
   * Starts a run for each tick of the job in a range of the past, both ends included: all or none. With `dryRun` it starts
   * nothing and says which ticks those are. The runs run side by side, and a second call starts them again; one with the same
   * `requestId` does not.
   *
   * Rejects with BW_BACKFILL_EMPTY, BW_BACKFILL_TOO_MANY, BW_BACKFILL_OVERLAP, BW_BACKFILL_UNDECIDED (a leader may still launch
   * one of the ticks), BW_CONFIG_NEEDED, BW_JOB_UNKNOWN, BW_ARGUMENT_INVALID and BW_REQUEST_REUSED; nothing was started then.
   * BW_BACKFILL_REFUSED says how many were.
   */
  async backfill(job: string, options: BackfillOptions): Promise<BackfillResult> {
    const planned = planRuns(this.#cluster, job, options);
    if (options.dryRun) {
      await checkDecided(this.#cluster, planned);
      return resultOf(planned, []);
    }
    checkOverlap(planned, options.overlap);
    return await startRuns(this.#cluster, planned, options);
  }

  /**
   * Asks the leader to let another replica lead, and waits for the successor for up to 5 s and a third of the lease: `leader` is
   * null when none has followed by then. A later leader is not asked by the same request. Rejects with BW_NO_LEADER.
   */
  stepDown(options: ActOptions = {}): Promise<StepDownResult> {
    return stepDown(this.#cluster, options);
  }

  /** Ends the connections, which keep the process alive. Calls that are under way reject with BW_CLIENT_CLOSED. Idempotent. */
  async close(): Promise<void> {
    this.#cluster.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
