import { describe, expect, test } from "vitest";
import { createSchedule } from "../../../src/schedule/create-schedule.ts";
import type { ScheduleSpec } from "../../../src/schedule/spec.ts";
import { iso, scheduleOf, specOf, ticksAfter, ticksBackwards } from "./setup.ts";

const instant = Date.parse;

describe("ticks", () => {
  const rows: [name: string, parts: Partial<ScheduleSpec>, after: string, ticks: string[]][] = [
    [
      "every: multiples of the period since the epoch",
      { everyMs: 45_000 },
      "2026-01-01T00:00:01Z",
      ["2026-01-01T00:00:45Z", "2026-01-01T00:01:30Z", "2026-01-01T00:02:15Z"],
    ],
    [
      "every: periods below a second",
      { everyMs: 250 },
      "2026-01-01T00:00Z",
      ["2026-01-01T00:00:00.250Z", "2026-01-01T00:00:00.500Z"],
    ],
    [
      "at: the listed instants, each once, in order, and no more",
      { at: ["2026-03-01T00:00Z", "2026-01-02T00:00Z", "2026-01-02T00:00Z"].map(instant) },
      "2026-01-01T00:00Z",
      ["2026-01-02T00:00Z", "2026-03-01T00:00Z", "never"],
    ],
    [
      "several expressions: ticks at the same instant are one",
      { cron: ["0 3 * * *", "0 3,4 * * *"] },
      "2026-01-01T00:00Z",
      ["2026-01-01T03:00Z", "2026-01-01T04:00Z", "2026-01-02T03:00Z"],
    ],
    [
      "start and end count themselves",
      { cron: ["0 * * * *"], startMs: instant("2026-01-01T05:00Z"), endMs: instant("2026-01-01T07:00Z") },
      "2020-01-01T00:00Z",
      ["2026-01-01T05:00Z", "2026-01-01T06:00Z", "2026-01-01T07:00Z", "never"],
    ],
    [
      "every between start and end",
      { everyMs: 60_000, startMs: instant("2026-01-01T05:00:30Z"), endMs: instant("2026-01-01T05:01:30Z") },
      "2020-01-01T00:00Z",
      ["2026-01-01T05:01Z", "never"],
    ],
    [
      "an excepted local date",
      { cron: ["0 0,23 * * *"], timezone: "Asia/Tokyo", except: ["2026-01-02"] },
      "2026-01-01T00:00Z",
      ["2026-01-01T14:00Z", "2026-01-02T15:00Z", "2026-01-03T14:00Z"],
    ],
    [
      "an excepted date whose midnight does not exist",
      { cron: ["0 * * * *"], timezone: "Africa/Cairo", except: ["2026-04-24"] },
      "2026-04-23T20:30Z",
      ["2026-04-23T21:00Z", "2026-04-24T21:00Z"],
    ],
    [
      "an excepted instant",
      { cron: ["0 3 * * *"], except: ["2026-01-02T04:00:00+01:00"] },
      "2026-01-01T00:00Z",
      ["2026-01-01T03:00Z", "2026-01-03T03:00Z"],
    ],
    [
      "an excepted cron expression is read on the wall clock of the schedule",
      { cron: ["0 12 * * *"], timezone: "America/New_York", except: ["* 12 * * mon-fri"] },
      "2026-01-01T00:00Z",
      ["2026-01-03T17:00Z", "2026-01-04T17:00Z", "2026-01-10T17:00Z"],
    ],
    [
      "an excepted minute takes all of its seconds",
      { cron: ["*/30 * * * * *"], except: ["1 * * * *"] },
      "2026-01-01T00:00:30Z",
      ["2026-01-01T00:02Z", "2026-01-01T00:02:30Z"],
    ],
    [
      "six fields except single seconds",
      { cron: ["*/30 * * * * *"], except: ["30 1 * * * *"] },
      "2026-01-01T00:00:30Z",
      ["2026-01-01T00:01Z", "2026-01-01T00:02Z"],
    ],
    [
      "exceptions hold for every as well, in the given zone",
      { everyMs: 3_600_000, timezone: "Europe/Berlin", except: ["* 1-23 * * *"] },
      "2026-01-01T00:00Z",
      ["2026-01-01T23:00Z", "2026-01-02T23:00Z"],
    ],
    [
      "a shifted tick is excepted by where it lands",
      { cron: ["30 2 * * *"], timezone: "America/New_York", except: ["* 3 * * *"] },
      "2026-03-07T12:00Z",
      ["2026-03-09T06:30Z"],
    ],
    [
      "exceptions that overlap and leave an hour a year",
      { cron: ["* * * * * *"], except: ["* * * 1-11 *", "* * 1-30 * *", "* 0-22 * * *", "0-58 * * * *"] },
      "2026-01-01T00:00Z",
      ["2026-12-31T23:59Z", "2026-12-31T23:59:01Z"],
    ],
  ];
  test.each(rows)("%s", (_name, parts, after, expected) => {
    const schedule = scheduleOf(parts);
    const found = ticksAfter(schedule, after, expected.length);
    const texts = found.map(tick => iso(tick.at));
    expect(texts.length < expected.length ? [...texts, "never"] : texts).toEqual(expected);
    expect(ticksBackwards(schedule, instant(after), found.at(-1)?.at ?? 0)).toEqual(found);
  });

  test.each([
    ["by days", ["* * * * *"]],
    ["by minutes", ["0 * * * *"]],
    ["by seconds", ["0 0 * * * *"]],
    ["one half each", ["* 0-11 * * *", "* 12-23 * * *"]],
  ])("a schedule that is excepted altogether, %s, has no tick and does not hang", (_name, except) => {
    const schedule = scheduleOf({ cron: ["0 * * * *"], except });
    expect(schedule.next(instant("2026-01-01T00:00Z"))).toBeNull();
    expect(schedule.next(instant("2027-01-01T00:00Z"))).toBeNull();
    expect(schedule.previous(instant("2026-01-01T00:00Z"))).toBeNull();
  });
});

describe("count", () => {
  const from = instant("2026-01-01T00:00Z");
  const aDayLater = from + 86_400_000;

  test("counts the end, not the start", () => {
    expect(scheduleOf({ cron: ["0 * * * *"] }).count(from, aDayLater, 100)).toEqual({
      count: 24,
      isExact: true,
    });
  });

  test("stops at the limit and says so", () => {
    expect(scheduleOf({ cron: ["0 * * * *"] }).count(from, aDayLater, 10)).toEqual({
      count: 10,
      isExact: false,
    });
  });

  test("is exact for every, however many there are", () => {
    expect(scheduleOf({ everyMs: 1 }).count(from, aDayLater, 10)).toEqual({
      count: 86_400_000,
      isExact: true,
    });
  });

  test("of every keeps to start and end", () => {
    const schedule = scheduleOf({ everyMs: 1_000, startMs: from + 5_000, endMs: from + 9_000 });
    expect(schedule.count(from, aDayLater, 10)).toEqual({ count: 5, isExact: true });
    expect(schedule.count(aDayLater, aDayLater + 1_000, 10)).toEqual({ count: 0, isExact: true });
  });
});

describe("jitter", () => {
  const tickAtMs = instant("2026-01-01T00:00Z");

  test("is the same for the same job and tick", () => {
    expect(scheduleOf({ everyMs: 1_000, jitterMs: 30_000 }).jitterOf(tickAtMs)).toBe(
      scheduleOf({ cron: ["* * * * *"], jitterMs: 30_000 }).jitterOf(tickAtMs),
    );
  });

  test("spreads over [0, jitter), by job and by tick", () => {
    const byTick = scheduleOf({ everyMs: 1_000, jitterMs: 10 });
    const offsets = Array.from({ length: 500 }, (_, i) => byTick.jitterOf(tickAtMs + i * 1_000));
    expect(new Set(offsets)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    const byJob = Array.from({ length: 500 }, (_, i) =>
      scheduleOf({ everyMs: 1_000, jitterMs: 10, seed: `job-${i}` }).jitterOf(tickAtMs),
    );
    expect(new Set(byJob).size).toBe(10);
  });

  test("is 0 when there is none", () => {
    expect(scheduleOf({ everyMs: 1_000 }).jitterOf(tickAtMs)).toBe(0);
  });
});

describe("problems", () => {
  const rows: [name: string, parts: Partial<ScheduleSpec>, problems: [place: string, text: RegExp][]][] = [
    [
      "every mistake is reported at once, with its place",
      {
        cron: ["0 0 * * *", "* * *", "61 * * * *"],
        timezone: "Mars/Base",
        except: ["2026-01-01", "noon"],
        jitterMs: -1,
      },
      [
        ["jitter", /-1 ms is not a jitter/],
        ["timezone", /"Mars\/Base" is not a time zone/],
        ["cron 1", /found 3 fields/],
        ["cron 2", /61 is outside 0-59/],
        ["except 1", /found 1 field:/],
      ],
    ],
    ["no kind of schedule", {}, [["cron", /exactly one of cron, every and at, found none/]]],
    ["two kinds of schedule", { cron: ["* * * * *"], everyMs: 5 }, [["cron", /found 2 of them/]]],
    ["an empty list of expressions", { cron: [] }, [["cron", /list of expressions is empty/]]],
    ["an empty list of instants", { at: [] }, [["at", /list of instants is empty/]]],
    ["an instant that is none", { at: [0, Number.NaN] }, [["at 1", /NaN is not an instant/]]],
    ["a period of nothing", { everyMs: 0 }, [["every", /0 ms is not a period/]]],
    ["a period with a fraction", { everyMs: 1.5 }, [["every", /1.5 ms is not a period/]]],
    ["an end before the start", { everyMs: 1, startMs: 2, endMs: 1 }, [["end", /before the start/]]],
    ["a date that does not exist", { everyMs: 1, except: ["2026-02-30"] }, [["except 0", /not a date/]]],
    [
      "an instant without an offset",
      { everyMs: 1, except: ["2026-02-03T04:05"] },
      [["except 0", /has no offset/]],
    ],
    ["an exception that never fires", { everyMs: 1, except: ["* * 31 2 *"] }, [["except 0", /never fires/]]],
  ];
  test.each(rows)("%s", (_name, parts, expected) => {
    const result = createSchedule(specOf(parts));
    const problems = result.ok ? [] : result.issues;
    const places = problems.map(({ field, index }) => (index === undefined ? field : `${field} ${index}`));
    expect(places).toEqual(expected.map(([place]) => place));
    for (const [i, [, text]] of expected.entries()) expect(problems[i]?.problem).toMatch(text);
  });
});

describe("fingerprint", () => {
  const base: Partial<ScheduleSpec> = { cron: ["*/15 3 * * mon"], timezone: "Europe/Berlin" };
  const same: [name: string, parts: Partial<ScheduleSpec>][] = [
    ["written in another way", { ...base, cron: ["  0,15,30,45  3 * *  1"] }],
    ["given twice", { ...base, cron: ["*/15 3 * * 1", "*/15 3 * * mon"] }],
    ["for another job", { ...base, seed: "other" }],
    ["with a jitter", { ...base, jitterMs: 1_000 }],
  ];
  test.each(same)("does not change for the same ticks %s", (_name, parts) => {
    expect(scheduleOf(parts).fingerprint).toBe(scheduleOf(base).fingerprint);
  });

  const other: [name: string, parts: Partial<ScheduleSpec>][] = [
    ["expression", { ...base, cron: ["*/15 4 * * mon"] }],
    ["zone", { ...base, timezone: "Europe/Paris" }],
    ["rule for the gap", { ...base, dst: { gap: "skip", overlap: "first" } }],
    ["rule for the repeated hour", { ...base, dst: { gap: "run", overlap: "both" } }],
    ["start", { ...base, startMs: 0 }],
    ["end", { ...base, endMs: 0 }],
    ["exception", { ...base, except: ["2026-12-24"] }],
  ];
  test.each(other)("changes with another %s", (_name, parts) => {
    expect(scheduleOf(parts).fingerprint).not.toBe(scheduleOf(base).fingerprint);
  });

  test("follows the job's name where the expression is hashed", () => {
    const of = (seed: string) => scheduleOf({ cron: ["H H * * *"], seed }).fingerprint;
    expect(of("a")).toBe(of("a"));
    expect(of("a")).not.toBe(of("b"));
  });

  test("of every does not hang on the zone, which defines none of its ticks", () => {
    const of = (timezone: string) => scheduleOf({ everyMs: 1_000, timezone }).fingerprint;
    expect(of("UTC")).toBe(of("Asia/Tokyo"));
  });
});
