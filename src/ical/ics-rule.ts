import ICAL from "ical.js";
import { CALENDAR_YEARS } from "../schedule/calendar.ts";
import { DAY_MS, SECOND_MS } from "../schedule/time-units.ts";
import { zoneOf } from "../schedule/zone.ts";
import { IcsError } from "./ics-error.ts";
import { type DayTest, dayTestOf, FREQUENCIES, type Frequency } from "./ics-rule-days.ts";
import { type IcsTime, midnightOf, wallAt, wallOf } from "./ics-time.ts";

/*
 * ical.js parses rules well and follows them badly. Of random rules it gets one in ten wrong: negative days of the
 * month, BYSETPOS, INTERVAL beside BYMONTH, the 29th of February. It searches for ever for the 30th of February. So
 * rules are followed here, by asking each day of each period whether it matches: that is slow but ends.
 */

const MAX_INTERVAL = 366;
const END_MS = Date.UTC(CALENDAR_YEARS.last + 1, 0, 1);

/** How many days may still be asked for one file. */
export interface DayBudget {
  left: number;
}

export function spend(budget: DayBudget, days: number): void {
  budget.left -= days;
  if (budget.left < 0) throw new IcsError("it takes too long to follow the repetitions");
}

/** The wall times at which a rule repeats an event that begins at `start`, ascending, up to the last year of calendars. */
export function* occurrencesOf(rule: ICAL.Recur, start: IcsTime, budget: DayBudget): Generator<number> {
  const frequency = checkFrequency(rule);
  const test = dayTestOf(rule, frequency, start);
  const until = rule.until === null ? END_MS : untilOnClockOf(start, rule.until);
  const timeOfDay = start.wall - midnightOf(start.wall);
  let count = 0;
  for (const [from, to] of periodsOf(frequency, rule, start)) {
    if (from >= END_MS || from > until) return;
    for (const day of daysWithin(from, to, test, budget)) {
      const wall = day + timeOfDay;
      if (wall < start.wall) continue;
      if (wall > until || day >= END_MS || (rule.count !== null && ++count > rule.count)) return;
      yield wall;
    }
  }
}

function checkFrequency(rule: ICAL.Recur): Frequency {
  const frequency = FREQUENCIES.find(known => known === rule.freq);
  if (frequency === undefined) {
    throw new IcsError(`FREQ=${rule.freq}: expected DAILY, WEEKLY, MONTHLY or YEARLY`);
  }
  const { interval } = rule;
  if (!(Number.isInteger(interval) && interval >= 1 && interval <= MAX_INTERVAL)) {
    throw new IcsError(`INTERVAL=${interval}: expected 1 to ${MAX_INTERVAL}`);
  }
  return frequency;
}

/** The days, weeks, months or years that the rule covers, from the one in which the event begins: [from, to). */
function* periodsOf(
  frequency: Frequency,
  rule: ICAL.Recur,
  start: IcsTime,
): Generator<[from: number, to: number]> {
  const { interval } = rule;
  const first = midnightOf(start.wall);
  if (frequency === "DAILY" || frequency === "WEEKLY") {
    const days = frequency === "DAILY" ? 1 : 7;
    // ical.js counts weekdays from Sunday, which is 1.
    const intoWeek = (new Date(first).getUTCDay() - (rule.wkst - 1) + 7) % 7;
    const begin = frequency === "DAILY" ? first : first - intoWeek * DAY_MS;
    for (let from = begin; ; from += days * interval * DAY_MS) yield [from, from + days * DAY_MS];
  }
  const months = frequency === "MONTHLY" ? 1 : 12;
  const date = new Date(first);
  const begin = date.getUTCFullYear() * 12 + (frequency === "MONTHLY" ? date.getUTCMonth() : 0);
  for (let month = begin; ; month += months * interval) {
    yield [firstOfMonth(month), firstOfMonth(month + months)];
  }
}

/** The days of a period that match, and of these the ones that BYSETPOS picks. */
function daysWithin(from: number, to: number, test: DayTest, budget: DayBudget): number[] {
  const { months, matches, picks } = test;
  const days: number[] = [];
  for (let day = from; day < to; ) {
    spend(budget, 1);
    const date = new Date(day);
    const isMonth = months?.includes(date.getUTCMonth() + 1) ?? true;
    if (isMonth && matches(date)) days.push(day);
    day = isMonth ? day + DAY_MS : firstOfMonth(date.getUTCFullYear() * 12 + date.getUTCMonth() + 1);
  }
  if (picks === null) return days;
  return days.filter((_, index) => picks.includes(index + 1) || picks.includes(index - days.length));
}

/** The end of a rule is in UTC even where the event is not, and may be a whole day. */
function untilOnClockOf(start: IcsTime, until: ICAL.Time): number {
  if (until.isDate && !start.isDate) return wallOf(until) + DAY_MS - SECOND_MS;
  const zone = until.zone === ICAL.Timezone.utcTimezone ? zoneOf("UTC") : null;
  return wallAt({ wall: wallOf(until), isDate: until.isDate, zone }, start.zone);
}

/** `month` counts months from the year 0; the years 0 to 99 are not those of the 20th century. */
function firstOfMonth(month: number): number {
  return new Date(0).setUTCFullYear(Math.floor(month / 12), month % 12, 1);
}
