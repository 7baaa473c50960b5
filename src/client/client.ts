import type { AuditRow, HistoryRow } from "../launch/read-history.ts";
import { type AuditOptions, readAuditPage } from "./audit-page.ts";
import { type BackfillResult, backfillJob } from "./backfilling.ts";
import { type BulkOptions, type BulkResult, pauseMany, resumeMany, triggerMany } from "./bulk.ts";
import type {
  ActOptions,
  BackfillOptions,
  ListOptions,
  TriggerAndWaitOptions,
  TriggerOptions,
} from "./client-options.ts";
import type { Cluster } from "./cluster.ts";
import { type ComingTick, type NextOptions, nextTicks } from "./coming-ticks.ts";
import { explainTick, type WhyOptions } from "./explain-tick.ts";
import { type Forecast, type ForecastOptions, readForecast } from "./forecast.ts";
import { type JobDetail, readJobDetail } from "./job-detail.ts";
import { listJobs } from "./job-list.ts";
import type { JobList, JobListOptions } from "./job-row.ts";
import { type NextPage, type NextPageOptions, readNextPage } from "./next-page.ts";
import {
  type PauseOptions,
  type PauseResult,
  pauseJob,
  pauseJobs,
  type ResumeResult,
  resumeJob,
  resumeJobs,
} from "./pausing.ts";
import { readJobHistory, readOperatorRecord } from "./records.ts";
import { type ReplicaInfo, readReplicaInfos } from "./replicas.ts";
import { type CancelResult, cancelRun, type RetryResult, retryRun } from "./run-acts.ts";
import { type RunDetail, readRun } from "./runs.ts";
import { type KeepResult, keepNextTicks, type SkipResult, skipNextTick } from "./skipping.ts";
import { readStatus, type Status, type StatusOptions } from "./status.ts";
import { type StepDownResult, stepDown } from "./stepping-down.ts";
import { type Page, readTerms, type TermInfo, type TermsOptions } from "./terms.ts";
import { type FutureTicksOptions, readFutureTicks, readTicks, type TicksOptions } from "./ticks.ts";
import { readTimeline, type Timeline, type TimelineOptions } from "./timeline.ts";
import {
  checkWait,
  type RunResult,
  type StartOptions,
  startRun,
  type TriggerResult,
  waitForRun,
} from "./triggering.ts";
import type { Why } from "./why/why.ts";

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
  status(options: StatusOptions = {}): Promise<Status> {
    return readStatus(this.#cluster, options);
  }

  /** The jobs of `status`. */
  async jobs(): Promise<Status["jobs"]> {
    return (await this.status()).jobs;
  }

  /**
   * The jobs that match, a page at a time, with how their last ticks went, and how many jobs are in each state. Costs little for
   * 10,000 jobs. Rejects with BW_ARGUMENT_INVALID.
   */
  listJobs(options: JobListOptions = {}): Promise<JobList> {
    return listJobs(this.#cluster, options);
  }

  /** The last ticks of a job, newest first. Rejects with BW_JOB_UNKNOWN. */
  history(job: string, { limit = LIMIT }: ListOptions = {}): Promise<readonly HistoryRow[]> {
    return readJobHistory(this.#cluster, job, limit);
  }

  /** What operators did last, newest first. */
  audit({ limit = LIMIT }: ListOptions = {}): Promise<readonly AuditRow[]> {
    return readOperatorRecord(this.#cluster, limit);
  }

  /** The same, page by page. Rejects with BW_ARGUMENT_INVALID. */
  auditPage(options: AuditOptions = {}): Promise<Page<AuditRow>> {
    return readAuditPage(this.#cluster, options);
  }

  /**
   * The coming ticks of a job, or of all without a name, in order of time. By the configuration, and then it needs no server;
   * without a configuration, by what the leader has stored. Knows nothing of pauses and skips; `status` does. Rejects with
   * BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID.
   */
  async next(job?: string, options: NextOptions = {}): Promise<readonly ComingTick[]> {
    return (await nextTicks(this.#cluster, job, options)).ticks;
  }

  /** The same, some jobs at a time. Rejects with BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID. */
  nextPage(options: NextPageOptions = {}): Promise<NextPage> {
    return readNextPage(this.#cluster, options);
  }

  /**
   * What became of a job at an instant, and why: by default of the last tick whose time has come. `text` is the answer for
   * people, the same on the command line, in the API and on the page. Rejects with BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID.
   */
  why(job: string, options: WhyOptions = {}): Promise<Why> {
    return explainTick(this.#cluster, job, options);
  }

  /**
   * How many ticks a leader on time launches in each minute of the coming days, where launches collide, and when the next quiet
   * minute is. It counts what `next` lists, and knows as little of pauses, skips and `maxRuns`. Rejects with BW_JOB_UNKNOWN and
   * BW_ARGUMENT_INVALID.
   */
  forecast(options: ForecastOptions = {}): Promise<Forecast> {
    return readForecast(this.#cluster, options);
  }

  /** The terms on record, newest first: who led, how each one began and ended, and how long there was no leader. */
  terms(options: TermsOptions = {}): Promise<Page<TermInfo>> {
    return readTerms(this.#cluster, options);
  }

  /** The replicas of `status`, with what each one says of itself every 5 seconds: version, clock, load and what it runs. */
  replicas(): Promise<readonly ReplicaInfo[]> {
    return readReplicaInfos(this.#cluster);
  }

  /** A job with its policies as they are in force, and where each value is written. Rejects with BW_JOB_UNKNOWN. */
  job(job: string): Promise<JobDetail> {
    return readJobDetail(this.#cluster, job);
  }

  /** What was decided about a job's ticks, newest first, page by page. Rejects with BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID. */
  ticks(job: string, options: TicksOptions = {}): Promise<Page<HistoryRow>> {
    return readTicks(this.#cluster, job, options);
  }

  /** The coming ticks of a job by Redis's clock, page by page, with those that do not exist and why. Rejects as `ticks`. */
  futureTicks(job: string, options: FutureTicksOptions = {}): Promise<Page<ComingTick>> {
    return readFutureTicks(this.#cluster, job, options);
  }

  /** Terms, decided ticks and ticks to come of some jobs, for a picture. Rejects with BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID. */
  timeline(options: TimelineOptions = {}): Promise<Timeline> {
    return readTimeline(this.#cluster, options);
  }

  /** A run: its state, attempts, times, log and result, as far as BullMQ and the history keep them. Rejects with BW_RUN_UNKNOWN. */
  run(run: string): Promise<RunDetail> {
    return readRun(this.#cluster, run);
  }

  /**
   * Puts a run that has failed back into its queue, with all of its attempts. A run that was retried meanwhile is not retried
   * again. Rejects with BW_RUN_UNKNOWN, BW_RUN_NOT_FAILED, BW_RUN_REFUSED and BW_REQUEST_REUSED; nothing was changed then.
   */
  retryRun(run: string, options: ActOptions = {}): Promise<RetryResult> {
    return retryRun(this.#cluster, run, options);
  }

  /**
   * Removes a run from its queue that waits there, for a worker or for its next attempt. A run whose handler is at work is not
   * touched. Rejects with BW_RUN_UNKNOWN, BW_RUN_NOT_WAITING, BW_RUN_REFUSED and BW_REQUEST_REUSED; nothing was changed then.
   */
  cancelRun(run: string, options: ActOptions = {}): Promise<CancelResult> {
    return cancelRun(this.#cluster, run, options);
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
  async pause(job: string, options: ActOptions & PauseOptions = {}): Promise<PauseResult> {
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
   * The same for jobs by name or by filter. One job after the other, not all or none: each has its result, or the error that
   * it alone has. With `dryRun` nothing is done, and the answer says for which jobs it would be. Rejects with BW_JOB_UNKNOWN and
   * BW_ARGUMENT_INVALID before anything is done.
   */
  pauseMany(options: BulkOptions & PauseOptions): Promise<BulkResult<PauseResult>> {
    return pauseMany(this.#cluster, options);
  }

  /** As `pauseMany`. */
  resumeMany(options: BulkOptions): Promise<BulkResult<ResumeResult>> {
    return resumeMany(this.#cluster, options);
  }

  /** As `pauseMany`; starts a run of each job as `trigger` does. Needs the configuration. */
  triggerMany(options: BulkOptions): Promise<BulkResult<TriggerResult>> {
    return triggerMany(this.#cluster, options);
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
  backfill(job: string, options: BackfillOptions): Promise<BackfillResult> {
    return backfillJob(this.#cluster, job, options);
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
