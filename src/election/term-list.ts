import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";
import { storedJson } from "../redis/stored-value.ts";
import type { Leader } from "./election.ts";
import { beginningOf } from "./leader-record.ts";

/**
 * How many terms `{ns}/terms` remembers. They say why ticks were late for as long as histories have these ticks: ten
 * rolling restarts of three replicas a day are 10,950 terms a year, of 250 bytes each.
 */
export const TERMS_KEPT = 10_000;

const termEntry = z.object({
  term: z.number(),
  replica: z.string(),
  since: z.number(),
  reason: z.string(),
  previous: z.string(),
  vacantMs: z.number(),
  cause: z.unknown(),
});

/** The terms from one place in the list to another, both included, newest first. What another program wrote is passed over. */
export async function readTermList(
  redis: Redis,
  keys: RedisKeys,
  start: number,
  stop: number,
): Promise<Leader[]> {
  const entries = await redis.lrange(keys.terms, start, stop);
  return entries.flatMap(entry => termOf(entry) ?? []);
}

function termOf(entry: string): Leader | null {
  const read = storedJson(entry, termEntry);
  if (read === null) return null;
  const { term, replica, since: sinceMs, reason, previous, vacantMs, cause } = read;
  return {
    term,
    replica,
    sinceMs,
    began: beginningOf(reason, previous, vacantMs, JSON.stringify(cause ?? null)),
  };
}
