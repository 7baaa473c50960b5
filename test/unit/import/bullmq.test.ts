import { describe, expect, it } from "vitest";
import { importBull } from "../../../src/import/bullmq.ts";
import { carryPattern } from "../../../src/import/bullmq-pattern.ts";
import { formatNote } from "../../../src/import/imported-jobs.ts";
import { writeJobsDocument } from "../../../src/import/jobs-document.ts";

it("carries no schedule over whose start is no time, and says so", () => {
  const entry = {
    ...({ key: "a", kind: "scheduler", nextMs: 0, name: "a", pattern: "* * * * *", everyMs: null } as const),
    timezone: null,
    startMs: 1e300,
    endMs: 1e17,
    limit: null,
    count: 1,
    data: {},
    options: {},
    hasTemplate: true,
  };
  const { text, notes } = writeJobsDocument(
    importBull({ queue: "mail", entries: [entry], timezone: "UTC", nowMs: 0, version: 6 }),
  );
  expect(text).toBeNull();
  expect(notes.map(formatNote)).toContain(
    "mail a: not carried over: start: found `1e+300`, expected a time with its zone, like 2026-12-24T18:00:00Z or 2026-12-24T18:00:00+01:00",
  );
});

describe("a pattern keeps the days that BullMQ gives it", () => {
  // What cron-parser 4.9 and 5.10 do with them.
  it.each([
    ["0 9 */1 * 1-5", 5, "0 9 */1 * 1-5"],
    ["0 9 1-31 * 1-5", 5, "0 9 1-31 * 1-5"],
    ["0 9 1-15,16-31 * 1", 5, "0 9 1-15,16-31 * 1"],
    ["0 9 1 * */1", 5, "0 9 1 * */1"],
    ["0 9 1 * 1-7", 5, "0 9 1 * 1-7"],
    ["0 9 1 * 0-6", 5, "0 9 * * *"],
    ["0 9 1 * sun-sat", 5, "0 9 * * *"],
    ["0 9 */1 * 1-5", 6, "0 9 * * *"],
    ["0 9 1-31 * 1-5", 6, "0 9 * * *"],
    ["15 0 9 1 2 0-7", 6, "15 0 9 * 2 *"],
    ["0 9 1 * 0-6", null, "0 9 * * *"],
    ["0 9 * * 1-5", 6, "0 9 * * 1-5"],
    ["0 9 ? * 1", 6, "0 9 ? * 1"],
    ["0 9 1-31 * *", 6, "0 9 1-31 * *"],
    ["0 0 1 * 5", 6, "0 0 1 * 5"],
  ])("%s of BullMQ %s", (pattern, version, cron) => {
    expect(carryPattern(pattern, version).cron).toBe(cron);
  });

  it("is told where it depends on a version that is not known, or on the month", () => {
    expect(carryPattern("0 9 */1 * 1-5", null).notes).toEqual([
      expect.stringMatching(/^which version of BullMQ read 0 9 \*\/1 \* 1-5 is not known/),
    ]);
    expect(carryPattern("0 9 1-30 * 1", 5).notes).toEqual([expect.stringMatching(/^in months that have/)]);
    expect(carryPattern("0 9 1-30 * 1", 6).notes).toEqual([]);
  });
});

it("begins a pattern after its start, as BullMQ does, and a period at it", () => {
  const entry = {
    ...({ kind: "scheduler", nextMs: 0, name: "a", timezone: null, endMs: null, limit: null } as const),
    count: 1,
    data: {},
    options: {},
    hasTemplate: true,
    startMs: Date.parse("2027-01-01T00:00:00Z"),
  };
  const entries = [
    { ...entry, key: "daily", pattern: "0 0 * * *", everyMs: null },
    { ...entry, key: "hourly", pattern: null, everyMs: 3_600_000 },
  ];
  const { jobs } = importBull({ queue: "mail", entries, timezone: "UTC", nowMs: 0, version: 6 });
  expect(jobs.map(({ definition }) => definition["start"])).toEqual([
    "2027-01-01T00:00:00.001Z",
    "2027-01-01T00:00:00Z",
  ]);
});
