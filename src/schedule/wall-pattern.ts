import type { CronFields, DayFields } from "./cron-fields.ts";
import { DAY_MS, SECOND_MS } from "./time-units.ts";

/** The Gregorian calendar repeats after 400 years, so what does not match within them never does. */
const CALENDAR_MONTHS = 400 * 12;

const SECONDS_A_DAY = 86_400;

/**
 * The moments at which a cron expression matches a clock on the wall. Wall times are milliseconds as if the
 * clock showed UTC; zones and daylight saving are no concern here. Stepping is done here and not by
 * cron-parser, which takes up to 1.3 ms for a step and cannot be given our rules of daylight saving (docs/schedules.md).
 */
export class WallPattern {
  readonly #seconds: Ladder;
  readonly #minutes: Ladder;
  readonly #hours: Ladder;
  readonly #months: Ladder;
  readonly #days: DayFields;
  /** The day mask of the month asked for last: neighbouring ticks share it. */
  #maskMonth = Number.NaN;
  #mask = 0;
  /** The last answer of `next`: no match lies in (after, next), so it also answers everything in between. */
  #memoAfter = Number.POSITIVE_INFINITY;
  #memoNext: number | null = null;

  constructor(fields: CronFields) {
    this.#seconds = new Ladder(fields.seconds, 59);
    this.#minutes = new Ladder(fields.minutes, 59);
    this.#hours = new Ladder(fields.hours, 23);
    this.#months = new Ladder(fields.months, 12);
    this.#days = fields.days;
  }

  /** The first match strictly after the wall time, or null when there is none in 400 years. */
  next(afterWall: number): number | null {
    const isKnown = afterWall >= this.#memoAfter && (this.#memoNext === null || afterWall < this.#memoNext);
    if (!isKnown) {
      this.#memoNext = this.#findNext(Math.floor(afterWall / SECOND_MS) + 1);
      this.#memoAfter = afterWall;
    }
    return this.#memoNext;
  }

  /** The last match at or before the wall time, or null when there is none in 400 years. */
  previous(atWall: number): number | null {
    const second = Math.floor(atWall / SECOND_MS);
    const day = Math.floor(second / SECONDS_A_DAY);
    if (this.#lastDayUntil(day) === day) {
      const time = this.#lastTimeUntil(second - day * SECONDS_A_DAY);
      if (time >= 0) return (day * SECONDS_A_DAY + time) * SECOND_MS;
    }
    const earlier = this.#lastDayUntil(day - 1);
    return earlier === null ? null : earlier * DAY_MS + this.#lastTimeUntil(SECONDS_A_DAY - 1) * SECOND_MS;
  }

  /** True when the wall time's whole second matches. */
  matches(wall: number): boolean {
    const second = Math.floor(wall / SECOND_MS);
    const day = Math.floor(second / SECONDS_A_DAY);
    const hasTime =
      this.#seconds.has(modulo(second, 60)) &&
      this.#minutes.has(modulo(Math.floor(second / 60), 60)) &&
      this.#hours.has(modulo(Math.floor(second / 3600), 24));
    return hasTime && this.#hasDay(day);
  }

  /**
   * The block of wall time around a match in which every second matches: [start, end). Blocks are found by
   * whole minutes, hours and days, so a neighbouring block may match as well.
   */
  blockAround(match: number): { readonly start: number; readonly end: number } {
    const lengthMs = this.#blockLengthMs();
    const start = Math.floor(match / lengthMs) * lengthMs;
    return { start, end: start + lengthMs };
  }

  #blockLengthMs(): number {
    if (!this.#seconds.isFull) return SECOND_MS;
    if (!this.#minutes.isFull) return 60 * SECOND_MS;
    return this.#hours.isFull ? DAY_MS : 3600 * SECOND_MS;
  }

  #findNext(second: number): number | null {
    const day = Math.floor(second / SECONDS_A_DAY);
    if (this.#firstDayFrom(day) === day) {
      const time = this.#firstTimeFrom(second - day * SECONDS_A_DAY);
      if (time >= 0) return (day * SECONDS_A_DAY + time) * SECOND_MS;
    }
    const later = this.#firstDayFrom(day + 1);
    return later === null ? null : later * DAY_MS + this.#firstTimeFrom(0) * SECOND_MS;
  }

  /** The first matching second of the day at or after `secondOfDay`, or -1. */
  #firstTimeFrom(secondOfDay: number): number {
    const hour = Math.floor(secondOfDay / 3600);
    const minute = Math.floor(secondOfDay / 60) % 60;
    if (this.#hours.has(hour)) {
      if (this.#minutes.has(minute)) {
        const second = this.#seconds.atOrAfter(secondOfDay % 60);
        if (second >= 0) return hour * 3600 + minute * 60 + second;
      }
      const laterMinute = this.#minutes.atOrAfter(minute + 1);
      if (laterMinute >= 0) return hour * 3600 + laterMinute * 60 + this.#seconds.first;
    }
    const laterHour = this.#hours.atOrAfter(hour + 1);
    return laterHour < 0 ? -1 : laterHour * 3600 + this.#minutes.first * 60 + this.#seconds.first;
  }

  /** The last matching second of the day at or before `secondOfDay`, or -1. */
  #lastTimeUntil(secondOfDay: number): number {
    const hour = Math.floor(secondOfDay / 3600);
    const minute = Math.floor(secondOfDay / 60) % 60;
    if (this.#hours.has(hour)) {
      if (this.#minutes.has(minute)) {
        const second = this.#seconds.atOrBefore(secondOfDay % 60);
        if (second >= 0) return hour * 3600 + minute * 60 + second;
      }
      const earlierMinute = this.#minutes.atOrBefore(minute - 1);
      if (earlierMinute >= 0) return hour * 3600 + earlierMinute * 60 + this.#seconds.last;
    }
    const earlierHour = this.#hours.atOrBefore(hour - 1);
    return earlierHour < 0 ? -1 : earlierHour * 3600 + this.#minutes.last * 60 + this.#seconds.last;
  }

  #hasDay(day: number): boolean {
    const date = new Date(day * DAY_MS);
    const mask = this.#daysOf(date.getUTCFullYear() * 12 + date.getUTCMonth());
    return ((mask >>> date.getUTCDate()) & 1) === 1;
  }

  /** The first matching day (days since the epoch) at or after `day`. */
  #firstDayFrom(day: number): number | null {
    const date = new Date(day * DAY_MS);
    const firstMonth = date.getUTCFullYear() * 12 + date.getUTCMonth();
    let dayOfMonth = date.getUTCDate();
    for (let month = firstMonth; month <= firstMonth + CALENDAR_MONTHS; month++) {
      const candidates = (this.#daysOf(month) >>> dayOfMonth) << dayOfMonth;
      if (candidates !== 0) return firstOfMonth(month) + lowestBit(candidates) - 1;
      dayOfMonth = 1;
    }
    return null;
  }

  /** The last matching day (days since the epoch) at or before `day`. */
  #lastDayUntil(day: number): number | null {
    const date = new Date(day * DAY_MS);
    const lastMonth = date.getUTCFullYear() * 12 + date.getUTCMonth();
    let unwanted = 31 - date.getUTCDate();
    for (let month = lastMonth; month >= lastMonth - CALENDAR_MONTHS; month--) {
      const candidates = (this.#daysOf(month) << unwanted) >>> unwanted;
      if (candidates !== 0) return firstOfMonth(month) + highestBit(candidates) - 1;
      unwanted = 0;
    }
    return null;
  }

  /** The matching days of a month (year × 12 + month from 0) as a mask: bit 1 is the first. */
  #daysOf(month: number): number {
    if (month !== this.#maskMonth) {
      this.#mask = this.#months.has((month % 12) + 1) ? dayMask(this.#days, month) : 0;
      this.#maskMonth = month;
    }
    return this.#mask;
  }
}

/** The values of a field, with the neighbours of every value looked up beforehand. */
class Ladder {
  readonly first: number;
  readonly last: number;
  readonly isFull: boolean;
  readonly #after: Int8Array;
  readonly #before: Int8Array;

  constructor(values: readonly number[], max: number) {
    this.first = values[0] ?? 0;
    this.last = values.at(-1) ?? 0;
    this.isFull = values.length === max + 1;
    this.#after = new Int8Array(max + 2).map((_, at) => values.find(value => value >= at) ?? -1);
    this.#before = new Int8Array(max + 2).map((_, at) => values.findLast(value => value <= at) ?? -1);
  }

  has(value: number): boolean {
    return this.#after[value] === value;
  }

  /** The smallest value ≥ `at`, or -1. */
  atOrAfter(at: number): number {
    return this.#after[at] ?? -1;
  }

  /** The largest value ≤ `at`, or -1. */
  atOrBefore(at: number): number {
    return this.#before[at] ?? -1;
  }
}

function dayMask(fields: DayFields, month: number): number {
  const firstDay = firstOfMonth(month);
  const length = firstOfMonth(month + 1) - firstDay;
  let mask = 0;
  for (let day = 1; day <= length; day++) {
    // Day 0 of the epoch was a Thursday.
    const weekday = modulo(firstDay + day + 3, 7);
    if (dayMatches(fields, day, weekday, length)) mask |= 1 << day;
  }
  return mask;
}

function dayMatches(fields: DayFields, day: number, weekday: number, length: number): boolean {
  const matchesDay = fields.daysOfMonth.includes(day) || (fields.lastDayOfMonth && day === length);
  const matchesWeekday =
    fields.weekdays.includes(weekday) ||
    (fields.lastWeekdays.includes(weekday) && day > length - 7) ||
    fields.nthWeekdays.includes(weekday * 8 + Math.ceil(day / 7));
  if (fields.anyDay) return matchesWeekday;
  if (fields.anyWeekday) return matchesDay;
  return matchesDay || matchesWeekday;
}

function firstOfMonth(month: number): number {
  return Date.UTC(Math.floor(month / 12), month % 12, 1) / DAY_MS;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

function highestBit(mask: number): number {
  return 31 - Math.clz32(mask);
}
