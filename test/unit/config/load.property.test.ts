import { readFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ConfigIssue } from "../../../src/config/document/config-issue.ts";
import { parseConfigDocument } from "../../../src/config/document/parse-document.ts";
import { readJobs } from "../../../src/config/jobs.ts";
import { ABSENT_SETTINGS, readSettings } from "../../../src/config/settings.ts";

const EXAMPLE = path.resolve(import.meta.dirname, "../../../config");
const jobs = await readFile(path.join(EXAMPLE, "jobs.yaml"), "utf8");
const settings = await readFile(path.join(EXAMPLE, "bellwether.yaml"), "utf8");

const SNIPPETS = [
  "*",
  "&a",
  "*a",
  "<<: *a",
  "${",
  "${X}",
  "}",
  "[",
  "{",
  '"',
  "'",
  "\t",
  "\n",
  "---\n",
  "...\n",
  "!!set ",
  "? ",
  "- ",
  ": ",
  "null",
  "|",
  ">",
  "#",
  "\u0000",
  "\uFEFF",
  "\u2028",
  "__proto__: ",
  "constructor: ",
  "1e999",
  "0x1F",
  "%",
  "@",
];

/** A valid file with pieces cut out, doubled and put in: what editors, merges and half-finished uploads leave. */
function mutated(text: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat({ max: text.length }),
    length: fc.nat({ max: 30 }),
    put: fc.oneof(fc.constantFrom(...SNIPPETS), fc.string({ maxLength: 8, unit: "binary" })),
  });
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map(edits => {
    return edits.reduce(
      (result, { at, length, put }) => result.slice(0, at) + put + result.slice(at + length),
      text,
    );
  });
}

/** The mistakes of one file; none means that it was accepted. */
function issuesOf(file: "jobs" | "bellwether", text: string): readonly ConfigIssue[] {
  const absent = file === "jobs" ? {} : ABSENT_SETTINGS;
  const parsed = parseConfigDocument({ file, text, env: {}, absent });
  if (!parsed.ok) return parsed.issues;
  const queues = { file: "bellwether.yaml", names: null, refusedHandlers: [] };
  if (file === "jobs") return readJobs([parsed.document], { calendars: new Map(), queues }).issues;
  const read = readSettings(parsed.document);
  return read.ok ? [] : read.issues;
}

function isPlaced({ file, line, column, problem }: ConfigIssue, text: string): boolean {
  const lines = text.split("\n").length;
  return (
    file !== "" && line >= 1 && line <= lines && column >= 1 && problem !== "" && !problem.includes("\n")
  );
}

describe("whatever a file holds, it is accepted or every mistake has a place in it", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc
      .array(fc.constantFrom(...SNIPPETS, "jobs:", "a:", "  ", "cron: "), { maxLength: 40 })
      .map(parts => parts.join("")),
    fc.json(),
  );
  it.each([
    { name: "jobs, any text", file: "jobs", texts: anyText },
    { name: "jobs, the example damaged", file: "jobs", texts: mutated(jobs) },
    { name: "settings, any text", file: "bellwether", texts: anyText },
    { name: "settings, the example damaged", file: "bellwether", texts: mutated(settings) },
  ] as const)("$name", ({ file, texts }) => {
    fc.assert(
      fc.property(texts, text => {
        const unplaced = issuesOf(file, text).filter(issue => !isPlaced(issue, text));
        expect(unplaced).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  // Among the keys are those of every object, which code that expects a text may trip over.
  const anyKey = fc.oneof(
    fc.string(),
    fc.constantFrom("toString", "valueOf", "constructor", "__proto__", "length"),
  );
  const { value: anyValue } = fc.letrec<{ value: unknown }>(tie => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.jsonValue({ maxDepth: 0 }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(anyKey, tie("value"), { maxKeys: 3 }),
    ),
  }));
  const anySection = (...keys: string[]) => fc.dictionary(fc.constantFrom(...keys), anyValue);
  it.each([
    {
      file: "jobs",
      outlines: fc.record({
        jobs: fc.dictionary(
          anyKey,
          anySection(...["cron", "every", "at", "except", "start", "handler", "command", "http", "env"], "x"),
        ),
        defaults: fc.oneof(anyValue, anySection("timezone", "retry", "timeout", "dst", "catchUp")),
        calendars: fc.oneof(anyValue, fc.dictionary(anyKey, anyValue)),
      }),
    },
    {
      file: "bellwether",
      outlines: fc.record({
        namespace: anyValue,
        redis: fc.oneof(anyValue, anySection("url", "sentinels", "cluster", "name", "tls", "username")),
        election: fc.oneof(anyValue, anySection("store", "leaseTtl", "etcd")),
        queues: fc.oneof(anyValue, fc.dictionary(anyKey, anyValue)),
        admin: fc.oneof(anyValue, anySection("host", "port", "tokens")),
        http: anyValue,
        handlers: anyValue,
        log: anyValue,
        shutdownTimeout: anyValue,
      }),
    },
  ] as const)("any JSON of the outline of $file", ({ file, outlines }) => {
    fc.assert(
      fc.property(outlines, value => {
        const text = JSON.stringify(value);
        expect(issuesOf(file, text).filter(issue => !isPlaced(issue, text))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
