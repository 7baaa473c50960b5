import { describe, expect, it } from "vitest";
import { nearest } from "../../../src/config/nearest.ts";

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
