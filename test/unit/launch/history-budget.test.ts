import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { estimateOf, levelOf, nextPass, type PassQuestion } from "../../../src/launch/history-budget.ts";

const SAMPLE = { jobs: 3, bytes: [10, 20, 70], entries: [1, 2, 7] };
const QUESTION: PassQuestion = {
  ...{ sample: SAMPLE, budgetBytes: 1_000, isShortened: false, last: null, countedAtMs: null, nowMs: 0 },
};
const LAST = { mode: "fold", level: 50, bytes: 100, folded: 5, dropped: 0 } as const;

test("an estimate of all jobs is their sum", () => {
  expect(estimateOf(SAMPLE)).toEqual({ bytes: 100, entries: 10, errorBytes: 0 });
  expect(estimateOf({ jobs: 0, bytes: [], entries: [] })).toEqual({ bytes: 0, entries: 0, errorBytes: 0 });
});

test("an estimate of some jobs is off by no more than its error, in about 19 of 20 samples", () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  const all = Array.from({ length: 5_000 }, () => Math.round(random() ** 4 * 60_000));
  const sum = all.reduce((a, b) => a + b, 0);
  const isWithin = Array.from({ length: 200 }, () => {
    const bytes = all.toSorted(() => random() - 0.5).slice(0, 300);
    const found = estimateOf({ jobs: all.length, bytes, entries: bytes });
    return Math.abs(found.bytes - sum) <= found.errorBytes;
  });
  expect(isWithin.filter(Boolean).length).toBeGreaterThan(180);
});

test("all jobs cut to the level take the share, and the level is no higher than it must be", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(sizes, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (bytes, share) => {
      const sum = bytes.reduce((a, b) => a + b, 0);
      const cutTo = (level: number) => bytes.reduce((a, b) => a + Math.min(b, level), 0);
      const level = levelOf(bytes, share);
      expect(cutTo(level)).toBeLessThanOrEqual(sum * share + 1e-6);
      expect(cutTo(level + 1)).toBeGreaterThan(sum * share - 1e-6);
    }),
  );
});

describe("the next pass", () => {
  const sampled = { jobs: 300, bytes: [10, 20, 70], entries: [1, 2, 7] };
  test.each([
    ["rests below the budget", {}, "rest"],
    ["rests without a budget", { budgetBytes: null }, "rest"],
    ["measures where perJob is lower than before", { isShortened: true }, { mode: "measure", level: 0 }],
    ["folds above the budget", { budgetBytes: 90 }, { mode: "fold", level: 51 }],
    [
      "measures where the estimate may be on either side",
      { sample: sampled, budgetBytes: 10_500 },
      { mode: "measure", level: 0 },
    ],
    [
      "does not measure that again for a while",
      { sample: sampled, budgetBytes: 10_500, countedAtMs: 0 },
      "rest",
    ],
    [
      "measures it again later",
      { sample: sampled, budgetBytes: 10_500, countedAtMs: -600_000 },
      { mode: "measure", level: 0 },
    ],
    ["folds on to a lower level", { budgetBytes: 90, last: LAST }, { mode: "fold", level: 35 }],
    [
      "drops where nothing was left to fold",
      { budgetBytes: 90, last: { ...LAST, folded: 0 } },
      { mode: "drop", level: 51 },
    ],
    [
      "drops on to a lower level",
      { budgetBytes: 90, last: { ...LAST, mode: "drop", dropped: 1 } },
      { mode: "drop", level: 35 },
    ],
    [
      "gives up where nothing is left",
      { budgetBytes: 90, last: { ...LAST, mode: "drop", folded: 0 } },
      "over",
    ],
    ["rests when a pass was enough", { budgetBytes: 100, last: LAST }, "rest"],
  ] as const)("%s", (_, changes, expected) => {
    expect(nextPass({ ...QUESTION, ...changes } as PassQuestion)).toEqual(expected);
  });
});
