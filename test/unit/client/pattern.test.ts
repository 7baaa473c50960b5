import { expect, it } from "vitest";
import { matcherOf } from "../../../src/client/pausing.ts";

it.each([
  ["nightly", "nightly", true],
  ["nightly", "nightly-2", false],
  ["*", "nightly", true],
  ["night*", "nightly", true],
  ["night*", "the-nightly", false],
  ["*ly", "nightly", true],
  ["*ght*", "nightly", true],
  ["n*t*y", "nightly", true],
  ["n*t*n", "nightly", false],
  ["ab*ba", "aba", false],
  ["a.*c", "abc", false],
  ["a**c", "ac", true],
])("the pattern %s for the job %s: %s", (pattern, name, isMatch) => {
  expect(matcherOf(pattern)(name)).toBe(isMatch);
});
