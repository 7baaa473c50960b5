import { Queue, type QueueOptions } from "bullmq";
import type { Redis } from "ioredis";
import { BellwetherError } from "../errors.ts";
import { baseOf, type QueuePlace } from "./queue-place.ts";

/**
 * BullMQ's queue, when its scripts are known to the connection. BullMQ would write its defaults into the queue's meta, which
 * is for the program to which the queue belongs.
 */
export async function openQueue(
  { name, prefix, isShared }: QueuePlace,
  redis: Redis,
  options: Pick<QueueOptions, "skipMetasUpdate"> = { skipMetasUpdate: isShared },
): Promise<Queue> {
  // BullMQ would wait for the connection, however long that takes.
  if (redis.status !== "ready") throw new BellwetherError("BW_REDIS_AWAY", {});
  const queue = new Queue(name, { ...options, prefix, connection: redis, skipVersionCheck: true });
  // The connection's owner reports its errors; here they end in the rejection of a command.
  queue.on("error", () => undefined);
  try {
    await queue.waitUntilReady();
    return queue;
  } catch (error) {
    // A BullMQ queue whose first connection failed never works.
    await queue.close();
    throw error;
  }
}

/** Queues that stay open, by base (`baseOf`). */
export class OpenQueues<Q extends { close(): Promise<void> }> {
  readonly #open: (place: QueuePlace) => Promise<Q>;
  readonly #queues = new Map<string, Q>();

  constructor(open: (place: QueuePlace) => Promise<Q>) {
    this.#open = open;
  }

  /** All that are open, these among them. */
  async all(places: Iterable<QueuePlace>): Promise<ReadonlyMap<string, Q>> {
    for (const place of places) {
      const base = baseOf(place);
      if (!this.#queues.has(base)) this.#queues.set(base, await this.#open(place));
    }
    return this.#queues;
  }

  /** Closes all other queues. */
  async keep(places: Iterable<QueuePlace>): Promise<void> {
    const kept = new Set([...places].map(baseOf));
    for (const [base, queue] of this.#queues) {
      if (kept.has(base)) continue;
      this.#queues.delete(base);
      await queue.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map(queue => queue.close()));
  }
}
