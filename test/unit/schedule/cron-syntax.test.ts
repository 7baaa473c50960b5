import { describe, expect, test } from "vitest";
import { parseCron } from "../../../src/schedule/cron.ts";
import { iso, RUN_FIRST, ticksAfter } from "./setup.ts";

function parse(text: string, seed = "nightly-report") {
  return parseCron(text, { timezone: "UTC", seed, dst: RUN_FIRST });
}

function ticks(text: string, after: string, count: number, seed?: string): string[] {
  const parsed = parse(text, seed);
  if (!parsed.ok) throw new Error(parsed.problem);
  return ticksAfter(parsed.expression, after, count).map(tick => iso(tick.at));
}

describe("accepted expressions", () => {
  // 2026-01-01 is a Thursday.
  const rows: [name: string, text: string, first: string, second: string][] = [
    ["five fields", "15 3 * * *", "2026-01-01T03:15Z", "2026-01-02T03:15Z"],
    ["six fields, seconds first", "30 15 3 * * *", "2026-01-01T03:15:30Z", "2026-01-02T03:15:30Z"],
    ["white space around and between", "  15\t3  * * * ", "2026-01-01T03:15Z", "2026-01-02T03:15Z"],
    ["steps from the start", "*/25 3 * * *", "2026-01-01T03:00Z", "2026-01-01T03:25Z"],
    ["steps from a value", "10/25 3 * * *", "2026-01-01T03:10Z", "2026-01-01T03:35Z"],
    ["steps in a range", "10-50/20 3 * * *", "2026-01-01T03:10Z", "2026-01-01T03:30Z"],
    ["a step as long as the field", "*/60 * * * *", "2026-01-01T01:00Z", "2026-01-01T02:00Z"],
    ["lists whose items overlap", "1-5,3,5 3 * * *", "2026-01-01T03:01Z", "2026-01-01T03:02Z"],
    ["month names", "0 0 1 FEB,apr *", "2026-02-01T00:00Z", "2026-04-01T00:00Z"],
    ["weekday names", "0 0 * * mon-Fri", "2026-01-02T00:00Z", "2026-01-05T00:00Z"],
    ["weeks that end on Sunday", "0 0 * * sat-sun", "2026-01-03T00:00Z", "2026-01-04T00:00Z"],
    ["7 is Sunday as well", "0 0 * * 0,7", "2026-01-04T00:00Z", "2026-01-11T00:00Z"],
    ["? for any day", "0 0 ? * 1", "2026-01-05T00:00Z", "2026-01-12T00:00Z"],
    ["either day field, when both are given", "0 0 13 * 5", "2026-01-02T00:00Z", "2026-01-09T00:00Z"],
    ["*/1 is every day, so weekdays count", "0 0 */1 * 1-5", "2026-01-02T00:00Z", "2026-01-05T00:00Z"],
    ["1-31 is every day, too", "0 0 1-31 * mon", "2026-01-05T00:00Z", "2026-01-12T00:00Z"],
    ["and 1-30 with the last one", "0 0 1-15,16-30,L * mon", "2026-01-05T00:00Z", "2026-01-12T00:00Z"],
    ["0-6 is every weekday, so days count", "0 0 13 * 0-6", "2026-01-13T00:00Z", "2026-02-13T00:00Z"],
    ["names in any order, too", "0 0 13 * fri-sun,mon-thu", "2026-01-13T00:00Z", "2026-02-13T00:00Z"],
    ["and */1", "0 0 13 * */1", "2026-01-13T00:00Z", "2026-02-13T00:00Z"],
    ["sun-sun is one day", "0 0 * * sun-sun", "2026-01-04T00:00Z", "2026-01-11T00:00Z"],
    ["0-sun, 7-sun and 7-7 as well", "0 0 * * 0-sun,7-SUN,7-7", "2026-01-04T00:00Z", "2026-01-11T00:00Z"],
    ["one day with a step", "0 0 * * sun-sun/2", "2026-01-04T00:00Z", "2026-01-11T00:00Z"],
    ["a month to itself", "0 0 1 feb-feb *", "2026-02-01T00:00Z", "2027-02-01T00:00Z"],
    ["a day to itself", "0 0 13-13 * *", "2026-01-13T00:00Z", "2026-02-13T00:00Z"],
    ["L, the last day of the month", "0 0 L * *", "2026-01-31T00:00Z", "2026-02-28T00:00Z"],
    ["L beside other days", "0 0 30,L * *", "2026-01-30T00:00Z", "2026-01-31T00:00Z"],
    ["5L, the last Friday", "0 0 * * 5L", "2026-01-30T00:00Z", "2026-02-27T00:00Z"],
    ["friL by name", "0 0 * * friL", "2026-01-30T00:00Z", "2026-02-27T00:00Z"],
    ["5#3, the third Friday", "0 0 * * 5#3", "2026-01-16T00:00Z", "2026-02-20T00:00Z"],
    ["several nth weekdays", "0 0 * * 1#1,fri#3", "2026-01-05T00:00Z", "2026-01-16T00:00Z"],
    ["31 days where the month has them", "0 0 31 * *", "2026-01-31T00:00Z", "2026-03-31T00:00Z"],
    ["a day of one month of several", "0 0 30 2,3 *", "2026-03-30T00:00Z", "2027-03-30T00:00Z"],
    ["leap days", "0 0 29 2 *", "2028-02-29T00:00Z", "2032-02-29T00:00Z"],
    ["once in 28 years", "0 0 * 2 5#5", "2036-02-29T00:00Z", "2064-02-29T00:00Z"],
    ["@yearly", "@yearly", "2027-01-01T00:00Z", "2028-01-01T00:00Z"],
    ["@annually", "@annually", "2027-01-01T00:00Z", "2028-01-01T00:00Z"],
    ["@monthly", "@monthly", "2026-02-01T00:00Z", "2026-03-01T00:00Z"],
    ["@weekly", "@weekly", "2026-01-04T00:00Z", "2026-01-11T00:00Z"],
    ["@daily", "@daily", "2026-01-02T00:00Z", "2026-01-03T00:00Z"],
    ["@midnight", "@midnight", "2026-01-02T00:00Z", "2026-01-03T00:00Z"],
    ["@hourly", "@hourly", "2026-01-01T01:00Z", "2026-01-01T02:00Z"],
  ];
  test.each(rows)("%s: %s", (_name, text, first, second) => {
    expect(ticks(text, "2026-01-01T00:00Z", 2)).toEqual([first, second]);
  });
});

describe("refused expressions", () => {
  const rows: [name: string, text: string, problem: RegExp][] = [
    ["an empty string", "", /found 0 fields: expected 5 .* or 6 with seconds first/],
    ["too few fields", "* * *", /found 3 fields/],
    ["too many fields", "0 0 1 1 * * 2026", /found 7 fields/],
    ["@reboot", "@reboot", /@reboot is not known: expected @yearly, .* or fields/],
    ["the name of a property that every object has", "__proto__", /found 1 field: expected 5/],
    ["another one", "constructor", /found 1 field: expected 5/],
    ["an alias of cron-parser only", "@weekdays", /@weekdays is not known/],
    ["a minute too large", "60 * * * *", /minute "60": 60 is outside 0-59/],
    ["an hour too large", "0 24 * * *", /hour "24": 24 is outside 0-23/],
    ["day 0", "0 0 0 * *", /day of month "0": 0 is outside 1-31/],
    ["month 13", "0 0 1 13 *", /month "13": 13 is outside 1-12 or jan-dec/],
    ["weekday 8", "0 0 * * 8", /day of week "8": 8 is outside 0-7 or sun-sat/],
    ["a word", "0 0 * * someday", /"someday" is not a value: expected 0-7 or sun-sat/],
    ["names run together", "0 0 1 janfeb *", /"janfeb" is not a value/],
    ["a fraction", "1.5 * * * *", /"1.5" is not a value/],
    ["a sign", "+5 * * * *", /"\+5" is not a value/],
    ["a negative value", "-5 * * * *", /"-5" is a part of a field/],
    ["a zone in front", "TZ=Europe/Berlin 0 9 * * *", /write timezone: Europe\/Berlin beside it/],
    ["a zone of cron's in front", "CRON_TZ=UTC 0 9 * * *", /write timezone: UTC beside it/],
    ["@every", "@every 5m", /write every: 5m instead of cron/],
    ["a blank in a list", "0 9, 17 * * *", /"9," is a part of a field: .* without blanks/],
    ["a blank around a range", "0 9 * * 1 - 5", /"-" is a part of a field/],
    ["an empty list item", "1,,2 * * * *", /a list item is empty/],
    ["a range backwards", "0 22-2 * * *", /"22-2" runs backwards: write 22-23,0-2/],
    ["Sunday to Sunday", "0 0 * * sun-7", /write sun for that day, or \* for every day/],
    ["a range of three", "0 1-2-3 * * *", /"1-2-3" is not a range/],
    ["step 0", "*/0 * * * *", /step "0" is not a number from 1 to 60/],
    ["a step that never repeats", "*/90 * * * *", /step "90" is not a number from 1 to 60/],
    ["two steps", "*/5/2 * * * *", /more than one step/],
    ["EventBridge's year", "0 10 * * ? *", /looks like EventBridge, whose sixth field is the year/],
    ["EventBridge's year after weekdays", "0 18 ? * MON-FRI *", /looks like EventBridge/],
    ["EventBridge's brackets", "cron(0 10 * * ? *)", /looks like EventBridge.* write five fields/],
    ["EventBridge's rate", "rate(5 minutes)", /looks like EventBridge.* every instead of rate/],
    ["cronie's random value", "0~30 3 * * *", /~ is a random value of cronie: write H/],
    ["? outside the day fields", "? * * * *", /\? is for the day fields only; write \*/],
    ["? in a list", "0 0 ?,5 * *", /\? must stand alone/],
    ["? with a step", "0 0 ?/2 * *", /takes no step/],
    ["L without a weekday", "0 0 * * L", /L needs a weekday in front/],
    ["L in the hours", "0 L * * *", /"L" is not a value/],
    ["L with a distance", "0 0 L-3 * *", /L-3 is not supported: only L/],
    ["the nearest weekday", "0 0 15W * *", /15W, the nearest working day, is not supported/],
    ["a sixth Friday", "0 0 * * 5#6", /expected a weekday, # and 1 to 5/],
    ["# among days of month", "0 0 5#1 * *", /"5#1" is not a value/],
    ["a hash with one bound", "H(5) * * * *", /expected two bounds, as in H\(0-59\)/],
    ["a hash out of bounds", "H(0-60) * * * *", /60 is outside 0-59/],
    ["a small h", "h * * * *", /"h" is not a value/],
    ["31 February", "0 0 31 2 *", /never fires/],
    ["31 April and June", "0 0 31 4,6 *", /never fires/],
    ["30 February", "0 0 30 2 *", /never fires/],
  ];
  test.each(rows)("%s: %s", (_name, text, problem) => {
    const parsed = parse(text);
    expect(parsed.ok ? "accepted" : parsed.problem).toMatch(problem);
  });

  test("names the zone that was probably meant", () => {
    const parsed = parseCron("* * * * *", { timezone: "Europe/Berln", seed: "", dst: RUN_FIRST });
    expect(parsed.ok ? "accepted" : parsed.problem).toMatch(
      /"Europe\/Berln" is not a time zone.*did you mean Europe\/Berlin\?/,
    );
  });
});

describe("H", () => {
  test("is the same for the same name on every replica, and for every version", () => {
    expect(ticks("H H * * *", "2026-01-01T00:00Z", 1, "nightly-report")).toEqual(["2026-01-01T18:22Z"]);
  });

  test("spreads names over the whole field", () => {
    const minutes = new Set(
      Array.from({ length: 1_000 }, (_, i) => ticks("H * * * *", "2026-01-01T00:00Z", 1, `job-${i}`)[0]),
    );
    expect(minutes.size).toBe(60);
  });

  test("is set for an empty name, too", () => {
    expect(ticks("H H * * *", "2026-01-01T00:00Z", 1, "")).toEqual(
      ticks("H H * * *", "2026-01-01T00:00Z", 1, ""),
    );
  });

  test("stays on days that every month has", () => {
    const days = Array.from(
      { length: 500 },
      (_, i) => ticks("0 0 H 2 *", "2026-01-01T00:00Z", 1, `job-${i}`)[0],
    );
    expect(days.every(day => day?.startsWith("2026-02-"))).toBe(true);
  });

  test("stays inside its bounds", () => {
    for (let i = 0; i < 200; i++) {
      const [first = ""] = ticks("H(10-12) * * * *", "2026-01-01T00:00Z", 1, `job-${i}`);
      expect(["2026-01-01T00:10Z", "2026-01-01T00:11Z", "2026-01-01T00:12Z"]).toContain(first);
    }
  });

  test("with a step keeps the distance and moves the start", () => {
    for (let i = 0; i < 50; i++) {
      const [a = "", b = "", c = ""] = ticks("H/20 * * * *", "2025-12-31T23:59Z", 3, `job-${i}`);
      expect(Date.parse(b) - Date.parse(a)).toBe(20 * 60_000);
      expect(Date.parse(c) - Date.parse(b)).toBe(20 * 60_000);
    }
  });
});

describe("sharing", () => {
  const of = (text: string, seed: string, timezone = "UTC") => {
    const parsed = parseCron(text, { timezone, seed, dst: RUN_FIRST });
    return parsed.ok ? parsed.expression : null;
  };

  test("jobs with the same expression share one object", () => {
    expect(of("7 3 * * *", "a")).toBe(of("7 3 * * *", "b"));
  });

  test("expressions that mean the same share one object", () => {
    expect(of("*/30 4 * * mon", "a")).toBe(of("0,30 4 * * 1", "b"));
  });

  test("zones do not share", () => {
    expect(of("7 3 * * *", "a")).not.toBe(of("7 3 * * *", "a", "Europe/Berlin"));
  });

  test("an hour field that begins with * is not the one that lists all hours", () => {
    expect(of("0 * * * *", "a")).not.toBe(of("0 0-23 * * *", "a"));
  });
});
