import type { OracleExpression, WallDate } from "./dst-oracle.ts";

/**
 * Cron a second time, read from the grammar of docs/schedules.md and slow: each field a list of questions that are asked
 * of every minute. Shares nothing with the implementation.
 */
export function oracleExpression(text: string): OracleExpression {
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = text.split(" ");
  const isMonth = anyOf(month, item => numeric(named(item, MONTHS, 1), 1, 12));
  const isDay = anyOf(day, dayItem);
  const isWeekday = anyOf(weekday, weekdayItem);
  const isEither = !holdsAll(isDay, LONG_MONTH) && !holdsAll(isWeekday, LONG_MONTH);
  return {
    text,
    isAnyHour: hour.startsWith("*"),
    isMinute: anyOf(minute, item => numeric(item, 0, 59)),
    isHour: anyOf(hour, item => numeric(item, 0, 23)),
    isDay(date) {
      if (!isMonth(date.month)) return false;
      return isEither ? isDay(date) || isWeekday(date) : isDay(date) && isWeekday(date);
    },
  };
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** A month of 31 days: every weekday comes in it. */
const LONG_MONTH: readonly WallDate[] = Array.from({ length: 31 }, (_, index) => ({
  month: 1,
  day: index + 1,
  weekday: (index + 4) % 7,
  daysInMonth: 31,
}));

function holdsAll(matches: (date: WallDate) => boolean, dates: readonly WallDate[]): boolean {
  return dates.every(matches);
}

function isFree(field: string): boolean {
  return field === "*" || field === "?";
}

function anyOf<T>(field: string, read: (item: string) => (value: T) => boolean): (value: T) => boolean {
  const questions = field.split(",").map(read);
  return value => questions.some(question => question(value));
}

function named(item: string, names: readonly string[], first: number): string {
  return names.reduce((text, name, index) => text.replace(name, String(index + first)), item);
}

/** `*`, `?`, `5`, `1-5`, each with or without a step. */
function numeric(item: string, min: number, max: number): (value: number) => boolean {
  const [range = "", step = "1"] = item.split("/");
  const [from = min, to = item.includes("/") ? max : from] = isFree(range)
    ? [min, max]
    : range.split("-").map(Number);
  return value => value >= from && value <= to && (value - from) % Number(step) === 0;
}

function dayItem(item: string): (date: WallDate) => boolean {
  const isDay = item === "L" ? null : numeric(item, 1, 31);
  return ({ day, daysInMonth }) => isDay?.(day) ?? day === daysInMonth;
}

/** `5L`: no such weekday follows in the month. `5#3`: two of them came before. Sunday is 0 and 7. */
function weekdayItem(item: string): (date: WallDate) => boolean {
  const text = named(item, WEEKDAYS, 0);
  const wanted = Number(text[0]) % 7;
  if (text.endsWith("L"))
    return ({ day, weekday, daysInMonth }) => weekday === wanted && day + 7 > daysInMonth;
  const nth = Number(text.split("#")[1] ?? 0);
  if (nth > 0)
    return ({ day, weekday }) => weekday === wanted && day - 7 * (nth - 1) >= 1 && day - 7 * nth < 1;
  const isWeekday = numeric(text, 0, 7);
  return ({ weekday }) => isWeekday(weekday) || (weekday === 0 && isWeekday(7));
}
