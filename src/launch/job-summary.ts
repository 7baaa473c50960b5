import type { Redis } from "ioredis";
import type { RedisKeys, Tally } from "../redis/keys.ts";
import { storedNumber } from "../redis/stored-value.ts";
import { pagesOf } from "./pages.ts";
import { readStrip, type Strip } from "./strip.ts";

/**
 * What is kept of a job with each record of its history, so that lists of thousands of jobs read no histories. It is best effort:
 * a number may be off by one where an answer of Redis was lost. The history is the record.
 */

const DAY_MS = 86_400_000;
const PAGE = 1_000;

/** Days since the epoch, UTC. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS);
}

/** How many there were of a day, by job. */
export async function readTally(
  redis: Redis,
  keys: RedisKeys,
  tally: Tally,
  day: number,
): Promise<ReadonlyMap<string, number>> {
  const counts = Object.entries(await redis.hgetall(keys.tally(tally, day)));
  return new Map(counts.map(([job, count]) => [job, storedNumber(count) ?? 0]));
}

/** How many runs of each of these jobs completed on a day, in order. */
export async function readCompleted(
  redis: Redis,
  keys: RedisKeys,
  day: number,
  jobs: readonly string[],
): Promise<number[]> {
  const key = keys.tally("completed", day);
  const pages = await Promise.all(pagesOf(jobs, PAGE).map(page => redis.hmget(key, ...page)));
  return pages.flat().map(count => storedNumber(count) ?? 0);
}

/** The jobs whose last run failed. */
export async function readFailing(redis: Redis, keys: RedisKeys): Promise<ReadonlySet<string>> {
  return new Set(await redis.smembers(keys.failing));
}

/** One for each job, in order. */
export async function readStrips(redis: Redis, keys: RedisKeys, jobs: readonly string[]): Promise<Strip[]> {
  const pages = pagesOf(jobs, PAGE).map(page => redis.mget(page.map(job => keys.strip(job))));
  return (await Promise.all(pages)).flat().map(cells => readStrip(cells ?? ""));
}
