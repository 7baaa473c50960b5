import type { Redis } from "ioredis";
import { z } from "zod";
import type { Pause } from "../launch/controls.ts";
import { dayOf, readCompleted, readStrips } from "../launch/job-summary.ts";
import { type LastDecision, readLastDecisions } from "../launch/read-history.ts";
import type { Strip } from "../launch/strip.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { storedJson } from "../redis/stored-value.ts";
import { checkedCount, refuseArgument } from "./arguments.ts";
import type { Cluster } from "./cluster.ts";
import type { DefinitionCache } from "./definition-cache.ts";
import { isoOf } from "./iso.ts";
import {
  type Facets,
  JOB_SORTS,
  JOB_STATES,
  type JobList,
  type JobListOptions,
  type JobRow,
  type JobSort,
  type JobState,
  type PausedBy,
} from "./job-row.ts";
import { JobSnapshots, type ListedJob } from "./job-snapshot.ts";

const LIMIT = 100;
const MAX_LIMIT = 1_000;
const DUE_SOON_MS = 5 * 60_000;

/** What a job is sorted by; null comes last. */
type SortKey = string | number | null;
type SortField = Exclude<JobSort, `-${string}`>;

/** One for all who use a cluster, as its definitions are. */
const snapshots = new WeakMap<DefinitionCache, JobSnapshots>();
const place = z.tuple([z.enum(JOB_SORTS), z.union([z.string(), z.number(), z.null()]), z.string()]);

/**
 * One page of the jobs that pass the filters, and how many jobs are in each state by the other filters. Rows that come or go
 * between two pages neither repeat nor hide others. Throws BW_ARGUMENT_INVALID.
 */
export async function listJobs(cluster: Cluster, options: JobListOptions = {}): Promise<JobList> {
  const { state = "all", sort = "name", limit = LIMIT, cursor } = options;
  if (checkedCount("limit", limit) > MAX_LIMIT)
    refuseArgument("limit", `${limit}`, `: expected ${MAX_LIMIT} at most`);
  if (!JOB_STATES.includes(state))
    refuseArgument("state", state, `: expected one of ${JOB_STATES.join(", ")}`);
  if (!JOB_SORTS.includes(sort)) refuseArgument("sort", sort, `: expected one of ${JOB_SORTS.join(", ")}`);
  const after = cursor === undefined ? null : placeOf(cursor, sort);
  return await cluster.read(async (redis, keys) => {
    const { source, nowMs, jobs } = await snapshotsOf(cluster).read(cluster, redis, keys);
    const found = jobs.filter(filterOf(options));
    const is = statesAt(nowMs);
    const passed = state === "all" ? found : found.filter(is[state]);
    const compare = comparison(sort);
    const sorted = passed.map(listed => ({ listed, key: keyOf(sort, listed) })).sort(compare);
    const behind = after === null ? sorted : sorted.filter(one => compare(one, after) > 0);
    const shown = behind.slice(0, limit);
    const last = behind.length > limit ? shown.at(-1) : undefined;
    return {
      items: await rowsOf(
        redis,
        keys,
        nowMs,
        shown.map(({ listed }) => listed),
      ),
      next: last === undefined ? null : cursorOf(sort, last),
      total: passed.length,
      facets: facetsOf(found, is),
      jobsFrom: source,
    };
  });
}

/** The row of one job, or null where the cluster does not have it. */
export function findJobRow(
  cluster: Cluster,
  name: string,
): Promise<{ readonly row: JobRow | null; readonly jobsFrom: JobList["jobsFrom"] }> {
  return cluster.read(async (redis, keys) => {
    const { source, nowMs, jobs } = await snapshotsOf(cluster).read(cluster, redis, keys);
    const [row = null] = await rowsOf(
      redis,
      keys,
      nowMs,
      jobs.filter(({ job }) => job.name === name),
    );
    return { row, jobsFrom: source };
  });
}

function snapshotsOf({ definitions }: Cluster): JobSnapshots {
  const known = snapshots.get(definitions);
  if (known !== undefined) return known;
  const made = new JobSnapshots();
  snapshots.set(definitions, made);
  return made;
}

function filterOf({ search = "", queue, handler }: JobListOptions): (listed: ListedJob) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return ({ job }) => {
    if (queue !== undefined && job.queue !== queue) return false;
    if (handler !== undefined && job.handler !== handler) return false;
    if (words.length === 0) return true;
    const text = `${job.name}\n${job.handler ?? ""}\n${job.queue}`.toLowerCase();
    return words.every(word => text.includes(word));
  };
}

type StateChecks = Readonly<Record<JobState, (listed: ListedJob) => boolean>>;

function statesAt(nowMs: number): StateChecks {
  return {
    all: () => true,
    failing: ({ isFailing }) => isFailing,
    overdue: ({ overdueMs }) => overdueMs > 0,
    paused: ({ pause }) => pause !== null,
    running: ({ running }) => running > 0,
    skippedToday: ({ skipped }) => skipped > 0,
    missedToday: ({ missed }) => missed > 0,
    dueSoon: ({ nextMs }) => nextMs !== null && nextMs - nowMs <= DUE_SOON_MS,
    quarantined: ({ quarantine }) => quarantine !== null,
  };
}

function facetsOf(found: readonly ListedJob[], is: StateChecks): Facets {
  const counts = Object.fromEntries(JOB_STATES.map(state => [state, 0])) as Record<JobState, number>;
  for (const listed of found) for (const state of JOB_STATES) if (is[state](listed)) counts[state] += 1;
  return counts;
}

function keyOf(sort: JobSort, { job, nextMs, cursorMs, overdueMs, failed }: ListedJob): SortKey {
  const keys: Record<SortField, SortKey> = {
    name: job.name,
    next: nextMs,
    last: cursorMs,
    overdue: overdueMs,
    failedToday: failed,
  };
  return keys[sort.replace("-", "") as SortField];
}

interface Sorted {
  readonly listed: { readonly job: { readonly name: string } };
  readonly key: SortKey;
}

/** By key, in the order that was asked for, then by name. */
function comparison(sort: JobSort): (a: Sorted, b: Sorted) => number {
  const sign = sort.startsWith("-") ? -1 : 1;
  return (a, b) => {
    if (a.key === null || b.key === null || a.key === b.key) {
      const nulls = Number(a.key === null) - Number(b.key === null);
      return nulls || order(a.listed.job.name, b.listed.job.name);
    }
    return sign * order(a.key, b.key);
  };
}

function order(a: string | number, b: string | number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function cursorOf(sort: JobSort, { listed, key }: Sorted): string {
  return Buffer.from(JSON.stringify([sort, key, listed.job.name])).toString("base64url");
}

function placeOf(cursor: string, sort: JobSort): Sorted {
  const read = storedJson(Buffer.from(cursor, "base64url").toString("utf8"), place);
  const [of, key, name] = read ?? [null, null, ""];
  if (of !== sort) refuseArgument("cursor", "", `: expected what an answer with sort ${sort} has as next`);
  return { listed: { job: { name } }, key };
}

async function rowsOf(
  redis: Redis,
  keys: RedisKeys,
  nowMs: number,
  shown: readonly ListedJob[],
): Promise<JobRow[]> {
  const names = shown.map(({ job }) => job.name);
  const [strips, completed, lasts] = await Promise.all([
    readStrips(redis, keys, names),
    readCompleted(redis, keys, dayOf(nowMs), names),
    readLastDecisions(redis, keys, names),
  ]);
  return shown.map((listed, i) => {
    const about = { strip: strips[i] ?? NO_STRIP, completed: completed[i] ?? 0 };
    return rowOf(listed, { ...about, last: lasts.get(listed.job.name) });
  });
}

const NO_STRIP: Strip = { outcomes: [], durationMs: null, lateMs: null };

/** What is read only of the jobs that are shown. */
interface Details {
  readonly strip: Strip;
  readonly completed: number;
  readonly last: LastDecision | undefined;
}

function rowOf(listed: ListedJob, { strip, completed, last }: Details): JobRow {
  const { job, pause, quarantine, silencedMs, nextMs, overdueMs } = listed;
  return {
    name: job.name,
    schedule: job.scheduleText,
    timezone: job.timezone,
    handler: job.handler,
    queue: job.queue,
    paused: pause !== null,
    pausedBy: pause && pausedByOf(pause),
    quarantined: quarantine && { since: isoOf(quarantine.sinceMs), reason: quarantine.reason },
    silenced: silencedMs === null ? null : { until: isoOf(silencedMs) },
    lastTick: last?.tickAtMs === undefined ? null : isoOf(last.tickAtMs),
    nextTick: nextMs === null ? null : isoOf(nextMs),
    lastRun: last?.lastRun ?? null,
    strip: strip.outcomes,
    counts: {
      completedToday: completed,
      failedToday: listed.failed,
      skippedToday: listed.skipped,
      missedToday: listed.missed,
    },
    running: listed.running,
    durationMs: strip.durationMs,
    lateMs: strip.lateMs,
    overdueMs,
  };
}

function pausedByOf({ by, atMs, reason, untilMs }: Pause): PausedBy {
  return { by, at: isoOf(atMs), reason, until: untilMs === null ? null : isoOf(untilMs) };
}
