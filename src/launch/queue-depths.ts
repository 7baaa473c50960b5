import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { OpenQueues, openQueue } from "./open-queues.ts";

const STATES = ["waiting", "active", "delayed", "prioritized", "completed", "failed"] as const;

export type QueueDepth = Readonly<Record<string, number>>;

export interface QueueDepthsOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
}

/** How many runs each queue holds, by state. Reads only, and one read at a time. */
export class QueueDepths {
  readonly #options: QueueDepthsOptions;
  readonly #queues: OpenQueues<Queue>;
  #reading: Promise<ReadonlyMap<string, QueueDepth>> | null = null;

  constructor(options: QueueDepthsOptions) {
    const { redis, keys } = options;
    this.#options = options;
    this.#queues = new OpenQueues(name =>
      openQueue(name, redis, { prefix: keys.bullmqPrefix, skipMetasUpdate: true }),
    );
  }

  /** A caller that asks while an answer is under way gets that one. Rejects when Redis is away. */
  read(queues: readonly string[]): Promise<ReadonlyMap<string, QueueDepth>> {
    this.#reading ??= this.#read(queues).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** Whether each queue is paused in BullMQ, by whatever program. Rejects when Redis is away. */
  async readPaused(queues: readonly string[]): Promise<ReadonlyMap<string, boolean>> {
    return readPausedQueues(this.#options.redis, this.#options.keys, queues);
  }

  async close(): Promise<void> {
    await this.#queues.close();
  }

  async #read(queues: readonly string[]): Promise<ReadonlyMap<string, QueueDepth>> {
    if (this.#options.redis.status !== "ready") throw new BellwetherError("BW_REDIS_AWAY", {});
    await this.#queues.keep(new Set(queues));
    const open = await this.#queues.all(queues);
    const depths = [...open].map(async ([name, queue]) => {
      return [name, await queue.getJobCounts(...STATES)] as const;
    });
    return new Map(await Promise.all(depths));
  }
}

/** Whether each queue is paused in BullMQ (`queue.pause()`): its runs wait, and no worker takes them. */
export async function readPausedQueues(
  redis: Redis,
  keys: RedisKeys,
  queues: readonly string[],
): Promise<ReadonlyMap<string, boolean>> {
  if (redis.status !== "ready") throw new BellwetherError("BW_REDIS_AWAY", {});
  const paused = queues.map(async queue => {
    return [queue, (await redis.hexists(`${keys.bullmqPrefix}:${queue}:meta`, "paused")) === 1] as const;
  });
  return new Map(await Promise.all(paused));
}
