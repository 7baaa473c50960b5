import type { Redis } from "ioredis";
import type { RedisKeys } from "../redis/keys.ts";
import { storedInstant, storedNumber } from "../redis/stored-number.ts";
import type { Leader } from "./lease-store.ts";

/**
 * Who leads according to the record in Redis, or null. For people: both stores keep the record, and nothing is
 * decided by it.
 */
export async function readLeader(redis: Redis, keys: RedisKeys): Promise<Leader | null> {
  const replies = await redis
    .multi()
    .time()
    .hmget(keys.leader, "replica", "term", "since", "until", "ended")
    .exec();
  const [seconds = 0] = (replies?.[0]?.[1] as (string | number)[] | undefined) ?? [];
  const record = replies?.[1]?.[1];
  if (!Array.isArray(record)) return null;
  const [replica, number, since, until, ended] = record as (string | null)[];
  if (replica == null || ended != null || Number(until) < Number(seconds) * 1_000) return null;
  return leaderOf(replica, number, since);
}

/** The leader that the fields of the record name, or null where somebody else has written into it. */
export function leaderOf(
  replica: string,
  number: string | null | undefined,
  since: string | null | undefined,
): Leader | null {
  const [term, sinceMs] = [storedNumber(number), storedInstant(since)];
  return term === null || sinceMs === null ? null : { replica, term, sinceMs };
}
