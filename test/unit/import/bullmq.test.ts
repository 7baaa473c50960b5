import { expect, it } from "vitest";
import { importBull } from "../../../src/import/bullmq.ts";
import { formatNote } from "../../../src/import/imported-jobs.ts";
import { writeJobsDocument } from "../../../src/import/jobs-document.ts";

it("carries no schedule over whose start is no time, and says so", () => {
  const entry = {
    ...({ key: "a", kind: "scheduler", nextMs: 0, name: "a", pattern: "* * * * *", everyMs: null } as const),
    ...{ timezone: null, startMs: 1e300, endMs: 1e17, limit: null, count: 1, data: {}, options: {} },
    hasTemplate: true,
  };
  const { text, notes } = writeJobsDocument(
    importBull({ queue: "mail", entries: [entry], timezone: "UTC", nowMs: 0 }),
  );
  expect(text).toBeNull();
  expect(notes.map(formatNote)).toContain(
    "mail a: not carried over: start: found `1e+300`, expected a time with its zone, like 2026-12-24T18:00:00Z or 2026-12-24T18:00:00+01:00",
  );
});
