import { type HistoryPage, readHistoryPage } from "../launch/history-page.ts";
import type { HistoryRow } from "../launch/read-history.ts";
import { readTimeMs } from "../redis/time.ts";
import { checkedCount, checkedDate, checkedEntryId, refuseCursor } from "./arguments.ts";
import type { Cluster } from "./cluster.ts";
import { type ComingTick, nextTicksOf } from "./coming-ticks.ts";
import { isoOf } from "./iso.ts";
import { refuseUnknown } from "./refuse-unknown.ts";
import type { Page } from "./terms.ts";

export interface TicksOptions {
  /** Ticks from here on, inclusive. */
  readonly from?: Date | undefined;
  /** Ticks up to here, inclusive. */
  readonly to?: Date | undefined;
  /** At most this many; 100 by default. A page may have fewer and still have a `next`. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

export interface FutureTicksOptions {
  /** At most this many ticks, with those that are excluded in between; 20 by default. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

const LIMIT = 100;
const FUTURE_LIMIT = 20;

/** What was decided about a job's ticks, and what was done to it, newest first. Throws BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID. */
export async function readTicks(
  cluster: Cluster,
  job: string,
  { from, to, limit = LIMIT, cursor }: TicksOptions = {},
): Promise<Page<HistoryRow>> {
  checkedCount("limit", limit);
  checkedEntryId("cursor", cursor);
  const fromMs = from && checkedDate("from", from).getTime();
  const toMs = to && checkedDate("to", to).getTime();
  return await cluster.read(async (redis, keys) => {
    const query = { fromMs, toMs, limit, before: cursor };
    const page: HistoryPage = await readHistoryPage(redis, keys, job, query);
    if (page.rows.length === 0) await refuseUnknown(cluster, redis, keys, job);
    return { items: page.rows, next: page.next };
  });
}

/** The coming ticks of a job by Redis's time, with those that do not exist and why. Throws BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID. */
export async function readFutureTicks(
  cluster: Cluster,
  name: string,
  { limit = FUTURE_LIMIT, cursor }: FutureTicksOptions = {},
): Promise<Page<ComingTick>> {
  checkedCount("limit", limit);
  const job = await cluster.knownJob(name);
  const after = cursor === undefined ? await cluster.read(readTimeMs) : instantIn(cursor);
  const { ticks, cut } = nextTicksOf([job], {
    count: limit,
    from: new Date(after + 1),
    until: FAR,
    excluded: true,
  });
  const last = ticks.at(-1);
  const end = last?.excludedUntil ?? last?.tick ?? null;
  return { items: ticks, next: cut.length > 0 ? end : null };
}

/** With an end `next` says whether more ticks follow. */
const FAR = new Date(8.64e15);

function instantIn(cursor: string): number {
  const atMs = Date.parse(cursor);
  return Number.isNaN(atMs) || atMs >= FAR.getTime() || isoOf(atMs) !== cursor ? refuseCursor() : atMs;
}
