import { describe, expect, it } from "vitest";
import { editDistance } from "../../../src/schedule/edit-distance.ts";

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["", "abc", 3],
    ["kitten", "sitting", 3],
    ["tiemzone", "timezone", 1],
    ["crn", "cron", 1],
  ])("between %j and %j is %d", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});
