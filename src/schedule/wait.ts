import type { CatchUpRules } from "./catch-up.ts";
import type { DueSpan } from "./due-span.ts";
import type { Tick } from "./schedule.ts";

/** Why ticks of a job waited, and until when. */
export interface Wait {
  readonly run: string;
  /** Undecided ticks after this one wait (epoch ms). */
  readonly sinceMs: number;
  /** When the run ended; Infinity while it has not. */
  readonly endedMs: number;
}

/** What of a job with `overlap: queue` decides which of its ticks wait, or have waited. */
interface WaitingJob extends CatchUpRules {
  readonly skips?: readonly number[] | undefined;
  readonly waitsFor?: Wait | null | undefined;
}

interface Rules {
  readonly nowMs: number;
  readonly onTimeMs: number;
}

/**
 * From which tick on the undecided ticks of a job with `overlap: queue` wait for the run before them, or waited until
 * it ended a moment ago. They are launched like ticks that were due when it ended.
 */
export function waitedFrom(job: WaitingJob, span: DueSpan, { nowMs, onTimeMs }: Rules): number {
  const { waitsFor, catchUp, catchUpWindowMs } = job;
  if (!waitsFor) return Number.POSITIVE_INFINITY;
  const lateMs = nowMs - waitsFor.endedMs;
  const isLaunched = lateMs <= onTimeMs || (catchUp !== "none" && lateMs <= catchUpWindowMs);
  const newest = job.schedule.previous(Math.min(span.end - 1, Math.floor(waitsFor.endedMs)));
  const hasWaited = newest !== null && newest.at > job.cursor && newest.at >= waitsFor.sinceMs;
  return isLaunched && hasWaited ? waitsFor.sinceMs : Number.POSITIVE_INFINITY;
}

/** Of the ticks in [from, end of the run before them] the newest that is to be launched; the end of these without one. */
export function newestWaiting(job: WaitingJob, from: number, span: DueSpan, rules: Rules): number {
  if (waitedFrom(job, span, rules) === Number.POSITIVE_INFINITY) return from;
  const end = Math.min(span.end, Math.floor(job.waitsFor?.endedMs ?? Number.NEGATIVE_INFINITY) + 1);
  let newest = job.schedule.previous(end - 1);
  while (newest !== null && newest.at >= from && job.skips?.includes(newest.at)) {
    newest = job.schedule.previous(newest.at - 1);
  }
  return newest === null || newest.at < Math.max(from, job.cursor + 1) ? end : newest.at;
}

/** When the run ended that the tick had to wait for, or null for a tick that did not wait. */
export function waitedToMs({ waitsFor }: WaitingJob, { at }: Tick): number | null {
  return waitsFor && waitsFor.sinceMs <= at && at < waitsFor.endedMs ? waitsFor.endedMs : null;
}
