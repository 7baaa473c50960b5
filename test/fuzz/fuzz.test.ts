import { describe, expect, it } from "vitest";
import { fuzz } from "./fuzz.ts";
import { formatReport } from "./fuzz-report.ts";
import { withinTime } from "./time-limit.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 1_000_000);
/** `npm run fuzz` goes on for as long as `--minutes` says. */
const DURATION_MS = 10_000;

it(`finds nothing that crashes, hangs or contradicts itself (seed ${SEED})`, async () => {
  const report = await fuzz({ seed: SEED, durationMs: DURATION_MS, only: null });
  console.log(`seed ${SEED}\n${formatReport(report)}`);
  expect(report.findings).toEqual([]);
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
