import { describe, expect, it } from "vitest";
import { editDistance, nearest } from "../../../src/config/nearest.ts";

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

describe("nearest", () => {
  const keys = ["cron", "every", "at", "timezone", "catchUp", "catchUpWindow", "retry"];
  it.each([
    ["timezne", "timezone"],
    ["catchup", "catchUp"],
    ["catch_up", "catchUp"],
    ["evry", "every"],
    ["schedule", null],
    ["xx", null],
  ])("takes %s for %s", (word, key) => {
    expect(nearest(word, keys)).toBe(key);
  });
});
