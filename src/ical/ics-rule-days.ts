import ICAL from "ical.js";
import { DAY_MS } from "../schedule/time-units.ts";
import { IcsError } from "./ics-error.ts";
import type { IcsTime } from "./ics-time.ts";

export const FREQUENCIES = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"] as const;
export type Frequency = (typeof FREQUENCIES)[number];

/** Which days of a period a rule means. */
export interface DayTest {
  /** The months that the days can be in, from 1; null for all. */
  readonly months: readonly number[] | null;
  /** Whether a day of these months matches; given as its midnight. */
  matches(date: Date): boolean;
  /** BYSETPOS: which of the matching days of a period count; negative ones from its end. Null for all of them. */
  readonly picks: readonly number[] | null;
}

/** The parts that each frequency may have (RFC 5545, 3.3.10), as far as they are followed. */
const PARTS: Readonly<Record<Frequency, readonly string[]>> = {
  DAILY: ["BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"],
  WEEKLY: ["BYDAY", "BYMONTH", "BYSETPOS"],
  MONTHLY: ["BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"],
  YEARLY: ["BYDAY", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYSETPOS"],
};

/** What ical.js does not know it keeps under a key of its own, and goes on. */
const RULE_KEYS: readonly string[] = Object.keys(new ICAL.Recur({}));

const WEEKDAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/** Reads the parts of a rule. Where they do not name a day, the one on which the event begins is meant. */
export function dayTestOf(rule: ICAL.Recur, frequency: Frequency, start: IcsTime): DayTest {
  checkParts(rule, frequency);
  const { BYMONTH, BYMONTHDAY, BYYEARDAY, BYSETPOS } = rule.parts;
  const weekdays = rule.parts.BYDAY?.map(readWeekday);
  checkNths(weekdays ?? [], frequency);
  const begin = new Date(start.wall);
  const namesDay = BYMONTHDAY !== undefined || BYYEARDAY !== undefined || weekdays !== undefined;
  const isMonthGiven = BYMONTH !== undefined || namesDay || frequency !== "YEARLY";
  const months = isMonthGiven ? BYMONTH : [begin.getUTCMonth() + 1];
  const isDayGiven = namesDay || frequency === "DAILY" || frequency === "WEEKLY";
  const days = isDayGiven ? BYMONTHDAY : [begin.getUTCDate()];
  const isWeekdayGiven = weekdays !== undefined || frequency !== "WEEKLY";
  const onWeekdays = isWeekdayGiven ? weekdays : [{ weekday: begin.getUTCDay(), nth: 0 }];
  const isNthOfMonth = frequency === "MONTHLY" || BYMONTH !== undefined;
  return {
    months: months ?? null,
    picks: BYSETPOS ?? null,
    matches(date) {
      const inMonth = placeInMonth(date);
      if (days && !holds(days, inMonth)) return false;
      if (BYYEARDAY && !holds(BYYEARDAY, placeInYear(date))) return false;
      const nthIn = isNthOfMonth ? inMonth : placeInYear(date);
      return onWeekdays?.some(day => day.weekday === date.getUTCDay() && isNth(day.nth, nthIn)) ?? true;
    },
  };
}

function checkParts(rule: ICAL.Recur, frequency: Frequency): void {
  const parts = [...Object.keys(rule.parts), ...Object.keys(rule).filter(key => !RULE_KEYS.includes(key))];
  const unknown = parts.find(part => !PARTS[frequency].includes(part));
  if (unknown === undefined) return;
  const expected = PARTS[frequency].join(", ");
  throw new IcsError(`RRULE has ${unknown.toUpperCase()}: with FREQ=${frequency} expected only ${expected}`);
}

interface Weekday {
  readonly weekday: number;
  /** `-1` in `-1FR`; 0 for each of them. */
  readonly nth: number;
}

function readWeekday(text: string): Weekday {
  const [, nth = "", name = ""] = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(text) ?? [];
  const weekday = WEEKDAYS.indexOf(name);
  if (weekday < 0) throw new IcsError(`BYDAY=${text}: expected weekdays such as MO or -1FR`);
  return { weekday, nth: Number(nth) };
}

function checkNths(weekdays: readonly Weekday[], frequency: Frequency): void {
  const takesNths = frequency === "MONTHLY" || frequency === "YEARLY";
  if (takesNths || weekdays.every(({ nth }) => nth === 0)) return;
  throw new IcsError(`BYDAY has a number, which FREQ=${frequency} does not take`);
}

/** A day's place in its month or year, from 1, and that one's length. */
interface Place {
  readonly day: number;
  readonly length: number;
}

function placeInMonth(date: Date): Place {
  const length = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return { day: date.getUTCDate(), length };
}

function placeInYear(date: Date): Place {
  const first = Date.UTC(date.getUTCFullYear(), 0, 1);
  const length = (Date.UTC(date.getUTCFullYear() + 1, 0, 1) - first) / DAY_MS;
  return { day: (date.getTime() - first) / DAY_MS + 1, length };
}

/** Negative numbers count from the end: -1 is the last day. */
function holds(numbers: readonly number[], { day, length }: Place): boolean {
  return numbers.includes(day) || numbers.includes(day - length - 1);
}

function isNth(nth: number, { day, length }: Place): boolean {
  if (nth === 0) return true;
  return nth > 0 ? Math.ceil(day / 7) === nth : Math.ceil((length - day + 1) / 7) === -nth;
}
