import { parseCronFields } from "../schedule/cron.ts";
import type { DayFields } from "../schedule/cron-fields.ts";

/** A crontab's schedule in the words of a job. */
export interface CrontabSchedule {
  readonly cron: string;
  readonly except?: string;
  readonly dst?: { readonly gap: "skip"; readonly overlap: "both" };
  readonly notes: readonly string[];
}

const OF_FREEBSD: ReadonlyMap<string, string> = new Map([
  ["@every_minute", "* * * * *"],
  ["@every_second", "* * * * * *"],
]);
/** The least and the greatest value of each field, for cronie's random ones. */
const BOUNDS = ["0-59", "0-23", "1-31", "1-12", "0-6"];
const ALL_DAYS = Array.from({ length: 31 }, (_, index) => index + 1);
/** Without daylight saving there is nothing to say about it. */
const STEADY_ZONE = /^(UTC|GMT|Etc\/.+)$/;

/**
 * Says a crontab's schedule so that Bellwether has the same ticks. Three things differ between the two:
 *
 * - Cron checks only whether a day field *begins* with a star. Where one does, both fields must match, also for
 *   a star with a step: every second day, if it is a Monday. In Bellwether that is Mondays, except the other days.
 *   Where none does, either is enough, also beside `1-31`: that is every day. In Bellwether `1-31` is a star.
 * - To cron, also a star in the minute field makes a job one that follows the wall clock at daylight saving. In
 *   Bellwether the hour field decides, so the job's `dst` has to say it.
 * - Cronie's `~` picks a value at random when it starts; `H` is the same value always.
 */
export function toCrontabSchedule(schedule: string, timezone: string): CrontabSchedule {
  if (schedule.startsWith("@")) return { cron: OF_FREEBSD.get(schedule) ?? schedule, notes: [] };
  // Only crons for containers take a question mark, and to them it is a star.
  const written = schedule.split(/\s+/).map(field => (field === "?" ? "*" : field));
  const isRandom = written.some(field => field.includes("~"));
  const notes = isRandom
    ? ["~ is a random value in cron; H is one that is always the same for a job's name"]
    : [];
  const lone = written.find(field => LONE_STEP.test(field));
  if (lone !== undefined) notes.push(`${lone}: ${LONE_STEP_NOTE}`);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = written.map(fromRandom);
  const follows = minute.startsWith("*") && !hour.startsWith("*") && !STEADY_ZONE.test(timezone);
  const dst = follows ? { dst: { gap: "skip", overlap: "both" } as const } : {};
  const asWritten = { cron: [minute, hour, day, month, weekday].join(" "), notes, ...dst };
  const days = dayFieldsOf(day, weekday);
  if (days === null) return asWritten;
  const hasStar = day.startsWith("*") || weekday.startsWith("*");
  if (days.anyDay || days.anyWeekday) {
    return hasStar ? asWritten : { ...asWritten, cron: [minute, hour, "*", month, "*"].join(" ") };
  }
  if (!hasStar) return asWritten;
  const others = ALL_DAYS.filter(other => !days.daysOfMonth.includes(other));
  const cron = [minute, hour, "*", month, weekday].join(" ");
  return { ...asWritten, cron, except: `* * ${writeDays(others)} * *` };
}

/** A step without a range, which Vixie's grammar does not have. */
const LONE_STEP = /(?:^|,)\w+\//;
const LONE_STEP_NOTE =
  "a step without a range is refused by some crons and is that value alone to others; here it runs to the end of the field";

/** What the two day fields hold, or null when one of them is not valid. */
function dayFieldsOf(day: string, weekday: string): DayFields | null {
  const parsed = parseCronFields(`0 0 ${day} * ${weekday}`, "");
  return parsed.ok ? parsed.fields.days : null;
}

/** `8-31`, `2,4,6`: neighbours as ranges. */
function writeDays(days: readonly number[]): string {
  const starts = days.filter(day => !days.includes(day - 1));
  const ends = days.filter(day => !days.includes(day + 1));
  return starts.map((start, index) => (start === ends[index] ? start : `${start}-${ends[index]}`)).join(",");
}

/** `10~20`, `~20`, `10~` and `~`. */
function fromRandom(field: string, index: number): string {
  const [least = "", greatest = ""] = BOUNDS[index]?.split("-") ?? [];
  return field.replaceAll(/(?<!\d)(\d*)~(\d*)/g, (_, from: string, to: string) => {
    return `H(${from === "" ? least : from}-${to === "" ? greatest : to})`;
  });
}
