import { expect, test } from "vitest";
import { counted, duration, shown, wholeSeconds } from "../../../src/dashboard/words.ts";

test.each([
  [null, "–"],
  [0, "0 ms"],
  [999.4, "999 ms"],
  [1_000, "1.0 s"],
  [9_999, "9.9 s"],
  [59_999, "59 s"],
  [61_000, "1 min 1 s"],
  [3_600_000, "1 h"],
  [90_061_000, "1 d 1 h"],
  [-3, "−3 ms"],
  [Number.NaN, "–"],
])("%s ms reads %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [0, "0 s"],
  [1_500, "1 s"],
  [9_999, "9 s"],
  [12_345, "12 s"],
  [61_000, "1 min 1 s"],
])("a countdown of %s ms reads %s", (ms, text) => {
  expect(wholeSeconds(ms)).toBe(text);
});

test("counts have their noun", () => {
  expect([counted(1, "job"), counted(0, "job"), counted(10_240, "launch", "launches")]).toEqual([
    "1 job",
    "0 jobs",
    "10,240 launches",
  ]);
});

test("what JSON holds is text", () => {
  expect([shown(null), shown("a"), shown(0), shown({ a: 1 })]).toEqual(["–", "a", "0", '{\n  "a": 1\n}']);
});
