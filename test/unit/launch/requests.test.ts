import { expect, it } from "vitest";
import { givenAnswerOf, runSuffixOf } from "../../../src/launch/requests.ts";

const REQUEST = { id: "r1", action: "trigger", job: "report" };
const STORED = JSON.stringify({
  action: "trigger",
  job: "report",
  outcome: "launched",
  value: "report@manual-1",
});

it("answers a request that is repeated as before", () => {
  expect(givenAnswerOf(REQUEST, STORED)).toEqual({ outcome: "launched", value: "report@manual-1" });
});

it.each([
  ["action", { ...REQUEST, action: "backfill" }],
  ["job", { ...REQUEST, job: "other" }],
])("refuses an id that named a request with another %s", (_, request) => {
  expect(() => givenAnswerOf(request, STORED)).toThrow(
    expect.objectContaining({
      code: "BW_REQUEST_REUSED",
      message: expect.stringContaining("trigger report"),
    }),
  );
});

it("names the runs of a repeated request in the same way, and those of another one differently", () => {
  expect(runSuffixOf(REQUEST)).toBe(runSuffixOf({ ...REQUEST }));
  expect(runSuffixOf(REQUEST)).not.toBe(runSuffixOf({ ...REQUEST, id: "r2" }));
});
