import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";

/** How far the stream of changes and the audit have been read: the ids of their last entries that were. */
export interface Place {
  readonly changes: string;
  readonly audit: string;
}

const START = "0-0";
const PLACE = /^(\d{1,15}-\d{1,15})\.(\d{1,15}-\d{1,15})$/;

const facts = z.object({ length: z.number(), "entries-added": z.number().optional() });

export function formatPlace({ changes, audit }: Place): string {
  return `${changes}.${audit}`;
}

/** Null for what `formatPlace` does not write. */
export function parsePlace(text: string): Place | null {
  const [, changes, audit] = PLACE.exec(text) ?? [];
  return changes === undefined || audit === undefined ? null : { changes, audit };
}

/** Whether one of the streams is behind the other place. */
function isBehind(place: Place, other: Place): boolean {
  return isBefore(place.changes, other.changes) || isBefore(place.audit, other.audit);
}

/** The newest entries. */
export async function readEnd(redis: Redis, keys: RedisKeys): Promise<Place> {
  const [changes, audit] = await Promise.all([
    redis.xrevrange(keys.changes, "+", "-", "COUNT", 1),
    redis.xrevrange(keys.audit, "+", "-", "COUNT", 1),
  ]);
  return { changes: changes[0]?.[0] ?? START, audit: audit[0]?.[0] ?? START };
}

/** Whether all that came behind `place` is still there. `end`: the newest entries. */
export async function readIsWhole(redis: Redis, keys: RedisKeys, place: Place, end: Place): Promise<boolean> {
  // Behind the end: Redis lost data, or is another one.
  if (isBehind(end, place)) return false;
  const whole = await Promise.all([
    isKept(redis, keys.changes, place.changes),
    isKept(redis, keys.audit, place.audit),
  ]);
  return !whole.includes(false);
}

async function isKept(redis: Redis, key: string, from: string): Promise<boolean> {
  const [first] = await redis.xrange(key, "-", "+", "COUNT", 1);
  if (first === undefined) return from === START;
  if (!isBefore(from, first[0])) return true;
  // An older entry than the first one was trimmed, unless there never was one. Redis before 7 does not say.
  const flat = z.array(z.unknown()).parse(await redis.xinfo("STREAM", key));
  const pairs = Array.from({ length: flat.length >> 1 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  const { length, "entries-added": added } = facts.parse(Object.fromEntries(pairs));
  return added === length;
}

function isBefore(id: string, other: string): boolean {
  const [ms = 0, count = 0] = id.split("-").map(Number);
  const [otherMs = 0, otherCount = 0] = other.split("-").map(Number);
  return ms < otherMs || (ms === otherMs && count < otherCount);
}
