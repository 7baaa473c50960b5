import { expect, test } from "vitest";
import { CALM_MS, ofJob, pacedMs, SOON_MS } from "../../../src/dashboard/resource.ts";

test.for([
  { name: "a run of the job that failed", type: "run", data: { job: "mail" }, apartMs: SOON_MS },
  { name: "a pause of the job", type: "job", data: { name: "mail" }, apartMs: SOON_MS },
  { name: "a new leader", type: "leader", data: {}, apartMs: CALM_MS },
  {
    name: "launches of the job, which may come each second",
    type: "counts",
    data: { jobs: ["a", "mail"] },
    apartMs: CALM_MS,
  },
  { name: "launches of other jobs", type: "counts", data: { jobs: ["a"] }, apartMs: null },
  { name: "a pause of another job", type: "job", data: { name: "a" }, apartMs: null },
])("the page of a job reads again after $name", ({ type, data, apartMs }) => {
  expect(ofJob("mail")({ type, id: null, data })).toBe(apartMs);
});

test.for([
  {
    name: "a single change, however long the last read took",
    apartMs: SOON_MS,
    tookMs: 900,
    expected: SOON_MS,
  },
  { name: "constant changes, read fast", apartMs: CALM_MS, tookMs: 20, expected: CALM_MS },
  { name: "constant changes, read slowly", apartMs: CALM_MS, tookMs: 500, expected: 10_000 },
])("the least time between two reads for $name", ({ apartMs, tookMs, expected }) => {
  expect(pacedMs(apartMs, tookMs)).toBe(expected);
});
