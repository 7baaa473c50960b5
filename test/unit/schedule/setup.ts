import { createSchedule } from "../../../src/schedule/create-schedule.ts";
import type { DstRule, Schedule, Tick, TickSource } from "../../../src/schedule/schedule.ts";
import type { ScheduleSpec } from "../../../src/schedule/spec.ts";

export const RUN_FIRST: DstRule = { gap: "run", overlap: "first" };

/** A spec in UTC without exceptions and jitter; say only what matters to the test. */
export function specOf(parts: Partial<ScheduleSpec>): ScheduleSpec {
  return { timezone: "UTC", dst: RUN_FIRST, except: [], jitterMs: 0, seed: "nightly-report", ...parts };
}

/** The schedule of a spec that has no mistakes. */
export function scheduleOf(parts: Partial<ScheduleSpec>): Schedule {
  const result = createSchedule(specOf(parts));
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.schedule;
}

/** Up to `count` ticks after an instant. */
export function ticksAfter(source: TickSource, after: string | number, count: number): Tick[] {
  const ticks: Tick[] = [];
  let tick = source.next(typeof after === "number" ? after : Date.parse(after));
  for (; tick !== null && ticks.length < count; tick = source.next(tick.at)) ticks.push(tick);
  return ticks;
}

/** All ticks in (after, upTo]. */
export function ticksBetween(source: TickSource, after: number, upTo: number): Tick[] {
  const ticks: Tick[] = [];
  for (let tick = source.next(after); tick !== null && tick.at <= upTo; tick = source.next(tick.at))
    ticks.push(tick);
  return ticks;
}

/** All ticks in (after, upTo], found backwards, oldest first. */
export function ticksBackwards(source: TickSource, after: number, upTo: number): Tick[] {
  const ticks: Tick[] = [];
  let tick = source.previous(upTo);
  for (; tick !== null && tick.at > after; tick = source.previous(tick.at - 1)) ticks.push(tick);
  return ticks.reverse();
}

/** `2026-03-08T07:30Z`, with seconds and milliseconds only where there are some. */
export function iso(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z").replace(/:00Z$/, "Z");
}
