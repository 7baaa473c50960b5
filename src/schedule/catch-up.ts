import type { DueSpan } from "./due-span.ts";
import { durationText } from "./duration.ts";
import type { Schedule } from "./schedule.ts";

export type CatchUpPolicy = "none" | "latest" | "all";

/** What decides which undecided ticks of a job are launched late. */
export interface CatchUpRules {
  readonly schedule: Schedule;
  readonly catchUp: CatchUpPolicy;
  /** How old a tick may be, from its time to now, to be caught up on. Infinity for any age. */
  readonly catchUpWindowMs: number;
  /** With `all`, the most ticks that are caught up on; no limit when absent. */
  readonly catchUpLimit?: number;
  /** Epoch ms of the newest decided tick. Nothing at or before it is ever decided again. */
  readonly cursor: number;
  /** When the job was paused, if it is. */
  readonly pausedAt?: number;
}

/**
 * From which tick on the due ticks of a job are launched, in epoch ms; at the span's end or later when none is.
 * While a job is paused nothing is on time: what its policy would still catch up on is held until it is resumed.
 */
export function findLaunchFrom(job: CatchUpRules, span: DueSpan, nowMs: number): number {
  const onTimeFrom =
    job.pausedAt === undefined ? (span.onTimeFrom ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  const windowFrom = Math.ceil(nowMs - job.catchUpWindowMs);
  switch (job.catchUp) {
    case "all":
      return Math.min(Math.max(windowFrom, limitFrom(job, Math.min(onTimeFrom, span.end))), onTimeFrom);
    case "latest":
      return span.newest !== null && span.newest >= windowFrom
        ? Math.min(span.newest, onTimeFrom)
        : onTimeFrom;
    case "none":
      return onTimeFrom;
  }
}

/** Why the policy does not launch a tick before `launchFrom`. */
export function missReason(job: CatchUpRules, tickAt: number, span: DueSpan, nowMs: number): string {
  if (job.catchUp === "none") return "catchUp: none";
  if (job.catchUp === "latest" && tickAt !== span.newest) return "catchUp: latest, a newer tick was due";
  if (job.catchUp === "all" && tickAt >= nowMs - job.catchUpWindowMs) {
    return `beyond catchUpLimit ${job.catchUpLimit}: so many newer ticks were due`;
  }
  return `older than catchUpWindow ${durationText(job.catchUpWindowMs)}`;
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
