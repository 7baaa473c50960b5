import type { Redis } from "ioredis";

/** A server may hold millions of keys; listing names is best effort. */
const MAX_ROUNDS = 200;
const KEYS_A_ROUND = 1_000;

/** The names of the queues below a prefix, sorted, as far as a scan of bounded length finds them. */
export async function findBullQueues(redis: Redis, prefix: string): Promise<string[]> {
  const names = new Set<string>();
  // Of every queue there is `…:id` or `…:meta`.
  const pattern = `${prefix.replace(/[*?[\]\\]/g, "\\$&")}:*:[im][de]*`;
  let cursor = "0";
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const [next, keys] = await redis.scan(cursor, "MATCH", pattern, "COUNT", KEYS_A_ROUND);
    for (const key of keys) {
      const name = /^([^:]+):(id|meta)$/.exec(key.slice(prefix.length + 1))?.[1];
      if (name !== undefined) names.add(name);
    }
    cursor = next;
    if (cursor === "0") break;
  }
  return [...names].sort();
}

/** The major version of the BullMQ that used the queue last; null for Bull, old releases and other libraries. */
export async function readBullVersion(redis: Redis, prefix: string, queue: string): Promise<number | null> {
  const version = await redis.hget(`${prefix}:${queue}:meta`, "version");
  const major = /^bullmq:(\d+)\./.exec(version ?? "")?.[1];
  return major === undefined ? null : Number(major);
}
