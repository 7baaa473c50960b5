import { describe, expect, test } from "vitest";
import { Calendar } from "../../../src/schedule/calendar.ts";
import { emptyScheduleIssue } from "../../../src/schedule/empty-schedule.ts";
import type { ScheduleSpec } from "../../../src/schedule/spec.ts";
import { scheduleOf, specOf } from "./setup.ts";

const at = Date.parse;
const DAY = 86_400_000;

function emptyScheduleIssueOf(parts: Partial<ScheduleSpec>): string | null {
  const found = emptyScheduleIssue(specOf(parts), scheduleOf(parts));
  return found && `${found.field}: ${found.problem}`;
}

/** A calendar that holds every day of its years. */
const always = {
  closed: new Calendar({
    name: "closed",
    stretches: [{ clock: "wall", start: 0, end: Date.UTC(2100, 0, 1) }],
  }),
};
const nightly = ["0 2 * * *"];

describe("a schedule without a tick", () => {
  const rows: [name: string, parts: Partial<ScheduleSpec>, problem: RegExp][] = [
    [
      "excepted by one expression",
      { cron: nightly, except: ["* 2 * * *"] },
      /^except: excludes every tick: /,
    ],
    ["excepted in two halves", { cron: nightly, except: ["* * 1-15 * *", "* * 16-31 * *"] }, /^except: /],
    [
      "of instants that are all excepted",
      { at: [at("2026-12-24T02:00Z")], except: ["2026-12-24"] },
      /^except: /,
    ],
    [
      "excepted by a calendar for all of its years",
      { cron: nightly, except: ["calendar:closed"], calendars: always },
      /^except: /,
    ],
    [
      "excepted between start and end",
      {
        cron: nightly,
        startMs: at("2026-12-24T00:00Z"),
        endMs: at("2026-12-25T00:00Z"),
        except: ["2026-12-24"],
      },
      /^except: excludes every tick between start and end: /,
    ],
    [
      "between start and end",
      { cron: nightly, startMs: at("2026-01-01T03:00Z"), endMs: at("2026-01-02T01:00Z") },
      /^end: no tick lies between start and end$/,
    ],
    [
      "after the start",
      { at: [at("2026-01-01T00:00Z")], startMs: at("2026-01-02T00:00Z") },
      /^start: no tick lies/,
    ],
    [
      "before the end",
      { at: [at("2026-01-02T00:00Z")], endMs: at("2026-01-01T00:00Z") },
      /^end: no tick lies/,
    ],
  ];
  test.each(rows)("%s is a problem", (_name, parts, problem) => {
    expect(emptyScheduleIssueOf(parts)).toMatch(problem);
  });

  const fine: [name: string, parts: Partial<ScheduleSpec>][] = [
    ["nothing is excepted", { cron: nightly }],
    [
      "an hour a year is left",
      { cron: ["0 * * * *"], except: ["* * * 1-11 *", "* * 1-30 * *", "* 0-22 * * *"] },
    ],
    ["the end has long passed", { cron: nightly, endMs: at("1999-01-01T00:00Z") }],
    [
      "start and end are one tick",
      { cron: nightly, startMs: at("2026-01-01T02:00Z"), endMs: at("2026-01-01T02:00Z") },
    ],
    [
      "a calendar leaves a day",
      {
        cron: nightly,
        except: ["calendar:most"],
        calendars: {
          most: new Calendar({
            name: "most",
            stretches: [
              { clock: "wall", start: 0, end: at("2090-01-01T00:00Z") },
              { clock: "wall", start: at("2090-01-01T00:00Z") + DAY, end: Date.UTC(2100, 0, 1) },
            ],
          }),
        },
      },
    ],
  ];
  test.each(fine)("is not seen where %s", (_name, parts) => {
    expect(emptyScheduleIssueOf(parts)).toBeNull();
  });
});
