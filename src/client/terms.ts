import type { Redis } from "ioredis";
import type { Leader } from "../election/election.ts";
import { readEnd, type StoredEnd } from "../election/leader-record.ts";
import { readTermList } from "../election/term-list.ts";
import { tellTermReason } from "../reasons.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { checkedCount, refuseCursor } from "./arguments.ts";
import type { Cluster } from "./cluster.ts";
import { isoOf } from "./iso.ts";

/** A term of a leader. Times are ISO 8601 in UTC; null where nothing is on record. */
export interface TermInfo {
  readonly term: number;
  readonly replica: string;
  /** When it was opened. */
  readonly at: string;
  /** Who led before. */
  readonly previous: string | null;
  /** How the term before ended: `vacant` (there was none), `resigned`, `crashed` or `expired`. */
  readonly reason: string | null;
  readonly reasonCode: string | null;
  /** Why it ended so, as exactly as its leader or the store knew: docs/events.md, "A handoff". */
  readonly cause: string | null;
  /** Who asked for it, where the leader before was asked to step down. */
  readonly by: string | null;
  /** From the last moment at which the leader before could launch until this term was opened. */
  readonly vacantMs: number | null;
  /** The last moment at which its leader could launch; null while it leads. */
  readonly endedAt: string | null;
  /** How and why it ended, in the words of `reason` and `cause`. */
  readonly endReason: string | null;
  readonly endCause: string | null;
}

export interface TermsOptions {
  /** At most this many; 20 by default. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

/** `next` is the cursor of the page that follows; null when there is none. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

const LIMIT = 20;
const LINES = 1_000;

/** The terms on record, newest first. Throws BW_ARGUMENT_INVALID. */
export function readTerms(
  cluster: Cluster,
  { limit = LIMIT, cursor }: TermsOptions = {},
): Promise<Page<TermInfo>> {
  checkedCount("limit", limit);
  const before = cursor === undefined ? Number.POSITIVE_INFINITY : Number(cursor);
  if (cursor !== undefined && !/^\d{1,16}$/.test(cursor)) refuseCursor();
  return cluster.read(async (redis, keys) => {
    const terms = await termsBefore(redis, keys, before, limit + 1);
    const items = terms.slice(0, limit);
    return { items, next: terms.length > limit ? String(items.at(-1)?.term) : null };
  });
}

/** The newest terms that lasted until `fromMs` or later, newest first; `limit` bounds them. */
export async function termsSince(
  redis: Redis,
  keys: RedisKeys,
  fromMs: number,
  limit: number,
): Promise<readonly TermInfo[]> {
  return await termsBefore(redis, keys, Number.POSITIVE_INFINITY, limit, fromMs);
}

/** How a term ended is on record with the next one, so that is read as well. */
async function termsBefore(
  redis: Redis,
  keys: RedisKeys,
  before: number,
  limit: number,
  fromMs = Number.NEGATIVE_INFINITY,
): Promise<TermInfo[]> {
  const end = await readEnd(redis, keys);
  const found: TermInfo[] = [];
  let later: Leader | null = null;
  for (let from = 0; ; from += LINES) {
    const terms = await readTermList(redis, keys, from, from + LINES - 1);
    if (terms.length === 0) return found;
    for (const term of terms) {
      if (found.length === limit || (later !== null && later.sinceMs <= fromMs)) return found;
      if (term.term < before) found.push(termOf(term, later, end));
      later = term;
    }
  }
}

function termOf(leader: Leader, later: Leader | null, end: StoredEnd | null): TermInfo {
  const { term, replica, sinceMs, began } = leader;
  return {
    term,
    replica,
    at: isoOf(sinceMs),
    previous: began?.previous ?? null,
    reason: began?.reason ?? null,
    reasonCode: began ? tellTermReason(began.reason).reasonCode : null,
    cause: began?.cause.cause ?? null,
    by: began?.cause.by ?? null,
    vacantMs: began?.vacantMs ?? null,
    ...endOf(term, later, end),
  };
}

function endOf(term: number, later: Leader | null, end: StoredEnd | null) {
  if (later !== null) {
    const { began, sinceMs } = later;
    const endedAt = isoOf(sinceMs - (began?.vacantMs ?? 0));
    return { endedAt, endReason: began?.reason ?? null, endCause: began?.cause.cause ?? null };
  }
  if (end === null || end.term !== term) return { endedAt: null, endReason: null, endCause: null };
  return { endedAt: isoOf(end.atMs), endReason: end.reason, endCause: end.cause };
}
