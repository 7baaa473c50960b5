import type { CronFields, DayFields } from "./cron-fields.ts";
import { DAY_MS, SECOND_MS } from "./time-units.ts";

/** The Gregorian calendar repeats after 400 years, so what does not match within them never does. */
const CALENDAR_MONTHS = 400 * 12;

const SECONDS_A_DAY = 86_400;

/** Which way a search goes. */
type Direction = 1 | -1;
const FORWARD = 1;
const BACK = -1;

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
      this.#memoNext = this.#search(FORWARD, Math.floor(afterWall / SECOND_MS) + 1);
      this.#memoAfter = afterWall;
    }
    return this.#memoNext;
  }

  /** The last match at or before the wall time, or null when there is none in 400 years. */
  previous(atWall: number): number | null {
    return this.#search(BACK, Math.floor(atWall / SECOND_MS));
  }

  /** True when the wall time's whole second matches. */
  matches(wall: number): boolean {
    const second = Math.floor(wall / SECOND_MS);
    const day = Math.floor(second / SECONDS_A_DAY);
    const time = second - day * SECONDS_A_DAY;
    return this.#findTime(BACK, time) === time && this.#hasDay(day);
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

  /** The nearest match from a second (since the epoch) on, in milliseconds. */
  #search(direction: Direction, second: number): number | null {
    const day = Math.floor(second / SECONDS_A_DAY);
    if (this.#hasDay(day)) {
      const time = this.#findTime(direction, second - day * SECONDS_A_DAY);
      if (time >= 0) return (day * SECONDS_A_DAY + time) * SECOND_MS;
    }
    const other = this.#findDay(direction, day + direction);
    const edge = direction === FORWARD ? 0 : SECONDS_A_DAY - 1;
    return other === null ? null : other * DAY_MS + this.#findTime(direction, edge) * SECOND_MS;
  }

  /** The nearest matching second of the day from `secondOfDay` on, or -1. */
  #findTime(direction: Direction, secondOfDay: number): number {
    const hour = Math.floor(secondOfDay / 3600);
    const minute = Math.floor(secondOfDay / 60) % 60;
    if (this.#hours.has(hour)) {
      if (this.#minutes.has(minute)) {
        const second = this.#seconds.nearest(direction, secondOfDay % 60);
        if (second >= 0) return hour * 3600 + minute * 60 + second;
      }
      const otherMinute = this.#minutes.nearest(direction, minute + direction);
      if (otherMinute >= 0) return hour * 3600 + otherMinute * 60 + this.#seconds.first(direction);
    }
    const otherHour = this.#hours.nearest(direction, hour + direction);
    if (otherHour < 0) return -1;
    return otherHour * 3600 + this.#minutes.first(direction) * 60 + this.#seconds.first(direction);
  }

  #hasDay(day: number): boolean {
    const date = new Date(day * DAY_MS);
    const mask = this.#daysOf(date.getUTCFullYear() * 12 + date.getUTCMonth());
    return ((mask >>> date.getUTCDate()) & 1) === 1;
  }

  /** The nearest matching day (days since the epoch) from `day` on. */
  #findDay(direction: Direction, day: number): number | null {
    const date = new Date(day * DAY_MS);
    const start = date.getUTCFullYear() * 12 + date.getUTCMonth();
    // Of the first month the days from `day` on; of the others all.
    let wanted = direction === FORWARD ? -1 << date.getUTCDate() : ~(-2 << date.getUTCDate());
    for (let month = start; Math.abs(month - start) <= CALENDAR_MONTHS; month += direction) {
      const days = this.#daysOf(month) & wanted;
      if (days !== 0)
        return firstOfMonth(month) + (direction === FORWARD ? lowestBit(days) : highestBit(days)) - 1;
      wanted = -1;
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
  readonly isFull: boolean;
  readonly #values: readonly number[];
  readonly #after: Int8Array;
  readonly #before: Int8Array;

  constructor(values: readonly number[], max: number) {
    this.isFull = values.length === max + 1;
    this.#values = values;
    this.#after = new Int8Array(max + 2).map((_, at) => values.find(value => value >= at) ?? -1);
    this.#before = new Int8Array(max + 2).map((_, at) => values.findLast(value => value <= at) ?? -1);
  }

  has(value: number): boolean {
    return this.#after[value] === value;
  }

  /** The first value on the way. */
  first(direction: Direction): number {
    return this.#values.at(direction === FORWARD ? 0 : -1) ?? 0;
  }

  /** The nearest value from `at` on, itself included, or -1. */
  nearest(direction: Direction, at: number): number {
    return (direction === FORWARD ? this.#after : this.#before)[at] ?? -1;
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
