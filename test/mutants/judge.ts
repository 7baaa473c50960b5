import { type Mutant, mutate } from "./mutant.ts";
import type { TestsEnd } from "./sandbox.ts";

/**
 * - `killed`: a test failed, as it must.
 * - `survived`: no test noticed.
 * - `explained`: no test noticed, and the list says why.
 * - `invalid`: it cannot be applied, its tests cannot be found or fail without it, or it is explained and was killed.
 */
export interface Judgement {
  readonly mutant: Mutant;
  readonly outcome: "killed" | "survived" | "explained" | "invalid";
  readonly why?: string;
}

/** What judging needs of a copy of the checkout. */
export interface Bench {
  read(file: string): Promise<string>;
  write(file: string, text: string): Promise<void>;
  test(files: readonly string[]): Promise<TestsEnd>;
}

/** Applies the mutant, runs its tests, and restores the file. `isSound`: its tests pass without it. */
export async function judge(mutant: Mutant, bench: Bench, isSound: boolean): Promise<Judgement> {
  if (!isSound) return { mutant, outcome: "invalid", why: "its tests fail, or are missing, without it" };
  const original = await bench.read(mutant.file);
  const mutated = mutate(mutant, original);
  if ("error" in mutated) return { mutant, outcome: "invalid", why: mutated.error };
  await bench.write(mutant.file, mutated.text);
  try {
    const end = await bench.test(mutant.tests);
    if (end === "no tests") return { mutant, outcome: "invalid", why: "its tests cannot be found" };
    if (mutant.survives === undefined) return { mutant, outcome: end === "passed" ? "survived" : "killed" };
    if (end === "passed") return { mutant, outcome: "explained", why: mutant.survives };
    return { mutant, outcome: "invalid", why: "the list says that it survives, but a test fails" };
  } finally {
    await bench.write(mutant.file, original);
  }
}
