import type { Redis } from "ioredis";
import type { RedisKeys } from "../redis/keys.ts";

/** Fields in one HMGET: a reply of some 100 kB, and far from what a call can take as arguments. */
const PAGE = 5_000;

/** The newest decided tick of each job (epoch ms), or null for a job that has no cursor yet. */
export async function readCursors(
  redis: Redis,
  keys: RedisKeys,
  jobs: readonly string[],
): Promise<(number | null)[]> {
  const pages: Promise<(string | null)[]>[] = [];
  for (let i = 0; i < jobs.length; i += PAGE) {
    pages.push(redis.hmget(keys.cursors, ...jobs.slice(i, i + PAGE)));
  }
  return (await Promise.all(pages)).flat().map(cursor => (cursor === null ? null : Number(cursor)));
}
