import { formatLocal } from "../../client/local-time.ts";
import type { Job } from "../../config/config.ts";
import { type ClockChange, clockChanges } from "../../schedule/clock-changes.ts";
import { createSchedule } from "../../schedule/create-schedule.ts";
import { durationText } from "../../schedule/duration.ts";
import type { DstRule, Tick } from "../../schedule/schedule.ts";
import { asksWallClock } from "../../schedule/spec.ts";
import { DAY_MS } from "../../schedule/time-units.ts";

/** What one change of the clocks does to a job. */
export interface ChangeDescription {
  readonly at: number;
  readonly shiftMs: number;
  /** `On 2026-10-25 at 03:00 the clocks go back by 1h to 02:00.` */
  readonly what: string;
  /** `Launched at the first pass only (dst.overlap: first): 2026-10-25 02:30 CEST.` */
  readonly effect: string;
}

const YEAR_MS = 366 * DAY_MS;

/** The changes of the coming year; none for a schedule that does not look at the clock on the wall. */
export function describeChange(job: Job, fromMs: number): ChangeDescription[] {
  if (!asksWallClock(job.spec)) return [];
  return clockChanges(job.spec.timezone, fromMs, fromMs + YEAR_MS).map(change => {
    const shiftMs = change.offsetAfter - change.offsetBefore;
    return { at: change.at, shiftMs, what: changeText(change), effect: effectOf(job, change.at, shiftMs) };
  });
}

function changeText({ at, offsetBefore, offsetAfter }: ClockChange): string {
  const [date, time] = wallText(at + offsetBefore);
  const [newDate, newTime] = wallText(at + offsetAfter);
  const shiftMs = offsetAfter - offsetBefore;
  const direction = `${shiftMs > 0 ? "forward" : "back"} by ${durationText(Math.abs(shiftMs))}`;
  return `On ${date} at ${time} the clocks go ${direction} to ${date === newDate ? "" : `${newDate} `}${newTime}.`;
}

function effectOf(job: Job, at: number, shiftMs: number): string {
  return shiftMs > 0 ? gapEffect(job, at, at + shiftMs) : repeatEffect(job, at, -shiftMs);
}

/** The ticks that `gap: run` shifts are in [at, end), right behind the gap. */
function gapEffect(job: Job, at: number, end: number): string {
  const shifted = notedTicks(job, { gap: "run" }, at, end);
  if (shifted.length === 0) return "No tick of this job is moved or left out.";
  if (job.spec.dst.gap === "skip") {
    const missing = shifted.map(({ note = "" }) => note.replace(/^shifted by \S+ /, ""));
    return `Not launched (dst.gap: skip): ${listed(missing)}.`;
  }
  return `Launched later (dst.gap: run): ${listed(shifted.map(tick => `${localText(job, tick)}, ${tick.note}`))}.`;
}

/** What comes twice is in [at − length, at), the first pass, and [at, at + length), the second. */
function repeatEffect(job: Job, at: number, lengthMs: number): string {
  const [from, to] = [at - lengthMs, at + lengthMs];
  const all = notedTicks(job, { overlap: "both" }, from, to);
  const own = notedTicks(job, {}, from, to);
  if (all.length === 0) return "No tick of this job falls into the time that comes twice.";
  const passes = own.length < all.length ? "first pass only (dst.overlap: first)" : "both passes";
  return `Launched at ${own.length < all.length ? "the " : ""}${passes}: ${listed(own.map(tick => localText(job, tick)))}.`;
}

/** The ticks in [from, to) that daylight saving makes special under a rule that may not be the job's own. */
function notedTicks(job: Job, rule: Partial<DstRule>, from: number, to: number): Tick[] {
  const created = createSchedule({ ...job.spec, dst: { ...job.spec.dst, ...rule } });
  const ticks: Tick[] = [];
  if (!created.ok) return ticks;
  let tick = created.schedule.next(from - 1);
  for (; tick !== null && tick.at < to; tick = created.schedule.next(tick.at)) {
    if (tick.note !== undefined) ticks.push(tick);
  }
  return ticks;
}

const MAX_LISTED = 4;

function listed(texts: readonly string[]): string {
  const more = texts.length - MAX_LISTED;
  return `${texts.slice(0, MAX_LISTED).join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

function localText(job: Job, tick: Tick): string {
  return formatLocal(tick.at, job.spec.timezone);
}

function wallText(wall: number): [date: string, time: string] {
  const text = new Date(wall).toISOString();
  return [text.slice(0, 10), text.slice(11, 16)];
}
