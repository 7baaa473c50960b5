import type { Redis } from "ioredis";
import type { RedisKeys } from "../redis/keys.ts";

/** The newest decided tick of each job (epoch ms), or null for a job that has no cursor yet. */
export async function readCursors(
  redis: Redis,
  keys: RedisKeys,
  jobs: readonly string[],
): Promise<(number | null)[]> {
  if (jobs.length === 0) return [];
  const cursors = await redis.hmget(keys.cursors, ...jobs);
  return cursors.map(cursor => (cursor === null ? null : Number(cursor)));
}
