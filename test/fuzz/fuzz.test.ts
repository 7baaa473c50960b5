import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fuzz } from "./fuzz.ts";
import { formatReport } from "./fuzz-report.ts";
import { mutatedTree } from "./mutations.ts";
import { withinTime } from "./time-limit.ts";

/** Always the same inputs, so that a change is only blamed for what it broke. `npm run fuzz` draws a seed from the clock. */
const SEED = Number(process.env["FUZZ_SEED"] ?? 416_467);
const DURATION_MS = 10_000;
const MAX_TURNS = 8;

it(`finds nothing that crashes, hangs or contradicts itself (seed ${SEED})`, async () => {
  const report = await fuzz({ seed: SEED, durationMs: DURATION_MS, maxTurns: MAX_TURNS, only: null });
  console.log(`seed ${SEED}\n${formatReport(report)}`);
  expect(report.findings).toEqual([]);
});

it("draws no tree that holds itself", () => {
  const draw = () => fc.sample(mutatedTree(fc.constant({ jobs: [1] })), { seed: 1, numRuns: 5_000 });
  expect(draw()).toEqual(draw());
});

describe("what keeps an input from hanging the fuzzer", () => {
  it("ends a regular expression that would go on for years", () => {
    const slow = /^(a+)+$/;
    expect(() => withinTime(50, () => slow.test(`${"a".repeat(60)}b`))).toThrow(/timed out/);
  });

  it("passes on what the function returns and throws", () => {
    const failure = new Error("it is broken");
    expect(withinTime(10_000, () => 7)).toBe(7);
    expect(() =>
      withinTime(10_000, () => {
        throw failure;
      }),
    ).toThrow(failure);
  });
});
