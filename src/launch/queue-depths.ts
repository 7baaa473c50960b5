import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";

const STATES = ["waiting", "active", "delayed", "prioritized", "completed", "failed"] as const;

export type QueueDepth = Readonly<Record<string, number>>;

export interface QueueDepthsOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
}

/** How many runs each queue holds, by state. Reads only, and one read at a time. */
export class QueueDepths {
  readonly #options: QueueDepthsOptions;
  readonly #queues = new Map<string, Queue>();
  #reading: Promise<ReadonlyMap<string, QueueDepth>> | null = null;

  constructor(options: QueueDepthsOptions) {
    this.#options = options;
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
    await Promise.all([...this.#queues.values()].map(queue => queue.close()));
  }

  async #read(queues: readonly string[]): Promise<ReadonlyMap<string, QueueDepth>> {
    if (this.#options.redis.status !== "ready") throw new BellwetherError("BW_REDIS_AWAY", {});
    await this.#forget(queues);
    const depths = queues.map(async name => {
      const queue = this.#queues.get(name) ?? (await this.#open(name));
      return [name, await queue.getJobCounts(...STATES)] as const;
    });
    return new Map(await Promise.all(depths));
  }

  /** Closes the queues that no configuration names any more. */
  async #forget(kept: readonly string[]): Promise<void> {
    for (const [name, queue] of this.#queues) {
      if (kept.includes(name)) continue;
      this.#queues.delete(name);
      await queue.close();
    }
  }

  async #open(name: string): Promise<Queue> {
    const { redis, keys } = this.#options;
    const options = { connection: redis, prefix: keys.bullmqPrefix, skipMetasUpdate: true };
    const queue = new Queue(name, { ...options, skipVersionCheck: true });
    // The connection's owner reports its errors; here they end in the rejection of a read.
    queue.on("error", () => undefined);
    try {
      await queue.waitUntilReady();
    } catch (error) {
      // A BullMQ queue whose first connection failed never works.
      await queue.close();
      throw error;
    }
    this.#queues.set(name, queue);
    return queue;
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
