import fc from "fast-check";
import { withinTime } from "./time-limit.ts";

export const TARGETS = ["config", "cron", "ics", "crontab", "data", "logs"] as const;
export type TargetName = (typeof TARGETS)[number];

/** An input that takes longer is reported; one that takes as long as `HANG_MS` is a finding. */
export const SLOW_MS = 2_000;
const HANG_MS = 15_000;
/** An input that hangs is made smaller at the price of `HANG_MS` for each try. */
const SHRINK_LIMIT_MS = 60_000;

/** What a target found wrong, with the smallest input that shows it. */
export interface Finding {
  readonly target: TargetName;
  /** Gives the same inputs again. */
  readonly seed: number;
  readonly input: string;
  readonly error: string;
}

export interface SlowInput {
  readonly target: TargetName;
  readonly ms: number;
  readonly input: string;
}

/** What a few hundred inputs came to. */
export interface Round {
  readonly inputs: number;
  readonly slowest: SlowInput;
  readonly finding: Finding | null;
}

/** Something that takes what it is given by others, and how to try it. */
export interface FuzzTarget {
  readonly name: TargetName;
  /** Tries `count` inputs; the same seed gives the same ones. */
  round(seed: number, count: number): Promise<Round>;
}

export interface TargetOptions<Input> {
  readonly name: TargetName;
  readonly inputs: fc.Arbitrary<Input>;
  /** Throws when something is wrong with what came of an input. What it does before its first `await` may not hang. */
  readonly check: (input: Input) => void | Promise<void>;
}

export function fuzzTarget<Input>({ name, inputs, check }: TargetOptions<Input>): FuzzTarget {
  return { name, round };

  async function round(seed: number, count: number): Promise<Round> {
    let slowest: SlowInput = { target: name, ms: 0, input: "" };
    let tried = 0;
    const property = fc.asyncProperty(inputs, async input => {
      const startMs = performance.now();
      await withinTime(HANG_MS, () => check(input));
      const ms = performance.now() - startMs;
      tried += 1;
      if (ms > slowest.ms) slowest = { target: name, ms, input: ms < SLOW_MS ? "" : fc.stringify(input) };
    });
    const details = await fc.check(property, {
      seed,
      numRuns: count,
      interruptAfterTimeLimit: SHRINK_LIMIT_MS,
      markInterruptAsFailure: false,
    });
    const finding = details.failed &&
      details.counterexample !== null && {
        target: name,
        seed,
        input: fc.stringify(details.counterexample[0]),
        error: textOf(details.errorInstance),
      };
    return { inputs: tried, slowest, finding: finding || null };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
