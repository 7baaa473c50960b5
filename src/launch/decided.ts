import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { readCursors } from "./cursors.ts";
import { readClosedEpochs } from "./epochs.ts";

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
