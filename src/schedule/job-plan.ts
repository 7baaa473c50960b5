import { findLaunchFrom } from "./catch-up.ts";
import { type Decision, skip } from "./decision.ts";
import { type DueSpan, findDueSpan } from "./due-span.ts";
import { passBefore, replace } from "./passes.ts";
import type { PlannedJob, PlanRules } from "./planned-job.ts";
import type { Schedule, Tick } from "./schedule.ts";
import { newestWaiting, waitedFrom, waitedToMs } from "./wait.ts";

export interface JobPlan {
  /** Strictly ascending by tick. */
  readonly decisions: readonly Decision[];
  /** When the first tick is due that is left undecided; null when there is none. */
  readonly nextDue: number | null;
  /** False when a limit cut the plan. */
  readonly complete: boolean;
}

/**
 * Plans one lane of a job. Its undecided ticks that are due fall into two parts:
 *
 *     cursor ──[ missed … missed ][ launched … launched ]── first tick that is not due
 *                                 ▲ launchFrom
 *
 * The catch-up policy only says where `launchFrom` lies. So a plan that is cut off by a limit, or made at
 * another time, goes on where the one before it stopped: decisions are always a prefix of the undecided ticks.
 *
 * Of a paused job the first part is skipped instead, from the pause on, and the second part is held.
 *
 * Of a job with `overlap: queue` at most one tick is launched at a time. While its run is unfinished the newest due tick
 * is held, whatever the policy says of its age, and older ones are skipped.
 */
export function planJob(job: PlannedJob, rules: PlanRules): JobPlan {
  const { runsLeft = Number.POSITIVE_INFINITY } = job;
  if (runsLeft <= 0) return { decisions: [], nextDue: null, complete: true };
  const span = findDueSpan({ schedule: job.schedule, cursor: job.cursor, ...rules });
  const policyFrom = findLaunchFrom(job, span, rules.nowMs);
  const launchFrom =
    job.pausedAtMs === undefined ? Math.min(policyFrom, waitedFrom(job, span, rules)) : policyFrom;
  const passes = passBefore(job, Math.min(launchFrom, span.end), span, rules);
  const room = rules.limit - passes.length;
  const launches = planLaunches(job, launchFrom, span, { ...rules, limit: room }, runsLeft);
  return {
    decisions: [...passes, ...launches.decisions],
    nextDue: dueTime(job.schedule, launches.cutAt ?? span.held),
    complete: launches.cutAt === null && span.isWhole,
  };
}

/** When the tick is let go. */
export function dueTime(schedule: Schedule, tick: Tick | null): number | null {
  return tick === null ? null : tick.at + schedule.jitterOf(tick.at);
}

interface Launches {
  readonly decisions: readonly Decision[];
  /** The first tick of the span that the limit left over, or null. */
  readonly cutAt: Tick | null;
}

function planLaunches(
  job: PlannedJob,
  from: number,
  span: DueSpan,
  rules: PlanRules,
  runsLeft: number,
): Launches {
  if (job.pausedAtMs !== undefined) return { decisions: [], cutAt: null };
  if (job.waitsFor === undefined) return launchFrom(job, from, span, Math.min(rules.limit, runsLeft));
  if (rules.limit <= 0) return launchFrom(job, from, span, 0);
  const waited = newestWaiting(job, from, span, rules);
  const replaced = replace(job, from, waited, rules);
  if (job.waitsFor?.endedMs === Number.POSITIVE_INFINITY) return { decisions: replaced, cutAt: null };
  const launches = launchFrom(job, Math.max(from, waited), span, rules.limit - replaced.length, rules);
  return { ...launches, decisions: [...replaced, ...launches.decisions] };
}

/** `queue`: the rules for a job with `overlap: queue`, of which one tick is launched. */
function launchFrom(job: PlannedJob, from: number, span: DueSpan, room: number, queue?: PlanRules): Launches {
  const decisions: Decision[] = [];
  const onTimeFrom = span.onTimeFrom ?? Number.POSITIVE_INFINITY;
  let tick = from < span.end ? job.schedule.next(Math.max(job.cursor, from - 1)) : null;
  for (; tick !== null && tick.at < span.end; tick = job.schedule.next(tick.at)) {
    const isOccupied = queue !== undefined && decisions.at(-1)?.outcome === "launched";
    if (decisions.length >= room || isOccupied) return { decisions, cutAt: tick };
    const dueAtMs = waitedToMs(job, tick) ?? undefined;
    const about = { job: job.name, epoch: job.epoch, tickAtMs: tick.at, dueAtMs };
    const isReleased =
      queue !== undefined && dueAtMs !== undefined && dueAtMs >= queue.nowMs - queue.onTimeMs;
    const kind = tick.at >= onTimeFrom || isReleased ? "scheduled" : "catch-up";
    if (job.skips?.includes(tick.at)) decisions.push({ ...skip("skip_next"), ...about });
    else decisions.push({ outcome: "launched", kind, isCounted: job.runsLeft !== undefined, ...about });
  }
  return { decisions, cutAt: null };
}
