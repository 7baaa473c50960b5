import type { Job } from "../config/config.ts";

/** The most runs that one backfill may start, whatever its limit. */
export const MAX_BACKFILL = 10_000;

export type BackfillPlan =
  | { readonly outcome: "planned"; readonly ticks: readonly number[] }
  /** No tick of the schedule lies in the range. */
  | { readonly outcome: "empty" }
  /** `count` ticks, or more than that, are more than the limit. */
  | { readonly outcome: "too many"; readonly count: number; readonly isExact: boolean };

/** The ticks of the job from `fromMs` to `toMs`, both inclusive (epoch ms), if they are no more than `limit`. Pure. */
export function planBackfill(job: Job, fromMs: number, toMs: number, limit: number): BackfillPlan {
  const { count, isExact } = job.schedule.count(fromMs - 1, toMs, COUNT_LIMIT);
  if (count > limit) return { outcome: "too many", count, isExact };
  const ticks: number[] = [];
  for (
    let tick = job.schedule.next(fromMs - 1);
    tick !== null && tick.at <= toMs;
    tick = job.schedule.next(tick.at)
  ) {
    ticks.push(tick.at);
  }
  return ticks.length === 0 ? { outcome: "empty" } : { outcome: "planned", ticks };
}

/** Counting goes this far to say how many there are. */
const COUNT_LIMIT = 100_000;
