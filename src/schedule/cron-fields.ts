import { createHash } from "node:crypto";
import type { CronItem, CronSyntax } from "./cron-syntax.ts";

/** What a cron expression matches on the wall clock. Every list ascending and without duplicates. */
export interface CronFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** 1 to 12. */
  readonly months: readonly number[];
  readonly days: DayFields;
  /** The hour field begins with `*`, which decides what daylight saving does. */
  readonly isAnyHour: boolean;
}

/** When both `anyDay` and `anyWeekday` are false, a day matches if either field does: cron's old rule. */
export interface DayFields {
  /** The field holds every day, however it is written: as `*`, as a step of 1 or as `1-31`. */
  readonly anyDay: boolean;
  readonly daysOfMonth: readonly number[];
  readonly lastDayOfMonth: boolean;
  readonly anyWeekday: boolean;
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** `5L`: weekdays that match only on their last occurrence in the month. */
  readonly lastWeekdays: readonly number[];
  /** `5#3`: weekday × 8 + occurrence. */
  readonly nthWeekdays: readonly number[];
}

/** What the checked items hold, in a job with that name (the seed). */
export function expandCronFields(syntax: CronSyntax, seed: string): CronFields {
  const values = (index: number) => {
    const items = syntax.fields[index] ?? [];
    return ascending(items.flatMap(item => valuesOf(item, `${seed}#${index}`)));
  };
  return {
    seconds: values(0),
    minutes: values(1),
    hours: values(2),
    months: values(4),
    days: {
      ...daysOfMonthOf(values(3), syntax.fields[3]?.some(item => item.kind === "last-day") ?? false),
      ...weekdaysOf(ascending(values(5).map(day => day % 7)), syntax.fields[5] ?? []),
    },
    isAnyHour: syntax.isAnyHour,
  };
}

/** An item's own values; those of `H` are the hash's, which is the same for each seed and field. */
function valuesOf(item: CronItem, hashed: string): number[] {
  if (item.kind === "values") return row(item.from, item.to, item.step);
  if (item.kind !== "hashed") return [];
  const { from, to, step } = item;
  const hash = createHash("sha256").update(hashed).digest().readUIntBE(0, 6);
  const width = to - from + 1;
  if (step === null) return [from + (hash % width)];
  return row(from + (hash % Math.min(step, width)), to, step);
}

function row(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);
}

const DAYS = 31;
const WEEKDAYS = [0, 1, 2, 3, 4, 5, 6];
const OCCURRENCES = [1, 2, 3, 4, 5];

/** Whether a field restricts is decided by the days that it holds: `1-30,L` holds every one. */
function daysOfMonthOf(daysOfMonth: readonly number[], lastDayOfMonth: boolean) {
  const hasLast = lastDayOfMonth || daysOfMonth.includes(DAYS);
  const anyDay = hasLast && daysOfMonth.filter(day => day < DAYS).length === DAYS - 1;
  return { anyDay, daysOfMonth, lastDayOfMonth };
}

function weekdaysOf(weekdays: readonly number[], items: readonly CronItem[]) {
  const last = items.flatMap(item => (item.kind === "last-weekday" ? [item.weekday] : []));
  const nth = items.flatMap(item => (item.kind === "nth-weekday" ? [item.weekday * 8 + item.nth] : []));
  const isWhole = (day: number) => OCCURRENCES.every(count => nth.includes(day * 8 + count));
  return {
    anyWeekday: WEEKDAYS.every(day => weekdays.includes(day) || isWhole(day)),
    weekdays,
    lastWeekdays: ascending(last),
    nthWeekdays: ascending(nth),
  };
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
