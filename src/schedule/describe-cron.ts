import cronstrue from "cronstrue";
import { parseCronFields } from "./cron.ts";
import type { CronFields, DayFields } from "./cron-fields.ts";

/**
 * A cron expression in words: `At 02:30, Monday through Friday`. The words describe what the expression matches, not
 * its text. So a hashed field shows its value, and steps that do not divide the hour show their minutes (cronstrue says
 * "every 45 minutes" of them).
 */
export function describeCron(expression: string, seed: string): string {
  const parsed = parseCronFields(expression, seed);
  if (!parsed.ok) return expression;
  const words = cronstrue.toString(plainCron(parsed.fields), { use24HourTimeFormat: true });
  const note = dayNote(expression, parsed.fields.days);
  return note === null ? words : `${words} (${note})`;
}

/** How the two day fields work together, where both of them say something. */
function dayNote(expression: string, { anyDay, anyWeekday }: DayFields): string | null {
  const [weekday = "*", , day = "*"] = expression.trim().split(/\s+/).reverse();
  if (!anyDay && !anyWeekday) return "a day that fits either counts";
  if (anyDay && !anyWeekday && !isStar(day))
    return `${day} is every day of the month, so the day of the week alone counts`;
  if (anyWeekday && !anyDay && !isStar(weekday))
    return `${weekday} is every day of the week, so the day of the month alone counts`;
  return null;
}

function isStar(field: string): boolean {
  return field === "*" || field === "?";
}

/** The value of the hashed fields: the expression with everything that can be said simply, or null without `H`. */
export function resolvedCron(expression: string, seed: string): string | null {
  const parsed = parseCronFields(expression, seed);
  return parsed.ok && parsed.isHashed ? plainCron(parsed.fields) : null;
}

/** An expression of plain lists and ranges that matches the same. */
function plainCron({ seconds, minutes, hours, months, days }: CronFields): string {
  const isWholeMinute = seconds.length === 1 && seconds[0] === 0;
  return [
    ...(isWholeMinute ? [] : [sixtieths(seconds, minutes.length === 60)]),
    sixtieths(minutes, isRow(hours, 1)),
    hours.length > MAX_LISTED && isEven(hours, 24) ? evenSteps(hours) : listed(hours, 0, 23),
    daysOfMonth(days),
    listed(months, 1, 12),
    weekdays(days),
  ].join(" ");
}

/** Up to this many hours are easier to read one by one than as a step. */
const MAX_LISTED = 6;

/** Steps are easily read only where the field above them runs through. */
function sixtieths(values: readonly number[], mayStep: boolean): string {
  return mayStep && isEven(values, 60) ? evenSteps(values) : listed(values, 0, 59);
}

/** Whether the values go on in equal steps past the end of the hour or the day. */
function isEven(values: readonly number[], size: number): boolean {
  return values.length > 2 && values.length < size && isRow(values, size / values.length);
}

function isRow(values: readonly number[], step: number): boolean {
  return values.every((value, index) => value === (values[0] ?? 0) + index * step);
}

function evenSteps([first = 0, second = 0]: readonly number[]): string {
  return `${first === 0 ? "*" : first}/${second - first}`;
}

/** `1-5,10`; `*` for all values. */
function listed(values: readonly number[], min: number, max: number): string {
  if (values.length === max - min + 1) return "*";
  const runs: number[][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === value - 1) run.push(value);
    else runs.push([value]);
  }
  return runs.map(run => (run.length > 2 ? `${run[0]}-${run.at(-1)}` : run.join(","))).join(",");
}

function daysOfMonth(days: DayFields): string {
  if (days.anyDay) return "*";
  return [listed(days.daysOfMonth, 1, 31), days.lastDayOfMonth ? "L" : ""].filter(Boolean).join(",");
}

function weekdays(days: DayFields): string {
  if (days.anyWeekday) return "*";
  const last = days.lastWeekdays.map(day => `${day}L`);
  const nth = days.nthWeekdays.map(code => `${Math.floor(code / 8)}#${code % 8}`);
  return [listed(days.weekdays, 0, 6), ...last, ...nth].filter(Boolean).join(",");
}
