import { CALENDAR_YEARS } from "./calendar.ts";
import type { ScheduleIssue } from "./create-schedule.ts";
import type { Schedule, TickSource } from "./schedule.ts";
import type { ScheduleSpec } from "./spec.ts";
import { EARLIEST_TICK_MS, LATEST_TICK_MS } from "./time-units.ts";

/** Behind the last year of calendars nothing is excepted that is meant to be. */
const CALENDARS_END_MS = Date.UTC(CALENDAR_YEARS.last + 1, 0, 1) - 1;

/**
 * Why a schedule has no tick at all, or null when it has one or this cannot be known: an end that has merely passed is
 * no problem, as no clock is asked.
 */
export function emptyScheduleIssue(spec: ScheduleSpec, schedule: Schedule): ScheduleIssue | null {
  const { startMs = EARLIEST_TICK_MS, endMs = LATEST_TICK_MS, except, calendars } = spec;
  if (spec.startMs === undefined && spec.endMs === undefined && except.length === 0) return null;
  const lastMs = calendars === undefined ? endMs : Math.max(startMs, Math.min(endMs, CALENDARS_END_MS));
  if (hasTick(schedule, startMs, lastMs)) return null;
  const candidate = schedule.candidate(startMs - 1);
  if (candidate === null || candidate.at > endMs) return emptyBounds(spec);
  const where = spec.startMs === undefined && spec.endMs === undefined ? "" : " between start and end";
  return {
    field: "except",
    problem: `excludes every tick${where}: expected the schedule to keep at least one`,
  };
}

function hasTick(source: TickSource, fromMs: number, toMs: number): boolean {
  const first = source.next(fromMs - 1);
  if (first !== null) return first.at <= toMs;
  // The search from the front gives up after decades of excepted days; ticks may follow.
  const last = source.previous(toMs);
  return last !== null && last.at >= fromMs;
}

function emptyBounds(spec: ScheduleSpec): ScheduleIssue {
  if (spec.endMs === undefined) return { field: "start", problem: "no tick lies at or after the start" };
  if (spec.startMs === undefined) return { field: "end", problem: "no tick lies at or before the end" };
  return { field: "end", problem: "no tick lies between start and end" };
}
