import type { Redis } from "ioredis";
import { baseOf, type QueuePlace } from "./queue-place.ts";

/** As many run at one time only in a queue that another program works off. */
const RUNS_LIMIT = 10_000;

/** How many runs of each job a handler is at work on, as BullMQ knows it. A job without one is not in the answer. */
export async function readRunning(
  redis: Redis,
  queues: readonly QueuePlace[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const read = async (queue: QueuePlace) => {
    for (const run of await redis.lrange(`${baseOf(queue)}:active`, 0, RUNS_LIMIT - 1)) {
      const job = run.slice(queue.runPrefix.length, Math.max(run.lastIndexOf("@"), 0));
      if (run.startsWith(queue.runPrefix)) counts.set(job, (counts.get(job) ?? 0) + 1);
    }
  };
  await Promise.all(queues.map(read));
  return counts;
}
