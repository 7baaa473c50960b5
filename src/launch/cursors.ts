import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { storedInstant, storedNumber } from "../redis/stored-number.ts";
import { readOrders } from "./orders.ts";

/** Fields in one HMGET: a reply of some 100 kB, and far from what a call can take as arguments. */
const PAGE = 5_000;

/** The newest decided tick of each job (epoch ms), or null for a job that has no cursor (yet). */
export async function readCursors(
  redis: Redis,
  keys: RedisKeys,
  jobs: readonly string[],
): Promise<(number | null)[]> {
  const pages: Promise<(string | null)[]>[] = [];
  for (let i = 0; i < jobs.length; i += PAGE) {
    pages.push(redis.hmget(keys.cursors, ...jobs.slice(i, i + PAGE)));
  }
  return (await Promise.all(pages)).flat().map(storedInstant);
}

/** As `readCursors`, for those who ask what is overdue: null also for a job that is paused, or over (`maxRuns`). */
export async function readDueCursors(
  redis: Redis,
  keys: RedisKeys,
  jobs: readonly Job[],
): Promise<(number | null)[]> {
  const names = jobs.map(job => job.name);
  const [cursors, orders, launched] = await Promise.all([
    readCursors(redis, keys, names),
    readOrders(redis, keys),
    readLaunched(redis, keys, jobs),
  ]);
  return jobs.map(({ name, maxRuns }, i) => {
    const isOver = maxRuns !== null && (launched.get(name) ?? 0) >= maxRuns;
    return isOver || orders.paused.has(name) ? null : (cursors[i] ?? null);
  });
}

/** How many ticks of the jobs with `maxRuns` have been launched. */
export async function readLaunched(
  redis: Redis,
  keys: RedisKeys,
  jobs: readonly Job[],
): Promise<ReadonlyMap<string, number>> {
  const names = jobs.filter(job => job.maxRuns !== null).map(job => job.name);
  if (names.length === 0) return new Map();
  const counts = await redis.hmget(keys.launched, ...names);
  return new Map(names.map((name, i) => [name, storedNumber(counts[i]) ?? 0]));
}
