import { Queue, type QueueOptions } from "bullmq";
import type { Redis } from "ioredis";
import { BellwetherError } from "../errors.ts";

/** BullMQ's queue, when its scripts are known to the connection. */
export async function openQueue(
  name: string,
  redis: Redis,
  options: Pick<QueueOptions, "prefix" | "skipMetasUpdate">,
): Promise<Queue> {
  // BullMQ would wait for the connection, however long that takes.
  if (redis.status !== "ready") throw new BellwetherError("BW_REDIS_AWAY", {});
  const queue = new Queue(name, { ...options, connection: redis, skipVersionCheck: true });
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

/** Queues that stay open, by name. */
export class OpenQueues<Q extends { close(): Promise<void> }> {
  readonly #open: (name: string) => Promise<Q>;
  readonly #queues = new Map<string, Q>();

  constructor(open: (name: string) => Promise<Q>) {
    this.#open = open;
  }

  /** All that are open, these among them. */
  async all(names: Iterable<string>): Promise<ReadonlyMap<string, Q>> {
    for (const name of names) {
      if (!this.#queues.has(name)) this.#queues.set(name, await this.#open(name));
    }
    return this.#queues;
  }

  /** Closes the queues that have no such name. */
  async keep(names: ReadonlySet<string>): Promise<void> {
    for (const [name, queue] of this.#queues) {
      if (names.has(name)) continue;
      this.#queues.delete(name);
      await queue.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map(queue => queue.close()));
  }
}
