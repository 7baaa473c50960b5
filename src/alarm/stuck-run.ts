import type { FoundQueue, FoundRun } from "../launch/queue-look.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { HOUR_MS, MINUTE_MS } from "../schedule/time-units.ts";

/**
 * Why a launched run does not start. `lost`: it is in none of the queue's lists, so no worker can find it. `paused`: the
 * queue is paused in BullMQ. `no worker`: no replica with the role of a worker is there. `busy`: all that work have had the
 * same runs for an hour. `not taken`: there are workers, and they take nothing.
 */
export const STUCK_CAUSES = ["lost", "paused", "no worker", "busy", "not taken"] as const;
export type StuckCause = (typeof STUCK_CAUSES)[number];

/** What to do about it. */
export const STUCK_FIXES: { readonly [K in StuckCause]: string } = {
  lost: "a list of the queue was deleted: remove the run in BullMQ, then `bellwether trigger` or `backfill` it",
  paused: "resume the queue in BullMQ (a dashboard, or queue.resume())",
  "no worker": "start a replica with the role of a worker",
  busy: "see which runs are active and why they do not end; give the job a timeout, or the queue more concurrency",
  "not taken":
    "look for redis.unreachable and worker.error on the workers, and restart them; with consume: false, look at the other program",
};

export interface StuckLimits {
  /** A run that has waited for less is never stuck, however often its job runs. */
  readonly minMs: number;
  /** One that has waited for longer is, however seldom its job runs. */
  readonly maxMs: number;
}

export const STUCK_LIMITS: StuckLimits = { minMs: 5 * MINUTE_MS, maxMs: 1 * HOUR_MS };

/** How long a run that began to wait then (epoch ms) may wait: for one period of its schedule, within the limits. */
export function waitLimitMs(
  schedule: Pick<Schedule, "next" | "previous"> | null,
  sinceMs: number,
  { minMs, maxMs }: StuckLimits,
): number {
  const next = schedule?.next(sinceMs) ?? null;
  const last = schedule?.previous(sinceMs) ?? null;
  const periodMs = next === null || last === null ? maxMs : next.at - last.at;
  return Math.min(Math.max(periodMs, minMs), maxMs);
}

export interface WaitingRun {
  readonly state: FoundRun["state"];
  readonly waitedMs: number;
  /** From `waitLimitMs`. */
  readonly limitMs: number;
  /** The longest that the limit can be: workers may have the same runs for this long. */
  readonly maxLimitMs: number;
  /** For how long no run of the queue has started or ended. */
  readonly stillMs: number;
  readonly hasWorkers: boolean;
  readonly queue: Pick<FoundQueue, "isPaused" | "limitedMs" | "active">;
}

/** Why the run is stuck; null when it is not. */
export function stuckCause(run: WaitingRun): StuckCause | null {
  const { state, waitedMs, limitMs, maxLimitMs, stillMs, hasWorkers, queue } = run;
  if (waitedMs <= limitMs) return null;
  if (state === "nowhere") return "lost";
  if (state !== "waiting") return null;
  if (queue.isPaused) return "paused";
  // In a queue that makes progress the run that has waited longest is next.
  if (queue.limitedMs > 0 || stillMs <= limitMs) return null;
  if (!hasWorkers) return "no worker";
  if (queue.active === 0) return "not taken";
  return stillMs > maxLimitMs ? "busy" : null;
}
