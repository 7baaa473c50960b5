import { Job as BullJob, type IRedisTransaction, type JobsOptions, Queue, RedisQueueBackend } from "bullmq";
import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { TickKind } from "../events.ts";

const DAY_S = 24 * 60 * 60;
/** Finished runs stay in BullMQ this long, for dashboards; the history of ticks is kept apart from them. */
const KEEP_COMPLETED = { age: 1 * DAY_S, count: 10_000 };
const KEEP_FAILED = { age: 7 * DAY_S, count: 10_000 };

/** What a run carries beside the job's data. */
export interface TickStamp {
  /** The tick, ISO 8601 in UTC. */
  readonly at: string;
  readonly kind: TickKind;
  readonly term: number;
}

/** A BullMQ queue as the launch transaction needs it: it adds to the caller's MULTI and names the keys. */
export class LaunchQueue {
  readonly #queue: Queue;
  readonly #backend: RedisQueueBackend;

  /** Resolves when BullMQ's scripts are known to the connection. */
  static async open(name: string, redis: Redis, prefix: string): Promise<LaunchQueue> {
    // BullMQ would wait for the connection, however long that takes.
    if (redis.status !== "ready") throw new BellwetherError("BW_REDIS_AWAY", {});
    const queue = new LaunchQueue(name, redis, prefix);
    try {
      await queue.#queue.waitUntilReady();
      return queue;
    } catch (error) {
      // A BullMQ queue whose first connection failed never works.
      await queue.close();
      throw error;
    }
  }

  private constructor(name: string, redis: Redis, prefix: string) {
    this.#queue = new Queue(name, { connection: redis, prefix, skipVersionCheck: true });
    // The connection's owner reports its errors; here they end in the rejection of a command.
    this.#queue.on("error", () => undefined);
    const backend = this.#queue.getBackend();
    if (!(backend instanceof RedisQueueBackend)) {
      throw new BellwetherError("BW_BUG", { rule: "BullMQ's Redis backend has addJobToTransaction" });
    }
    this.#backend = backend;
  }

  /**
   * Queues the run in the transaction. `addJobToTransaction` is BullMQ's documented escape hatch; a test guards
   * it, and the version is pinned.
   */
  add(
    transaction: IRedisTransaction,
    job: Job,
    run: string,
    tick: TickStamp,
    nowMs: number,
  ): Promise<unknown> {
    const data = { ...job.data, _tick: tick };
    const options = { ...runOptions(job, run), timestamp: Math.floor(nowMs) };
    const json = new BullJob(this.#queue, job.name, data, options, run).asJSON();
    return this.#backend.addJobToTransaction(transaction, json, run);
  }

  runKey(run: string): string {
    return this.#queue.toKey(run);
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}

/** BullMQ's options of a job's runs; `timestamp` is the caller's. */
function runOptions(job: Job, run: string): JobsOptions {
  return {
    jobId: run,
    attempts: job.retry.attempts,
    backoff: { type: job.retry.backoff, delay: job.retry.delayMs },
    removeOnComplete: KEEP_COMPLETED,
    removeOnFail: KEEP_FAILED,
  };
}
