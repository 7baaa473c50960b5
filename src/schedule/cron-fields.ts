import { createHash } from "node:crypto";
import { CronExpressionParser } from "cron-parser";
import { BoundedCache } from "./bounded-cache.ts";
import type { CronSyntax } from "./cron-syntax.ts";

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

const FIELD_NAMES = ["second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek"] as const;

/**
 * Expands the checked fields with cron-parser, each list item alone. Given a whole list, cron-parser refuses
 * overlapping items: `1-5,3`, `0,7`, or `H,30` for an unlucky name. It also refuses `5#3` beside others, and cuts the
 * days to those of the month.
 *
 * @throws Error when cron-parser refuses an item that `parseCronSyntax` let pass.
 */
export function expandCronFields(syntax: CronSyntax, seed: string): CronFields {
  const expanded = FIELD_NAMES.map((_, index) =>
    (syntax.fields[index] ?? []).map(item => expandItem(index, unhash(index, item, seed))),
  );
  const values = (index: number) =>
    ascending((expanded[index] ?? []).flatMap(item => (item.nth > 0 ? [] : numbersOf(item.values))));
  const nthWeekdays = (expanded[5] ?? []).flatMap(item =>
    item.nth > 0 ? numbersOf(item.values).map(day => (day % 7) * 8 + item.nth) : [],
  );
  return {
    seconds: values(0),
    minutes: values(1),
    hours: values(2),
    months: values(4),
    days: {
      ...daysOfMonthOf(values(3), syntax.fields[3]?.includes("L") ?? false),
      ...weekdaysOf(ascending(values(5).map(day => day % 7)), syntax.fields[5] ?? [], ascending(nthWeekdays)),
    },
    isAnyHour: syntax.fields[2]?.[0]?.startsWith("*") ?? false,
  };
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

function weekdaysOf(weekdays: readonly number[], items: readonly string[], nthWeekdays: readonly number[]) {
  const isWhole = (day: number) => OCCURRENCES.every(nth => nthWeekdays.includes(day * 8 + nth));
  const last = items.filter(item => item.endsWith("L")).map(item => Number.parseInt(item, 10));
  return {
    anyWeekday: WEEKDAYS.every(day => weekdays.includes(day) || isWhole(day)),
    weekdays,
    lastWeekdays: ascending(last),
    nthWeekdays,
  };
}

/**
 * Puts the seed's own value in the place of `H`. Not left to cron-parser, whose hash may change with a version
 * and move every hashed job, counts Sunday twice, and is random for an empty seed.
 */
function unhash(fieldIndex: number, item: string, seed: string): string {
  const [, from, to, step] = /^H\((\d+)-(\d+)\)(?:\/(\d+))?$/.exec(item) ?? [];
  if (from === undefined || to === undefined) return item;
  const hash = createHash("sha256").update(`${seed}#${fieldIndex}`).digest().readUIntBE(0, 6);
  const width = Number(to) - Number(from) + 1;
  if (step === undefined) return String(Number(from) + (hash % width));
  return `${Number(from) + (hash % Math.min(Number(step), width))}-${to}/${step}`;
}

interface ExpandedItem {
  readonly values: readonly (number | string)[];
  /** The occurrence of `5#3`, else 0. */
  readonly nth: number;
}

const items = new BoundedCache<ExpandedItem>(1_000);

function expandItem(fieldIndex: number, item: string): ExpandedItem {
  const key = `${fieldIndex} ${item}`;
  const known = items.get(key);
  if (known !== undefined) return known;
  const text = FIELD_NAMES.map((_, index) => (index === fieldIndex ? item : "*")).join(" ");
  const { fields } = CronExpressionParser.parse(text, { tz: "UTC", currentDate: 0 });
  const name = FIELD_NAMES[fieldIndex] ?? "second";
  const nth = name === "dayOfWeek" ? fields.dayOfWeek.nthDay : 0;
  const expanded = { values: fields[name].values, nth };
  items.put(key, expanded);
  return expanded;
}

function numbersOf(values: readonly (number | string)[]): number[] {
  return values.filter(value => typeof value === "number");
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
