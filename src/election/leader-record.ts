import type { Redis } from "ioredis";
import type { RedisKeys } from "../redis/keys.ts";
import { storedInstant, storedNumber } from "../redis/stored-value.ts";
import { readTimeMs } from "../redis/time.ts";
import type { Leader } from "./lease-store.ts";
import { beginningOf } from "./term-reply.ts";

/**
 * Who leads according to the record in Redis, or null. For people: both stores keep the record, and nothing is
 * decided by it.
 */
export async function readLeader(redis: Redis, keys: RedisKeys): Promise<Leader | null> {
  // No MULTI: while Redis is out of memory it refuses all commands in one, also those that only read.
  const [nowMs, record] = await Promise.all([
    readTimeMs(redis),
    redis.hmget(
      keys.leader,
      "replica",
      "term",
      "since",
      "until",
      "ended",
      "reason",
      "previous",
      "vacant",
      "cause",
    ),
  ]);
  const [replica, number, since, until, ended, ...began] = record;
  if (replica == null || ended != null || Number(until) < nowMs) return null;
  const leader = leaderOf(replica, number, since);
  const [reason, previous, vacant, cause] = began;
  const beginning = beginningOf(reason ?? "", previous ?? "", storedNumber(vacant) ?? -1, cause ?? "");
  return leader && beginning ? { ...leader, began: beginning } : leader;
}

/** The leader that the fields of the record name, or null where another program has written into it. */
export function leaderOf(
  replica: string,
  number: string | null | undefined,
  since: string | null | undefined,
): Leader | null {
  const [term, sinceMs] = [storedNumber(number), storedInstant(since)];
  return term === null || sinceMs === null ? null : { replica, term, sinceMs };
}
