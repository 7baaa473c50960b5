import type { Redis } from "ioredis";
import type { RedisKeys } from "../redis/keys.ts";
import { HOUR_MS } from "../schedule/time-units.ts";

/*
 * Behind a job's history come the rows that were kept of its older end when completed runs were folded (fold-history.lua). Their ids
 * are older than all of the history. The hours of what was folded are shown between these rows, each at its beginning.
 */

/** An entry of a stream: its id, names and values. */
export type StreamEntry = readonly [id: string, flat: readonly string[]];

/** The one name of an entry that is made of an hour; its value is the field of the hours, and their counts. */
export const FOLDED = "folded";

/** At most `count` entries, newest first. `before` as XREVRANGE takes it: `+`, an id, or `(` and the id of a newer one. */
export async function readEntries(
  redis: Redis,
  keys: RedisKeys,
  job: string,
  before: string,
  count: number,
): Promise<StreamEntry[]> {
  const newer = await redis.xrevrange(keys.history(job), before, "-", "COUNT", count);
  if (newer.length >= count) return newer;
  const at = newer.at(-1)?.[0];
  const from = at === undefined ? before : `(${at}`;
  const older = await redis.xrevrange(keys.keptHistory(job), from, "-", "COUNT", count - newer.length);
  return [...newer, ...older];
}

/** The oldest entry that there is. */
export async function readOldestEntry(
  redis: Redis,
  keys: RedisKeys,
  job: string,
): Promise<StreamEntry | undefined> {
  const [kept, own] = await Promise.all(
    [keys.keptHistory(job), keys.history(job)].map(key => redis.xrange(key, "-", "+", "COUNT", 1)),
  );
  return kept?.[0] ?? own?.[0];
}

/** At most `count` of the entries from the id on, oldest first. */
export async function readEntriesFrom(
  redis: Redis,
  keys: RedisKeys,
  job: string,
  from: string,
  count: number,
): Promise<StreamEntry[]> {
  const [kept = [], own = []] = await Promise.all(
    [keys.keptHistory(job), keys.history(job)].map(key => redis.xrange(key, from, "+", "COUNT", count)),
  );
  return [...kept, ...own].slice(0, count);
}

/** The hours of what was folded. */
export async function readHours(redis: Redis, keys: RedisKeys, job: string): Promise<StreamEntry[]> {
  const hours = await redis.hgetall(keys.historyHours(job));
  return Object.entries(hours).map(([field, value]) => {
    const hour = Number.parseInt(field === "before" ? value : field, 10) || 0;
    return [`${hour * HOUR_MS}-0`, [FOLDED, `${field} ${value}`]];
  });
}

/** The entries with the hours that belong between them; with those behind them where the entries are all that there are. */
export function withHours(
  entries: readonly StreamEntry[],
  hours: readonly StreamEntry[],
  { before, isWhole }: { readonly before: string; readonly isWhole: boolean },
): readonly StreamEntry[] {
  const last = entries.at(-1)?.[0] ?? "0-0";
  const shown = hours.filter(([id]) => isBehind(id, before) && (isWhole || compareIds(id, last) >= 0));
  if (shown.length === 0) return entries;
  // A stable order: an entry of the same id comes first.
  return [...entries, ...shown].toSorted(([a], [b]) => compareIds(b, a));
}

function isBehind(id: string, before: string): boolean {
  if (before === "+") return true;
  return before.startsWith("(") ? compareIds(id, before.slice(1)) < 0 : compareIds(id, before) <= 0;
}

function compareIds(a: string, b: string): number {
  const [aMs = 0, aSequence = 0] = a.split("-").map(Number);
  const [bMs = 0, bSequence = 0] = b.split("-").map(Number);
  return aMs - bMs || aSequence - bSequence;
}
