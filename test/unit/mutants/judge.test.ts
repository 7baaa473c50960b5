import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { type Bench, judge } from "../../mutants/judge.ts";
import { MUTANTS } from "../../mutants/list.ts";
import { type Mutant, mutate } from "../../mutants/mutant.ts";
import type { TestsEnd } from "../../mutants/sandbox.ts";

const MUTANT: Mutant = {
  name: "sum",
  rule: "a sum adds",
  file: "sum.ts",
  find: "a + b",
  replace: "a - b",
  tests: ["sum.test.ts"],
};

/** A checkout with one file, whose tests end as given. */
function setup(end: TestsEnd, text = "return a + b;") {
  const written: string[] = [];
  const bench: Bench = {
    read: async () => text,
    write: async (_, changed) => {
      written.push(changed);
    },
    test: async () => end,
  };
  return { bench, written };
}

test.for([
  ["failed", {}, "killed"],
  ["timed out", {}, "killed"],
  ["passed", {}, "survived"],
  ["passed", { survives: "both mean the same" }, "explained"],
  ["failed", { survives: "both mean the same" }, "invalid"],
  ["no tests", {}, "invalid"],
  ["failed", { find: "a * b" }, "invalid"],
  ["failed", { find: "r" }, "invalid"],
  ["failed", { replace: "a + b" }, "invalid"],
] as const)("tests that %s with %o: %s", async ([end, change, outcome]) => {
  const { bench } = setup(end);
  expect(await judge({ ...MUTANT, ...change }, bench, true)).toMatchObject({ outcome });
});

test("tests that fail without the mutant prove nothing", async () => {
  const { bench, written } = setup("failed");
  expect(await judge(MUTANT, bench, false)).toMatchObject({ outcome: "invalid" });
  expect(written).toEqual([]);
});

test("restores the file", async () => {
  const { bench, written } = setup("failed");
  await judge(MUTANT, bench, true);
  expect(written).toEqual(["return a - b;", "return a + b;"]);
});

test("inserts the replacement as it is written", () => {
  expect(mutate({ ...MUTANT, replace: "$& or $1" }, "return a + b;")).toEqual({ text: "return $& or $1;" });
});

test("no two mutants have one name", () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});

const ROOT = resolve(import.meta.dirname, "../../..");

test("each mutant of the list can be applied to today's sources, and its tests are there", () => {
  const stale = MUTANTS.flatMap(mutant => {
    const file = resolve(ROOT, mutant.file);
    const mutated = existsSync(file) ? mutate(mutant, readFileSync(file, "utf8")) : { error: "no such file" };
    const missing = mutant.tests.filter(test => !existsSync(resolve(ROOT, test)));
    return [
      ...("error" in mutated ? [`${mutant.name}: ${mutated.error}`] : []),
      ...missing.map(test => `${mutant.name}: ${test} is missing`),
    ];
  });
  expect(stale).toEqual([]);
});
