import type { Redis } from "ioredis";
import { isTermReason, tellTermReason } from "../reasons.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { storedInstant, storedNumber } from "../redis/stored-value.ts";
import { readTimeMs } from "../redis/time.ts";
import type { Beginning, Leader } from "./election.ts";
import { readCause } from "./end-cause.ts";

const LAST_INSTANT_MS = 8.64e15;
/** Fields of the record: who leads and until when, and how the term began. */
const LEADER = ["replica", "term", "since", "until", "ended"];
const BEGINNING = ["reason", "previous", "vacant", "cause"];

/**
 * Who leads according to the record in Redis, or null. For people: both stores keep the record, and nothing is
 * decided by it.
 */
export async function readLeader(redis: Redis, keys: RedisKeys): Promise<Leader | null> {
  // No MULTI: while Redis is out of memory it refuses all commands in one, also those that only read.
  const [nowMs, record] = await Promise.all([
    readTimeMs(redis),
    redis.hmget(keys.leader, ...LEADER, ...BEGINNING),
  ]);
  const [replica, number, since, until, ended, ...began] = record;
  if (replica == null || ended != null || Number(until) < nowMs) return null;
  const leader = leaderOf(replica, number, since);
  const [reason, previous, vacant, cause] = began;
  const beginning = beginningOf(reason ?? "", previous ?? "", storedNumber(vacant) ?? -1, cause ?? "");
  return leader && { ...leader, began: beginning };
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

/** How the term began, from what term.lua wrote. Undefined where another program has written into the record. */
export function beginningOf(
  reason: string,
  previous: string,
  vacantMs: number,
  cause: string,
): Beginning | undefined {
  if (!isTermReason(reason)) return undefined;
  return {
    reason,
    previous: previous || null,
    cause: readCause(cause),
    vacantMs: vacantMs < 0 ? null : vacantMs,
  };
}

/** What `leader.elected` and `leader.observed` say of how a term began: the same on every replica. */
export function tellBeginning({ reason, previous, cause, vacantMs }: Beginning, sinceMs: number) {
  return { ...tellTermReason(reason), previous, ...cause, vacantMs, at: tellInstant(sinceMs) };
}

/** What `leader.observed` says of a leader; one from outside has no beginning. */
export function tellLeader({ replica: leader, term, sinceMs, began }: Leader) {
  return { leader, term, ...(began && tellBeginning(began, sinceMs)) };
}

/** The store's time as ISO 8601. What another program wrote into the record must not throw. */
export function tellInstant(epochMs: number): string {
  return new Date(Math.min(Math.max(epochMs, 0), LAST_INSTANT_MS)).toISOString();
}

/** How the newest term ended, by its record. */
export interface StoredEnd {
  readonly term: number;
  /** The last moment at which its leader could launch, as far as the record knows (epoch ms). */
  readonly atMs: number;
  /** An `ElectedReason`: the next leader will report it. */
  readonly reason: string;
  /** A `TermCause`. */
  readonly cause: string;
}

/**
 * How the newest term ended; null while its leader leads, or when there was none. The lease of a leader that says nothing
 * any more has run out: its last sign of life is its end.
 */
export async function readEnd(redis: Redis, keys: RedisKeys): Promise<StoredEnd | null> {
  const fields = ["term", "until", "ended", "endedAt", "endCause", "alive"];
  const [nowMs, record] = await Promise.all([readTimeMs(redis), redis.hmget(keys.leader, ...fields)]);
  const [number, until, ended, endedAt, cause, alive] = record;
  const term = storedNumber(number);
  if (term === null) return null;
  const aliveMs = storedInstant(alive);
  if (ended != null) {
    const atMs = storedInstant(endedAt) ?? aliveMs;
    return atMs === null ? null : { term, atMs, reason: ended, cause: readCause(cause ?? "").cause };
  }
  const untilMs = storedInstant(until);
  if (untilMs === null || untilMs >= nowMs) return null;
  return { term, atMs: aliveMs ?? untilMs, reason: "expired", cause: "silent" };
}
