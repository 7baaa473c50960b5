import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Job as BullJob, type Processor, Worker, type WorkerOptions } from "bullmq";
import type { Redis } from "ioredis";
import { WaitingError } from "../bullmq.ts";
import { mustHold, runLockRules } from "../clock/timing.ts";
import { settlesWithin } from "../clock/within.ts";
import type { Config } from "../config/config.ts";
import type { Handler } from "../handlers/handler.ts";
import type { ReturnReason, RunLostReason } from "../reasons.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { ActiveRun, type RunLogSource } from "./active-run.ts";
import type { RunLocks } from "./attempt.ts";
import { GlobalLimit } from "./global-limit.ts";
import { JobLog } from "./job-log.ts";
import { type ClaimedRun, RunClaims } from "./run-claims.ts";
import { RunEnds } from "./run-ends.ts";
import type { RunReporter } from "./run-reporter.ts";
import { keepResult } from "./run-result.ts";
import { RunReturns, runNameOf } from "./run-returns.ts";
import { storeTimeBackend } from "./store-time.ts";
import { readStamp } from "./tick-stamp.ts";
import { lostRunOf } from "./worker-error.ts";
import { MAX_STALLED_COUNT, type WorkerTiming } from "./worker-timing.ts";

/** What this replica does for the runs of one job. */
export interface Work {
  readonly handler: Handler;
  readonly timeoutMs: number | null;
  /** Runs of the job may be at work beside each other. */
  readonly mayOverlap: boolean;
}

export interface QueueConsumerOptions {
  readonly queue: string;
  readonly concurrency: number;
  /** BullMQ's rate limit of the queue. */
  readonly limiter: Config["queues"][string]["limiter"];
  readonly keys: RedisKeys;
  /** Shared by all queues; BullMQ opens a second, blocking connection of each queue's own. */
  readonly redis: Redis;
  readonly replica: string;
  readonly log: RunLogSource | null;
  readonly locks: RunLocks | null;
  readonly context: unknown;
  readonly reporter: RunReporter;
  readonly timing: WorkerTiming;
  /** How far this machine's clock is ahead of the store's time. */
  readonly skewMs: () => number;
  /** Null: this replica has no handler for the job (yet). */
  workOf(job: string): Work | null;
}

/** Before what failed because the connection broke is tried again; BullMQ's own 15 s would hold up all runs. */
const LOOP_RETRY_MS = 1_000;
/** A lock is renewed after this part of its life, or up to twice that. */
const RENEW_PART = 1 / 5;

/** One queue's BullMQ Worker: takes runs, calls their handlers, and lets BullMQ write down what came of it. */
export class QueueConsumer {
  readonly #options: QueueConsumerOptions;
  readonly #worker: Worker;
  /** By run id. */
  readonly #active = new Map<string, ActiveRun>();
  /** How long the attempts took that have ended while BullMQ still writes that down. */
  readonly #ending = new Map<BullJob, number>();
  readonly #ends: RunEnds;
  readonly #returns: RunReturns;
  readonly #claims: RunClaims;
  /** Of the active runs those that have a claim. */
  readonly #claimed = new WeakMap<ActiveRun, ClaimedRun>();
  readonly #limit: GlobalLimit;
  #interrupted = 0;
  readonly #idle = Promise.withResolvers<void>();
  #stopping = false;
  #stopped: Promise<boolean> | null = null;

  constructor(options: QueueConsumerOptions) {
    const { queue, concurrency, limiter, keys, redis, replica, reporter, timing } = options;
    this.#options = options;
    const { lockDurationMs, returnDelayMs } = timing;
    const renewMs = lockDurationMs * RENEW_PART;
    mustHold(runLockRules({ lockDurationMs, renewMs }));
    const onError = (error: unknown) => this.#onError(error);
    this.#returns = new RunReturns({ returnDelayMs, reporter, onError });
    this.#limit = new GlobalLimit({ queue, prefix: keys.bullmqPrefix, redis, onError });
    this.#claims = new RunClaims({ redis, keys, queue, ttlMs: lockDurationMs });
    const onLost = (bullJob: BullJob, reason: RunLostReason) => this.#loseEnd(bullJob, reason);
    this.#ends = new RunEnds({ redis, keys, queue, lockDurationMs, onLost });
    const workerOptions: WorkerOptions = {
      connection: redis,
      prefix: keys.bullmqPrefix,
      name: replica,
      concurrency,
      autorun: false,
      lockDuration: lockDurationMs,
      lockRenewTime: renewMs,
      stalledInterval: timing.stalledIntervalMs,
      maxStalledCount: MAX_STALLED_COUNT,
      runRetryDelay: LOOP_RETRY_MS,
      ...(limiter && { limiter: { max: limiter.max, duration: limiter.durationMs } }),
    };
    const process: Processor = (job, token) => this.#process(job, token);
    this.#worker = new Worker(queue, process, workerOptions, storeTimeBackend(options.skewMs));
    this.#listen();
  }

  /** Takes work from now on, as soon as Redis answers. Call it once. */
  start(): void {
    void this.#consume();
  }

  get limiter(): QueueConsumerOptions["limiter"] {
    return this.#options.limiter;
  }

  /** How many runs all replicas together work on at a time. */
  limitAll(concurrency: number | undefined): void {
    this.#limit.set(concurrency);
  }

  /** From the next run that is taken on. */
  setConcurrency(concurrency: number): void {
    this.#worker.concurrency = concurrency;
  }

  /** Takes no more work. What runs goes on until it ends, or until `stop`. */
  async leave(): Promise<void> {
    this.#stopping = true;
    this.#limit.stop();
    this.#returns.stop();
    await this.#worker.close();
  }

  /**
   * Takes no more work, waits `deadlineMs` for what runs, then gives the rest back to the queue. Resolves, in
   * bounded time also without Redis, with whether every handler came to its end.
   */
  stop(deadlineMs: number): Promise<boolean> {
    this.#stopped ??= this.#stop(deadlineMs);
    return this.#stopped;
  }

  async #stop(deadlineMs: number): Promise<boolean> {
    const { abortGraceMs, closeLimitMs } = this.#options.timing;
    this.#stopping = true;
    this.#limit.stop();
    this.#returns.stop();
    const closed = this.#worker.close();
    this.#noteIdle();
    await settlesWithin(this.#idle.promise, deadlineMs);
    for (const run of this.#active.values()) run.abort("shutdown");
    // With no run in hand, closing is best effort; BullMQ waits for connections that are about to recover.
    const isClosed = await settlesWithin(closed, abortGraceMs + (this.#isIdle() ? 0 : closeLimitMs));
    const isClean = this.#isIdle() && this.#interrupted === 0;
    this.#ends.stop();
    for (const bullJob of this.#ending.keys()) this.#loseEnd(bullJob, { code: "stopped_at_end" });
    if (!isClosed) await settlesWithin(this.#worker.getBackend().close(true), closeLimitMs);
    return isClean;
  }

  /** The runs whose handlers are at work. */
  get active(): Iterable<ActiveRun> {
    return this.#active.values();
  }

  /** No handler is running, and the end of none is still to be written down. */
  #isIdle(): boolean {
    return this.#active.size === 0 && this.#ending.size === 0;
  }

  #noteIdle(): void {
    if (this.#stopping && this.#isIdle()) this.#idle.resolve();
  }

  /** BullMQ's loop ends by itself only when it is closed; any other end is reported and retried. */
  async #consume(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#worker.run();
      } catch (error) {
        this.#onError(error);
        await sleep(LOOP_RETRY_MS);
      }
    }
  }

  #listen(): void {
    const { queue, reporter } = this.#options;
    this.#worker.on("active", job => this.#ends.wrap(job));
    this.#worker.on("completed", job => reporter.completed(job, this.#written(job)));
    this.#worker.on("failed", (job, error) => {
      if (!job) return;
      reporter.failed(job, error, this.#written(job));
    });
    this.#worker.on("stalled", run => reporter.stalled(queue, run));
    this.#worker.on("locksRenewed", ({ jobIds }) => {
      for (const id of jobIds) this.#renew(this.#active.get(id));
    });
    this.#worker.on("lockRenewalFailed", ids => {
      for (const id of ids) this.#lose(this.#active.get(id), { code: "lock_gone" });
    });
    this.#worker.on("error", error => this.#onError(error));
  }

  /** BullMQ calls this for every run it takes; what it returns or throws is how the attempt ends. */
  async #process(bullJob: BullJob, token: string | undefined): Promise<unknown> {
    if (this.#stopping) return this.#returns.requeue(bullJob, token);
    const work = this.#options.workOf(bullJob.name);
    if (!work) return this.#returns.offer(bullJob, token);
    // A backfill is meant to run beside others.
    const isAlone = !work.mayOverlap && readStamp(bullJob.data, bullJob.timestamp).kind !== "backfill";
    const claim = { job: bullJob.name, id: bullJob.id ?? "", token: randomUUID() };
    if (isAlone) {
      const obstacle = await this.#claim(claim);
      if (this.#stopping) return this.#returns.requeue(bullJob, token);
      if (obstacle !== null) return this.#returns.holdBack(bullJob, token, obstacle);
    }
    const run = this.#begin(bullJob, work);
    if (isAlone) this.#claimed.set(run, claim);
    const end = await run.execute();
    if (isAlone) this.#claims.release(claim);
    if (end.outcome === "completed" || end.outcome === "failed") this.#ending.set(bullJob, end.durationMs);
    if (this.#active.get(run.id) === run) this.#active.delete(run.id);
    this.#noteIdle();
    if (end.outcome === "lost") throw new WaitingError();
    if (end.outcome === "returned") {
      this.#interrupted += 1;
      return this.#returns.requeue(bullJob, token);
    }
    if (end.outcome === "failed") throw end.error;
    const { result, dropped } = keepResult(end.result);
    if (dropped) this.#options.reporter.resultDropped(run, dropped);
    return result;
  }

  #begin(bullJob: BullJob, work: Work): ActiveRun {
    const { replica, log, locks, context, timing, redis, keys, queue } = this.#options;
    const run: ActiveRun = new ActiveRun({
      bullJob,
      ...work,
      replica,
      log,
      jobLog: new JobLog({ redis, key: `${keys.bullmqPrefix}:${queue}:${bullJob.id}` }),
      locks,
      context,
      ...timing,
      onLockExpired: () => this.#lose(run, { code: "not_renewed" }),
    });
    this.#lose(this.#active.get(run.id), { code: "taken_again" });
    this.#active.set(run.id, run);
    return run;
  }

  /** What keeps the run's handler from being called now; null when it may be. */
  async #claim(run: ClaimedRun): Promise<ReturnReason | null> {
    try {
      const claim = await this.#claims.claim(run);
      if (claim.outcome === "claimed") return null;
      return claim.outcome === "gone" ? { code: "run_removed" } : { code: "run_unfinished", by: claim.by };
    } catch (error) {
      this.#onError(error);
      return { code: "overlap_unknown" };
    }
  }

  #renew(run: ActiveRun | undefined): void {
    run?.lockRenewed();
    const claim = run && this.#claimed.get(run);
    if (claim) this.#claims.renew(claim);
  }

  #lose(run: ActiveRun | undefined, reason: RunLostReason): void {
    if (run?.abort("lost")) this.#options.reporter.lost(run, reason);
  }

  /** How long the attempt took that BullMQ has just written down; 0 when no handler was called. */
  #written(bullJob: BullJob): number {
    const durationMs = this.#ending.get(bullJob) ?? 0;
    this.#ending.delete(bullJob);
    this.#noteIdle();
    return durationMs;
  }

  /** When a stop gave up, this has already been reported. */
  #loseEnd(bullJob: BullJob, reason: RunLostReason): void {
    const isCalled = this.#ending.delete(bullJob);
    this.#noteIdle();
    if (isCalled || !this.#stopping) this.#options.reporter.lost(runNameOf(bullJob), reason);
  }

  /** The loss of a run is reported where it is noticed: when its lock cannot be renewed, or its end not be written. */
  #onError(error: unknown): void {
    const { queue, reporter } = this.#options;
    if (error instanceof WaitingError || lostRunOf(error) !== null) return;
    reporter.workerError(queue, error);
  }
}
