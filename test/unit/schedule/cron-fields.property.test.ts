import { CronExpressionParser } from "cron-parser";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCronFields } from "../../../src/schedule/cron.ts";
import { iso, scheduleOf, ticksAfter, ticksBackwards } from "./setup.ts";

/** Single items only: cron-parser refuses lists whose items overlap. */
function field(min: number, max: number, ...special: string[]): fc.Arbitrary<string> {
  const value = fc.integer({ min, max });
  const range = fc.tuple(value, value).map(ends => `${Math.min(...ends)}-${Math.max(...ends)}`);
  const step = fc.integer({ min: 1, max: max - min + 1 });
  return fc.oneof(
    fc.constantFrom("*", ...special),
    value.map(String),
    range,
    fc.tuple(fc.constantFrom("*", String(min)), step).map(parts => parts.join("/")),
    fc.tuple(range, step).map(parts => parts.join("/")),
  );
}

const weekday = fc.oneof(
  field(0, 6, "*", "*"),
  fc
    .tuple(fc.integer({ min: 0, max: 6 }), fc.constantFrom("L", "#1", "#2", "#3", "#4"))
    .map(parts => parts.join("")),
);

const expression = fc
  .tuple(field(0, 59), field(0, 59), field(0, 23), field(1, 28, "L", "*"), field(1, 12), weekday)
  .map(fields => fields.join(" "));

/** To cron-parser 5 only `*` and `?` leave the days open; to us everything does that holds every day. */
function withPlainStars(text: string): string {
  const [day = "", month, weekday = ""] = text.split(" ").slice(3);
  const plainDay = /^[*1]\/1$/.test(day) ? "*" : day;
  const plainWeekday = /^([*0]\/1|0-6(\/1)?)$/.test(weekday) ? "*" : weekday;
  return [...text.split(" ").slice(0, 3), plainDay, month, plainWeekday].join(" ");
}

describe("cron fields, beside cron-parser in UTC", () => {
  test("match the same times, forwards and backwards", () => {
    const start = fc.integer({ min: Date.UTC(1999, 0), max: Date.UTC(2105, 0) }).map(ms => ms - (ms % 1_000));
    fc.assert(
      fc.property(expression, start, (text, from) => {
        const theirs = CronExpressionParser.parse(withPlainStars(text), { tz: "UTC", currentDate: from });
        const expected = theirs.take(5).map(date => iso(date.getTime()));
        const schedule = scheduleOf({ cron: [text] });
        const ours = ticksAfter(schedule, from, 5);
        expect(ours.map(tick => iso(tick.at))).toEqual(expected);
        expect(ticksBackwards(schedule, from, ours.at(-1)?.at ?? 0)).toEqual(ours);
      }),
      { numRuns: 150 },
    );
  });

  test("hold the same values, item by item", () => {
    const minutes = fc.oneof(
      field(0, 59),
      fc
        .tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 1, max: 60 }))
        .map(parts => parts.join("/")),
    );
    fc.assert(
      fc.property(minutes, weekday, (minute, day) => {
        const text = `${minute} 0 1 1 ${day}`;
        const { fields } = CronExpressionParser.parse(text, { tz: "UTC", currentDate: 0 });
        const ours = parseCronFields(text, "");
        if (!ours.ok) throw new Error(ours.problem);
        expect(ours.fields.minutes).toEqual(fields.minute.values);
        const days = fields.dayOfWeek.values
          .filter(value => typeof value === "number")
          .map(value => value % 7);
        const nth = fields.dayOfWeek.nthDay;
        expect(ours.fields.days.weekdays).toEqual(nth > 0 ? [] : [...new Set(days)].sort());
        expect(ours.fields.days.nthWeekdays).toEqual(nth > 0 ? days.map(value => value * 8 + nth) : []);
      }),
      { numRuns: 500 },
    );
  });
});
