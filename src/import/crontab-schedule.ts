import { parseCronFields } from "../schedule/cron.ts";

/** A crontab's schedule in the words of a job. */
export interface CrontabSchedule {
  readonly cron: string;
  readonly except?: string;
  readonly dst?: { readonly gap: "skip"; readonly overlap: "both" };
  readonly notes: readonly string[];
}

/** The least and the greatest value of each field, for cronie's random ones. */
const BOUNDS = ["0-59", "0-23", "1-31", "1-12", "0-6"];
const ALL_DAYS = Array.from({ length: 31 }, (_, index) => index + 1);
/** Without daylight saving there is nothing to say about it. */
const STEADY_ZONE = /^(UTC|GMT|Etc\/.+)$/;

/**
 * Says a crontab's schedule so that Bellwether has the same ticks. Three things differ between the two:
 *
 * - Cron looks only at whether a day field *begins* with a star. Where one does, both fields must match, also for
 *   a star with a step: every second day, if it is a Monday. In Bellwether that is Mondays, except the other days.
 * - To cron, also a star in the minute field makes a job one that follows the wall clock at daylight saving. In
 *   Bellwether the hour field decides, so the job's `dst` has to say it.
 * - Cronie's `~` picks a value at random when it starts; `H` is the same value always.
 */
export function toCrontabSchedule(schedule: string, timezone: string): CrontabSchedule {
  if (schedule.startsWith("@")) return { cron: schedule, notes: [] };
  const written = schedule.split(/\s+/);
  const isRandom = written.some(field => field.includes("~"));
  const notes = isRandom
    ? ["~ is a random value in cron; H is one that is always the same for a job's name"]
    : [];
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = written.map(fromRandom);
  const follows = minute.startsWith("*") && !hour.startsWith("*") && !STEADY_ZONE.test(timezone);
  const dst = follows ? { dst: { gap: "skip", overlap: "both" } as const } : {};
  const asWritten = { cron: [minute, hour, day, month, weekday].join(" "), notes, ...dst };
  if (day === "*" || weekday === "*") return asWritten;
  if (!day.startsWith("*") && !weekday.startsWith("*")) {
    const isAny = [day, weekday].some(field => field.split(",").includes("*"));
    return isAny ? { ...asWritten, cron: [minute, hour, "*", month, "*"].join(" ") } : asWritten;
  }
  const others = otherDays(day);
  if (others === null) return asWritten;
  const cron = [minute, hour, "*", month, weekday].join(" ");
  const except = others.length === 0 ? {} : { except: `* * ${writeDays(others)} * *` };
  return { ...asWritten, cron, ...except };
}

/** The days of the month that a field leaves out, or null when it is no valid field. */
function otherDays(day: string): number[] | null {
  const parsed = parseCronFields(`0 0 ${day} * *`, "");
  if (!parsed.ok) return null;
  const { anyDay, daysOfMonth } = parsed.fields.days;
  return anyDay ? [] : ALL_DAYS.filter(other => !daysOfMonth.includes(other));
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
  return field.replaceAll(/(\d*)~(\d*)/g, (_, from: string, to: string) => {
    return `H(${from === "" ? least : from}-${to === "" ? greatest : to})`;
  });
}
