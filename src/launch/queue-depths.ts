import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { BellwetherError } from "../errors.ts";
import { OpenQueues, openQueue } from "./open-queues.ts";
import { baseOf, type QueuePlace } from "./queue-place.ts";

const STATES = ["waiting", "active", "delayed", "prioritized", "completed", "failed"] as const;

export type QueueDepth = Readonly<Record<string, number>>;

export interface QueueDepthsOptions {
  readonly redis: Redis;
  readonly placeOf: (queue: string) => QueuePlace;
}

/** How many runs each queue holds, by state; in a queue of another program those of all programs. Reads only, and one read at a time. */
export class QueueDepths {
  readonly #options: QueueDepthsOptions;
  readonly #queues: OpenQueues<Queue>;
  #reading: Promise<ReadonlyMap<string, QueueDepth>> | null = null;

  constructor(options: QueueDepthsOptions) {
    this.#options = options;
    this.#queues = new OpenQueues(place => openQueue(place, options.redis, { skipMetasUpdate: true }));
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
    return readPausedQueues(this.#options.redis, queues.map(this.#options.placeOf));
  }

  async close(): Promise<void> {
    await this.#queues.close();
  }

  async #read(queues: readonly string[]): Promise<ReadonlyMap<string, QueueDepth>> {
    if (this.#options.redis.status !== "ready") throw new BellwetherError("BW_REDIS_AWAY", {});
    const places = queues.map(this.#options.placeOf);
    await this.#queues.keep(places);
    const open = await this.#queues.all(places);
    const depths = [...open.values()].map(async queue => {
      return [queue.name, await queue.getJobCounts(...STATES)] as const;
    });
    return new Map(await Promise.all(depths));
  }
}

/** Whether each queue is paused in BullMQ (`queue.pause()`): its runs wait, and no worker takes them. */
export async function readPausedQueues(
  redis: Redis,
  queues: readonly QueuePlace[],
): Promise<ReadonlyMap<string, boolean>> {
  if (redis.status !== "ready") throw new BellwetherError("BW_REDIS_AWAY", {});
  const paused = queues.map(async queue => {
    return [queue.name, (await redis.hexists(`${baseOf(queue)}:meta`, "paused")) === 1] as const;
  });
  return new Map(await Promise.all(paused));
}
