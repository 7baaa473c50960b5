import type { MissReason } from "../reasons.ts";
import { type DueSpan, firstDueFrom } from "./due-span.ts";
import type { Schedule } from "./schedule.ts";

export type CatchUpPolicy = "none" | "latest" | "all";

/** What decides which undecided ticks of a job are launched late. */
export interface CatchUpRules {
  readonly schedule: Schedule;
  readonly catchUp: CatchUpPolicy;
  /** How long ago a tick may have been let go to be caught up on. Infinity for any age. */
  readonly catchUpWindowMs: number;
  /** With `all`, the most ticks that are caught up on; no limit when absent. */
  readonly catchUpLimit?: number | undefined;
  /** Epoch ms of the newest decided tick. Nothing at or before it is ever decided again. */
  readonly cursor: number;
  /** When the job was paused, if it is. */
  readonly pausedAtMs?: number | undefined;
}

/**
 * From which tick on the due ticks of a job are launched, in epoch ms; at the span's end or later when none is.
 * While a job is paused nothing is on time: what its policy would still catch up on is held until it is resumed.
 */
export function findLaunchFrom(job: CatchUpRules, span: DueSpan, nowMs: number): number {
  const onTimeFrom =
    job.pausedAtMs === undefined ? (span.onTimeFrom ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  switch (job.catchUp) {
    case "all": {
      const limit = limitFrom(job, Math.min(onTimeFrom, span.end));
      return Math.min(Math.max(windowFrom(job, nowMs), limit), onTimeFrom);
    }
    case "latest":
      return span.newest !== null && span.newest >= windowFrom(job, nowMs)
        ? Math.min(span.newest, onTimeFrom)
        : onTimeFrom;
    case "none":
      return onTimeFrom;
  }
}

/** Says of each tick before `launchFrom` why the policy does not launch it. */
export function missReasons(
  job: CatchUpRules,
  span: DueSpan,
  nowMs: number,
): (tickAtMs: number) => MissReason {
  const oldest = job.catchUp === "all" ? windowFrom(job, nowMs) : Number.POSITIVE_INFINITY;
  return tickAtMs => {
    if (job.catchUp === "none") return { code: "catch_up_none" };
    if (job.catchUp === "latest" && tickAtMs !== span.newest) return { code: "superseded" };
    if (tickAtMs >= oldest)
      return { code: "beyond_limit", limit: job.catchUpLimit ?? Number.POSITIVE_INFINITY };
    return { code: "older_than_window", windowMs: job.catchUpWindowMs };
  };
}

/** The first tick within the window. It counts from when a tick is let go: jitter makes no tick old. */
function windowFrom({ schedule, cursor, catchUpWindowMs }: CatchUpRules, nowMs: number): number {
  return firstDueFrom(schedule, cursor, nowMs - catchUpWindowMs);
}

/** The oldest of the newest `catchUpLimit` ticks in (cursor, end). */
function limitFrom({ schedule, cursor, catchUpLimit = Number.POSITIVE_INFINITY }: CatchUpRules, end: number) {
  if (catchUpLimit === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  let from = end;
  for (let i = 0; i < catchUpLimit; i++) {
    const tick = schedule.previous(from - 1);
    if (tick === null || tick.at <= cursor) return Number.NEGATIVE_INFINITY;
    from = tick.at;
  }
  return from;
}
