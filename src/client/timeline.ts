import type { Redis } from "ioredis";
import type { FoldedCounts } from "../launch/folded-hour.ts";
import { readHistoryPage } from "../launch/history-page.ts";
import type { HistoryRow } from "../launch/read-history.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { readTimeMs } from "../redis/time.ts";
import { DAY_MS } from "../schedule/time-units.ts";
import { checkedCount, checkedDate, refuseArgument } from "./arguments.ts";
import type { Cluster } from "./cluster.ts";
import { readClusterJobs, type ShownJob } from "./cluster-jobs.ts";
import { isoOf } from "./iso.ts";
import { refuseName } from "./refuse-name.ts";
import { type TermInfo, termsSince } from "./terms.ts";

/** What happened and what is to come, for a picture: at most 2,000 marks. Times are ISO 8601 in UTC. */
export interface Timeline {
  readonly from: string;
  readonly to: string;
  /** By Redis's clock. */
  readonly now: string;
  /** Newest first; those that lasted into the period. */
  readonly terms: readonly TermInfo[];
  readonly lanes: readonly Lane[];
  readonly gaps: readonly Gap[];
}

export interface Lane {
  readonly job: string;
  /**
   * Oldest first. A tick is alone in a bucket, with `at` and `endAt` its time, where the lane is not dense. Ticks whose details were
   * folded are in the bucket of their hour.
   */
  readonly buckets: readonly LaneBucket[];
  /** Ticks to come, at most 100. */
  readonly coming: readonly string[];
  /** More ticks come in the period than `coming` has. */
  readonly hasMore: boolean;
}

export interface LaneBucket {
  readonly at: string;
  readonly endAt: string;
  readonly launched: number;
  /** Of the launched ones: whose run failed. */
  readonly failed: number;
  /** Of the launched ones: whose run waits or runs, as far as is recorded. */
  readonly running: number;
  readonly skipped: number;
  readonly missed: number;
  /** Of the launched ones: by more than 5 s. */
  readonly late: number;
}

/** A time without a leader. */
export interface Gap {
  /** The term that ended it. */
  readonly term: number;
  readonly from: string;
  readonly to: string;
  readonly vacantMs: number;
  /** The ticks of the lanes that it made late, at most 100. */
  readonly late: readonly { readonly job: string; readonly tick: string; readonly lateMs: number }[];
}

export interface TimelineOptions {
  /** A day ago by default. */
  readonly from?: Date | undefined;
  /** In a day by default. */
  readonly to?: Date | undefined;
  /** The jobs with a lane, at most 50; by default the first 20 of `status`. */
  readonly jobs?: readonly string[] | undefined;
  /** Jobs with a lane by default. */
  readonly lanes?: number | undefined;
}

const LANES = 20;
const MAX_LANES = 50;
const MARKS = 2_000;
const ROWS_A_LANE = 2_000;
const COMING = 100;
const TERMS = 500;
const LATE = 100;
const ON_TIME_MS = 5_000;

/** Throws BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID. */
export async function readTimeline(cluster: Cluster, options: TimelineOptions = {}): Promise<Timeline> {
  const { from, to, jobs, lanes = LANES } = options;
  if (checkedCount("lanes", jobs?.length ?? lanes) > MAX_LANES) {
    refuseArgument("jobs", "", `: expected at most ${MAX_LANES}`);
  }
  return await cluster.read(async (redis, keys) => {
    const nowMs = await readTimeMs(redis);
    const fromMs = from === undefined ? nowMs - DAY_MS : checkedDate("from", from).getTime();
    const toMs = to === undefined ? nowMs + DAY_MS : checkedDate("to", to).getTime();
    if (toMs <= fromMs) refuseArgument("to", isoOf(toMs), ` is not after from (${isoOf(fromMs)})`);
    const known = (await readClusterJobs(cluster, redis, keys, [])).jobs;
    const shown = jobs === undefined ? known.slice(0, lanes) : jobs.map(name => jobIn(known, name));
    const [terms, histories] = await Promise.all([
      termsSince(redis, keys, fromMs, TERMS),
      Promise.all(shown.map(({ name }) => rowsIn(redis, keys, name, fromMs, Math.min(toMs, nowMs)))),
    ]);
    const most = Math.floor(MARKS / Math.max(shown.length, 1) / 2);
    const bucketMs = Math.max(1_000, Math.ceil((toMs - fromMs) / most));
    return {
      from: isoOf(fromMs),
      to: isoOf(toMs),
      now: isoOf(nowMs),
      terms: terms.filter(({ at }) => Date.parse(at) <= toMs),
      lanes: shown.map((job, i) => ({
        job: job.name,
        buckets: bucketsOf(histories[i] ?? [], { fromMs, bucketMs, most }),
        ...comingOf(job, Math.max(nowMs, fromMs), toMs, Math.min(COMING, most)),
      })),
      gaps: terms.flatMap(term => gapOf(term, fromMs, toMs, shown, histories)),
    };
  });
}

function jobIn(jobs: readonly ShownJob[], name: string): ShownJob {
  const found = jobs.find(job => job.name === name);
  return (
    found ??
    refuseName(
      name,
      jobs.map(job => job.name),
    )
  );
}

async function rowsIn(redis: Redis, keys: RedisKeys, job: string, fromMs: number, toMs: number) {
  const { rows } = await readHistoryPage(redis, keys, job, { fromMs, toMs, limit: ROWS_A_LANE });
  return rows.filter(({ outcome }) => DECIDED.has(outcome));
}

const DECIDED: ReadonlySet<string> = new Set(["launched", "skipped", "missed", "folded"]);

interface Grid {
  readonly fromMs: number;
  readonly bucketMs: number;
  /** The most marks of a lane. */
  readonly most: number;
}

function bucketsOf(rows: readonly HistoryRow[], { fromMs, bucketMs, most }: Grid): LaneBucket[] {
  const isDense = rows.length > most;
  const groups = Map.groupBy(rows, ({ tick, from, folded }) => {
    const atMs = Date.parse(folded === undefined ? tick : (from ?? tick));
    return isDense ? fromMs + Math.floor((atMs - fromMs) / bucketMs) * bucketMs : atMs;
  });
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([atMs, own]) => {
      const count = (isCounted: (row: HistoryRow) => boolean) =>
        own.reduce((sum, row) => sum + (isCounted(row) ? (row.count ?? 1) : 0), 0);
      const counted = (counts: (folded: FoldedCounts) => number) =>
        own.reduce((sum, { folded }) => sum + (folded === undefined ? 0 : counts(folded)), 0);
      const endMs = Math.max(atMs, ...own.map(({ tick, folded }) => (folded ? Date.parse(tick) : 0)));
      return {
        at: isoOf(atMs),
        endAt: isoOf(isDense ? Math.max(atMs + bucketMs, endMs) : endMs),
        launched:
          count(({ outcome }) => outcome === "launched") +
          counted(({ completed, asked, failed, lost, open }) => completed + asked + failed + lost + open),
        failed: count(({ result }) => result === "failed") + counted(({ failed }) => failed),
        running: count(({ outcome, result }) => outcome === "launched" && result === undefined),
        skipped: count(({ outcome }) => outcome === "skipped") + counted(({ skipped }) => skipped),
        missed: count(({ outcome }) => outcome === "missed") + counted(({ missed }) => missed),
        late: count(({ outcome, lateMs, kind }) => outcome === "launched" && isLate(kind, lateMs)),
      };
    });
}

function isLate(kind: HistoryRow["kind"], lateMs: number): boolean {
  return (kind === "scheduled" || kind === "catch-up") && lateMs > ON_TIME_MS;
}

function comingOf(
  { schedule }: ShownJob,
  afterMs: number,
  toMs: number,
  most: number,
): Pick<Lane, "coming" | "hasMore"> {
  const ticks: string[] = [];
  let tick = schedule?.next(afterMs) ?? null;
  while (tick !== null && tick.at <= toMs && ticks.length < most) {
    ticks.push(isoOf(tick.at));
    tick = schedule?.next(tick.at) ?? null;
  }
  return { coming: ticks, hasMore: tick !== null && tick.at <= toMs };
}

function gapOf(
  { term, at, vacantMs }: TermInfo,
  fromMs: number,
  toMs: number,
  jobs: readonly ShownJob[],
  histories: readonly (readonly HistoryRow[])[],
): Gap[] {
  const endMs = Date.parse(at);
  if (vacantMs === null || endMs < fromMs || endMs - vacantMs > toMs) return [];
  const late = jobs.flatMap(({ name: job }, i) =>
    (histories[i] ?? []).flatMap(({ tick, lateMs, outcome, kind }) => {
      const dueMs = Date.parse(tick);
      const isOfGap = outcome === "launched" && kind !== "manual" && kind !== "backfill";
      return isOfGap && dueMs <= endMs && dueMs >= endMs - vacantMs ? [{ job, tick, lateMs }] : [];
    }),
  );
  return [{ term, from: isoOf(endMs - vacantMs), to: at, vacantMs, late: late.slice(0, LATE) }];
}
