import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { superLinearIn } from "../support/super-linear.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** Put together at run time, from constants of the same file: read by hand. */
const READ_BY_HAND = [
  "src/config/document/syntax.ts",
  "src/config/document/syntax.ts",
  "src/handlers/kinds/module.ts",
  "src/redis/refusal.ts",
  "src/redis/refusal.ts",
];

it("uses no regular expression that takes more than linear time", () => {
  const files = globSync(["src/**/*.ts", "scripts/*.mjs"], { cwd: ROOT }).sort();
  expect(files).toContain("src/dashboard/main.ts");
  const found = files.flatMap(file =>
    superLinearIn(file, readFileSync(path.join(ROOT, file), "utf8")).map(text => `${file}:${text}`),
  );
  const isDynamic = (text: string) => /^\S+ new RegExp/.test(text);
  expect(found.filter(text => !isDynamic(text))).toEqual([]);
  expect(found.filter(isDynamic).map(text => text.split(":")[0])).toEqual(READ_BY_HAND);
});

describe("the check of regular expressions", () => {
  it.each([
    ["blanks at an end", String.raw`text.replace(/\s+$/, "")`, String.raw`1: /\s+$/`],
    [
      "two parts with the same characters",
      String.raw`/^a\s*=\s*(.*)$/.test(x)`,
      String.raw`1: /^a\s*=\s*(.*)$/`,
    ],
    [
      "a constant text",
      String.raw`f();\nnew RegExp("/+$", "g")`.replace("\\n", "\n"),
      `2: new RegExp("/+$", "g")`,
    ],
    ["a text that is not constant", "new RegExp(pattern)", "1: new RegExp(pattern)"],
  ])("complains about %s", (_, source, complaint) => {
    expect(superLinearIn("a.ts", source)).toEqual([complaint]);
  });

  it("accepts what begins once", () => {
    expect(superLinearIn("a.ts", String.raw`/^.*[^;]/s; /(?<!\s)\s+$/; new RegExp("^a+$")`)).toEqual([]);
  });
});
