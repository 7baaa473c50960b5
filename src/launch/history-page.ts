import type { Redis } from "ioredis";
import type { RedisKeys } from "../redis/keys.ts";
import { readEntries, readEntriesFrom, readHours, type StreamEntry, withHours } from "./history-entries.ts";
import { type HistoryRow, rowsOf } from "./read-history.ts";

/** Which rows of a job's history. */
export interface HistoryQuery {
  /** Rows of ticks from here on (epoch ms, inclusive). */
  readonly fromMs?: number | undefined;
  /** Rows of ticks up to here (epoch ms, inclusive). */
  readonly toMs?: number | undefined;
  /** At most this many. */
  readonly limit: number;
  /** Rows whose entries are older than the entry with this id. */
  readonly before?: string | undefined;
}

export interface HistoryPage {
  /** Newest decision first. */
  readonly rows: readonly HistoryRow[];
  /** `before` of the next page; null when there is none. */
  readonly next: string | null;
}

const ENTRIES_A_READ = 1_000;
/** What one page may cost, however long the history is. A page that ends here may have fewer rows than it could. */
const READS = 10;
/** A tick is decided after its time, by a leader whose clock agrees with Redis's to within this. */
const CLOCKS_AGREE_MS = 60_000;
/** The end of a run follows its launch within this many entries; one that comes later is not shown. */
const ENDS_AHEAD = 1_000;

/** A page of a job's history. Rows of what other programs wrote are passed over. */
export async function readHistoryPage(
  redis: Redis,
  keys: RedisKeys,
  job: string,
  query: HistoryQuery,
): Promise<HistoryPage> {
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY, limit, before } = query;
  const isWanted = ({ tick, from = tick }: HistoryRow) =>
    Date.parse(tick) >= fromMs && Date.parse(from) <= toMs;
  // Ends come after launches: those of the first rows are in the page before.
  const newer = before === undefined ? [] : await readEntriesFrom(redis, keys, job, before, ENDS_AHEAD);
  const hours = await readHours(redis, keys, job);
  const own: StreamEntry[] = [];
  const isOwn = new Set<string>();
  const begin = before === undefined ? "+" : `(${before}`;
  let at = begin;
  let isWhole = false;
  let wanted: { readonly id: string; readonly row: HistoryRow }[] = [];
  for (let i = 0; i < READS && !isWhole && wanted.length <= limit; i++) {
    const entries = await readEntries(redis, keys, job, at, ENTRIES_A_READ);
    own.push(...entries);
    for (const [id] of entries) isOwn.add(id);
    const last = entries.at(-1)?.[0];
    isWhole = entries.length < ENTRIES_A_READ || Number.parseInt(last ?? "", 10) < fromMs - CLOCKS_AGREE_MS;
    at = `(${last}`;
    const shown = withHours(own, hours, { before: begin, isWhole });
    const rows = rowsOf([...newer.toReversed(), ...shown]);
    wanted = rows.filter(({ id, row }) => (isOwn.has(id) || row.outcome === "folded") && isWanted(row));
  }
  const shown = wanted.slice(0, limit);
  const isCut = wanted.length > limit;
  const next = isCut ? shown.at(-1)?.id : isWhole ? null : own.at(-1)?.[0];
  return { rows: shown.map(({ row }) => row), next: next ?? null };
}
