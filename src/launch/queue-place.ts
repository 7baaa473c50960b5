import type { Config, Job } from "../config/config.ts";
import type { RedisKeys } from "../redis/keys.ts";

/** Where BullMQ keeps a queue. */
export interface QueuePlace {
  readonly name: string;
  /** BullMQ's `prefix` option: Bellwether's own, or that of the program to which the queue belongs. */
  readonly prefix: string;
  /** What the ids of this namespace's runs begin with: other programs, and other namespaces, may add to the same queue. */
  readonly runPrefix: string;
  /** The queue belongs to another program: of what BullMQ keeps for the whole queue nothing is written. */
  readonly isShared: boolean;
}

/** Where the runs of a job go. */
export function placeOfJob(
  keys: RedisKeys,
  { queue, sharedQueue }: Pick<Job, "queue" | "sharedQueue">,
): QueuePlace {
  const { prefix = keys.bullmqPrefix, runPrefix = "" } = sharedQueue ?? {};
  return { name: queue, prefix, runPrefix, isShared: sharedQueue !== undefined };
}

/** Where a queue of the configuration is. One that no configuration has (any more) counts as Bellwether's own. */
export function placeOfQueue(keys: RedisKeys, queue: string, queues: Config["queues"]): QueuePlace {
  return placeOfJob(keys, { queue, sharedQueue: queues[queue]?.shared });
}

/** What BullMQ's keys of the queue begin with, up to the colon behind it. */
export function baseOf({ prefix, name }: QueuePlace): string {
  return `${prefix}:${name}`;
}
