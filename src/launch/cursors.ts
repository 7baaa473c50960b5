import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import type { HashReads } from "../redis/gathered-reads.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { storedInstant, storedNumber } from "../redis/stored-value.ts";
import { readTimeMs } from "../redis/time.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { pausesAt, readControls } from "./controls.ts";
import { readClosedEpochs } from "./epochs.ts";
import { pagesOf } from "./pages.ts";

/** Fields in one HMGET: a reply of some 100 kB, and far from what a call can take as arguments. */
const PAGE = 5_000;

/** The newest decided tick of each job (epoch ms), or null for a job that has no cursor (yet). */
export async function readCursors(
  redis: HashReads,
  keys: RedisKeys,
  jobs: readonly string[],
): Promise<(number | null)[]> {
  return readInstants(redis, keys.cursors, jobs);
}

/** The newest decided tick of each lane (`laneOf`), or null for one that is not there. */
export async function readLaneCursors(
  redis: Redis,
  keys: RedisKeys,
  lanes: readonly string[],
): Promise<ReadonlyMap<string, number | null>> {
  const isClosed = (lane: string) => lane.includes(":");
  const [open, closed] = [lanes.filter(lane => !isClosed(lane)), lanes.filter(isClosed)];
  const cursors = await Promise.all([
    readInstants(redis, keys.cursors, open),
    readInstants(redis, keys.epochCursors, closed),
  ]);
  const found = cursors.flat();
  return new Map([...open, ...closed].map((lane, i) => [lane, found[i] ?? null]));
}

async function readInstants(redis: HashReads, key: string, fields: readonly string[]) {
  const pages = pagesOf(fields, PAGE).map(page => redis.hmget(key, ...page));
  return (await Promise.all(pages)).flat().map(storedInstant);
}

/** One schedule of a job, and how far its ticks are decided (epoch ms). */
export interface DueLane {
  readonly schedule: Schedule;
  readonly cursor: number;
}

/**
 * For callers who ask what is overdue: by job, each schedule of which ticks are to be expected. That is the one of the
 * configuration, and those before it that have undecided ticks; none of a job that has no cursor, is paused, or has
 * finished (`maxRuns`).
 */
export async function readDueLanes(
  redis: HashReads,
  keys: RedisKeys,
  jobs: readonly Job[],
): Promise<ReadonlyMap<string, readonly DueLane[]>> {
  const names = jobs.map(job => job.name);
  const [cursors, controls, launched, closed, nowMs] = await Promise.all([
    readCursors(redis, keys, names),
    readControls(redis, keys),
    readLaunched(redis, keys, jobs),
    readClosedEpochs(redis, keys),
    readTimeMs(redis),
  ]);
  const epochs = Map.groupBy(closed, ({ job }) => job);
  return new Map(
    jobs.map((job, i) => {
      const { name, schedule } = job;
      const cursor = cursors[i];
      const { pause } = pausesAt(controls, name, nowMs);
      if (pause !== null || typeof cursor !== "number") return [name, []];
      const hasRunsLeft = ({ maxRuns }: Pick<Job, "maxRuns">) =>
        (launched.get(name) ?? 0) < (maxRuns ?? Infinity);
      const before = (epochs.get(name) ?? []).filter(hasRunsLeft);
      return [name, hasRunsLeft(job) ? [...before, { schedule, cursor }] : before];
    }),
  );
}

/** How many ticks of the jobs with `maxRuns` have been launched. */
export async function readLaunched(
  redis: HashReads,
  keys: RedisKeys,
  jobs: readonly Pick<Job, "name" | "maxRuns">[],
): Promise<ReadonlyMap<string, number>> {
  const names = jobs.filter(job => job.maxRuns !== null).map(job => job.name);
  if (names.length === 0) return new Map();
  const counts = await redis.hmget(keys.launched, ...names);
  return new Map(names.map((name, i) => [name, storedNumber(counts[i]) ?? 0]));
}

/**
 * The first of the ticks (epoch ms, ascending) that no leader has decided yet, or null when all are decided. Jitter, a
 * pause, an overlap or catching up may hold a tick back long after its time; the leader still launches it or not. So may
 * a tick of an earlier schedule be held back, which the schedule of today has as well.
 *
 * A decided tick stays decided, because a cursor never goes back on one server: an answer needs no WATCH. A job without
 * a cursor has never been led, and its past will not be decided by any leader.
 */
export async function firstUndecided(
  redis: Redis,
  keys: RedisKeys,
  job: Job,
  ticks: readonly number[],
): Promise<number | null> {
  // In this order: an epoch that is closed in between is then found either open or closed.
  const [cursor = null] = await readCursors(redis, keys, [job.name]);
  const closed = (await readClosedEpochs(redis, keys)).filter(epoch => epoch.job === job.name);
  const isUndecided = (tick: number) =>
    (cursor !== null && tick > cursor) ||
    closed.some(epoch => tick > epoch.cursor && epoch.schedule.next(tick - 1)?.at === tick);
  return ticks.find(isUndecided) ?? null;
}
