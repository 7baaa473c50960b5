import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DstRule, Tick } from "../../../src/schedule/schedule.ts";
import { film, matchesIn, type OracleExpression, oracleTicks } from "./dst-oracle.ts";
import { iso, scheduleOf, ticksBackwards, ticksBetween } from "./setup.ts";

const DAY = 86_400_000;
const MARGIN_DAYS = 1.5;
const WATCHED_DAYS = 2;

/** Each zone with the day of a transition: gaps and repetitions of 15 minutes to a day, also at midnight. */
const TRANSITIONS: readonly [zone: string, day: string][] = [
  ["America/New_York", "2026-03-08"],
  ["America/New_York", "2026-11-01"],
  ["Europe/Berlin", "2026-03-29"],
  ["Europe/Berlin", "2026-10-25"],
  ["Australia/Lord_Howe", "2026-04-04"],
  ["Australia/Lord_Howe", "2026-10-03"],
  ["Pacific/Chatham", "2026-04-04"],
  ["Pacific/Chatham", "2026-09-26"],
  ["Africa/Cairo", "2026-04-23"],
  ["Africa/Cairo", "2026-10-29"],
  ["Asia/Beirut", "2026-03-28"],
  ["Asia/Beirut", "2026-10-24"],
  ["America/Sao_Paulo", "2018-02-18"],
  ["America/Sao_Paulo", "2018-11-04"],
  ["America/Havana", "2026-03-08"],
  ["America/Caracas", "2016-05-01"],
  ["Asia/Pyongyang", "2018-05-04"],
  ["Asia/Kathmandu", "1985-12-31"],
  ["Africa/Casablanca", "2026-02-15"],
  ["Antarctica/Troll", "2026-03-29"],
  ["Antarctica/Troll", "2026-10-25"],
  ["Pacific/Apia", "2011-12-30"],
  ["Pacific/Kwajalein", "1993-08-21"],
  ["Asia/Kolkata", "2026-03-29"],
];

const films = TRANSITIONS.map(([zone, day]) => {
  const middle = Date.parse(`${day}T12:00Z`);
  const days = 2 * MARGIN_DAYS + WATCHED_DAYS;
  return { zone, day, film: film(zone, middle - (days / 2) * DAY, days * 24 * 60) };
});

interface Field {
  readonly text: string;
  has(value: number): boolean;
}

function field(min: number, max: number): fc.Arbitrary<Field> {
  const list = fc
    .uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 })
    .map(values => ({ text: values.join(","), has: (value: number) => values.includes(value) }));
  const range = fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(ends => {
    const [from, to] = [Math.min(...ends), Math.max(...ends)];
    return { text: `${from}-${to}`, has: (value: number) => value >= from && value <= to };
  });
  return fc.oneof(list, range);
}

function anyField(min: number, max: number): fc.Arbitrary<Field> {
  const all = fc.constant({ text: "*", has: () => true });
  const steps = fc
    .integer({ min: 1, max: max - min + 1 })
    .map(step => ({ text: `*/${step}`, has: (value: number) => (value - min) % step === 0 }));
  return fc.oneof(all, steps);
}

/** Hours lean to the early ones, where transitions are. */
const hour = fc.oneof(field(0, 3), field(0, 23), anyField(0, 23));
const day = fc.oneof({ weight: 3, arbitrary: fc.constant({ text: "*", has: () => true }) }, field(1, 31));
const weekday = fc.oneof({ weight: 3, arbitrary: fc.constant({ text: "*", has: () => true }) }, field(0, 6));

function holdsAll(field: { has: (value: number) => boolean }, min: number, max: number): boolean {
  return Array.from({ length: max - min + 1 }, (_, index) => index + min).every(field.has);
}

const expression: fc.Arbitrary<OracleExpression> = fc
  .tuple(fc.oneof(field(0, 59), anyField(0, 59)), hour, day, weekday)
  .map(([minutes, hours, days, weekdays]) => ({
    text: `${minutes.text} ${hours.text} ${days.text} * ${weekdays.text}`,
    isAnyHour: hours.text.startsWith("*"),
    isMinute: minutes.has,
    isHour: hours.has,
    isDay: ({ day, weekday }) =>
      !holdsAll(days, 1, 31) && !holdsAll(weekdays, 0, 6)
        ? days.has(day) || weekdays.has(weekday)
        : days.has(day) && weekdays.has(weekday),
  }));

const dst: fc.Arbitrary<DstRule> = fc.record({
  gap: fc.constantFrom("run", "skip"),
  overlap: fc.constantFrom("first", "both"),
});

function text(tick: Tick): string {
  const kind = /^(shifted|first pass|second pass)/.exec(tick.note ?? "")?.[0] ?? "plain";
  return `${iso(tick.at)} ${kind}`;
}

describe("daylight saving, beside an oracle that walks every minute", () => {
  test.each(films)("around $day in $zone", ({ zone, film }) => {
    const from = film.fromMs + MARGIN_DAYS * DAY;
    const to = from + WATCHED_DAYS * DAY;
    fc.assert(
      fc.property(expression, dst, (cron, rule) => {
        const schedule = scheduleOf({ cron: [cron.text], timezone: zone, dst: rule });
        const expected = oracleTicks(matchesIn(film, cron), rule)
          .filter(tick => tick.at > from && tick.at <= to)
          .map(tick => `${iso(tick.at)} ${tick.kind}`);
        expect(ticksBetween(schedule, from, to).map(text)).toEqual(expected);
        expect(ticksBackwards(schedule, from, to).map(text)).toEqual(expected);
      }),
      { numRuns: 18 },
    );
  });
});
