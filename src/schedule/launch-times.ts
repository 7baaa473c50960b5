import type { Schedule } from "./schedule.ts";

/** Bounds the look back for schedules whose jitter spans very many of their ticks. */
const WALK_LIMIT = 10_000;

/**
 * When a leader on time launches the ticks of a schedule, asked in ascending order. A job's ticks are launched in
 * order, so one with a long jitter holds back those behind it.
 */
export function launchTimes(schedule: Schedule): (tickAtMs: number) => number {
  let held = Number.NEGATIVE_INFINITY;
  let lastAsked = Number.NEGATIVE_INFINITY;
  return tickAtMs => {
    if (schedule.jitterMs === 0) return tickAtMs;
    const from = Math.max(tickAtMs - schedule.jitterMs, lastAsked);
    let tick = schedule.previous(tickAtMs);
    for (let walked = 0; tick !== null && tick.at > from && walked < WALK_LIMIT; walked++) {
      held = Math.max(held, tick.at + schedule.jitterOf(tick.at));
      tick = schedule.previous(tick.at - 1);
    }
    lastAsked = tickAtMs;
    return Math.max(held, tickAtMs);
  };
}
