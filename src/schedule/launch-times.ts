import type { Schedule } from "./schedule.ts";

/** Bounds the look back for schedules whose jitter spans very many of their ticks. */
const WALK_LIMIT = 10_000;

/**
 * When a leader on time launches the ticks of a schedule, asked in ascending order. A job's ticks are launched in
 * order, so one with a long jitter holds back those behind it.
 */
export function launchTimes(schedule: Schedule): (tickAt: number) => number {
  let held = Number.NEGATIVE_INFINITY;
  let lastAsked = Number.NEGATIVE_INFINITY;
  return tickAt => {
    if (schedule.jitterMs === 0) return tickAt;
    const from = Math.max(tickAt - schedule.jitterMs, lastAsked);
    let tick = schedule.previous(tickAt);
    for (let walked = 0; tick !== null && tick.at > from && walked < WALK_LIMIT; walked++) {
      held = Math.max(held, tick.at + schedule.jitterOf(tick.at));
      tick = schedule.previous(tick.at - 1);
    }
    lastAsked = tickAt;
    return Math.max(held, tickAt);
  };
}
