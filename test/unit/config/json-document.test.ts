// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is read
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Path, sortIssues } from "../../../src/config/document/config-issue.ts";
import { jsonDocument } from "../../../src/config/document/json-document.ts";
import { parseConfigDocument, parseLocated } from "../../../src/config/document/parse-document.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const ENV = { X: "hunter2", N: "7" };

function* pathsIn(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  yield [...path, "absent", 3];
  if (typeof value !== "object" || value === null) return;
  const isList = Array.isArray(value);
  for (const [key, child] of Object.entries(value)) {
    yield* pathsIn(child, [...path, isList ? Number(key) : key]);
  }
}

/** Both readings of a text in JSON are the same: values, mistakes, and every place. Returns the mistakes. */
function compare(text: string) {
  const source = { file: "f.json", text, env: ENV };
  const [json, yaml] = [jsonDocument(source), parseLocated(source)];
  if (!json?.ok || !yaml.ok) return expect.fail(`${JSON.stringify(json)} ${JSON.stringify(yaml)}: ${text}`);
  const [one, other] = [json.document, yaml.document];
  expect(sortIssues(one.issues, []), text).toEqual(sortIssues(other.issues, []));
  expect(JSON.stringify(one.get([])), text).toBe(JSON.stringify(other.get([])));
  const plain = parseConfigDocument(source);
  for (const path of pathsIn(other.get([]))) {
    for (const at of ["key", "value"] as const) {
      const place = other.places.placeOf(path, at);
      expect(one.places.placeOf(path, at), `${at} ${path.join(".")} in ${text}`).toEqual(place);
      if (plain.ok) expect(plain.document.places.placeOf(path, at), text).toEqual(place);
    }
    expect(one.places.isBroken(path), text).toBe(other.places.isBroken(path));
    expect(one.places.originOf(path), text).toEqual(other.places.originOf(path));
  }
  return one.issues;
}

const SCALARS = ["null", "true", "1", "-0", "2.50", "1e3", "12345678901234567890", "1e999"].concat(
  ...['""', '"a b"', '"\\u00e9\\n"', '"${X}"', '"${N}"', '"a ${X} b"', '"${NO}"', '"$${X}"', '"${"'],
);
const KEYS = ['"a"', '"b"', '"1"', '"a.b"', '"\\u0061"', '"__proto__"', '"${X}"', '""'];
const SPACES = ["", " ", "\n", "\n  ", "\r\n", "  \n\n   "];

const space = fc.constantFrom(...SPACES);
const { mapping } = fc.letrec<{ mapping: string; value: string }>(tie => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...SCALARS),
    tie("mapping"),
    fc
      .array(fc.tuple(space, tie("value")), { maxLength: 3 })
      .map(items => `[${items.map(item => item.join("")).join(",")}]`),
  ),
  mapping: fc
    .tuple(
      fc.array(fc.tuple(space, fc.constantFrom(...KEYS), space, tie("value"), space), { maxLength: 4 }),
      space,
    )
    .map(
      ([pairs, end]) =>
        `{${pairs.map(([a, key, b, value, c]) => `${a}${key}:${b}${value}${c}`).join(",")}${end}}`,
    ),
}));

describe("a file in JSON", () => {
  it("is read as by the YAML parser, mistakes and places too: every file of the checkout", () => {
    const files = ["config", "deploy", "examples", "test", "website"].flatMap(folder =>
      readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter(file => file.endsWith(".json") && !file.includes("node_modules"))
        .map(file => readFileSync(path.join(ROOT, folder, file), "utf8")),
    );
    const objects = files.filter(text => text.length < 20_000 && text.startsWith("{"));
    for (const text of objects) compare(text);
    expect(objects.length).toBeGreaterThan(5);
  });

  it("is read as by the YAML parser, mistakes and places too: with keys twice, odd numbers and references", () => {
    const problems = new Set<string>();
    const check = (text: string) => {
      for (const { problem } of compare(text)) problems.add(problem.replace(/\d+/g, "0"));
    };
    fc.assert(fc.property(mapping, check), { numRuns: 1_000 });
    expect([...problems].sort()).toEqual(
      expect.arrayContaining([
        "stands twice (the first is in line 0)",
        "is not allowed as a key",
        expect.stringContaining("is too large to stay exact"),
        expect.stringContaining("expected a finite number"),
        expect.stringContaining("the environment variable NO is not set"),
      ]),
    );
  });

  it.each([
    ["a merge key", '{"<<": {"a": 1}}'],
    ["deep nesting", `{"a": ${"[".repeat(200)}${"]".repeat(200)}}`],
    ["what is no JSON", "{ a: 1 }"],
    ["a list", "[1]"],
  ])("is left to the YAML parser with %s", (_, text) => {
    expect(jsonDocument({ file: "f.json", text, env: ENV })).toBeNull();
  });
});

/** More than is left to the YAML parser. */
const FILLED = `{\n  "x": "${"x".repeat(1_100_000)}",\n`;

describe("a large file that is no JSON", () => {
  it("is taken all the same where it is YAML", () => {
    const text = `${FILLED}  # a note\n  jobs: { a: 1, },\n}`;
    expect(parseConfigDocument({ file: "f.json", text, env: ENV })).toMatchObject({ ok: true });
  });

  it.each([
    [
      "a comma too many",
      '  "jobs": { "a": { "every": "5s", } }\n',
      [3, 35],
      "jobs.a",
      "expected another key in double quotes: the comma before it is one too many",
    ],
    [
      "a comma too many in a list",
      '  "jobs": { "a": { "at": [1, ] } }\n',
      [3, 30],
      "jobs.a.at",
      "expected another value: the comma before it is one too many",
    ],
    ["a comma too few", '  "jobs": { "a": 1\n    "b": 2 }\n}', [4, 5], "jobs", "expected , or }"],
    ["a key without quotes", '  "jobs": { a: 1 }\n', [3, 13], "jobs", "expected a key in double quotes"],
    ["no colon", '  "jobs": { "a" 1 }\n}', [3, 17], "jobs.a", "expected : behind the key"],
    [
      "a quote that is open",
      '  "jobs": { "a": "b\n } }',
      [3, 18],
      "jobs.a",
      "a quote is opened but never closed in its line",
    ],
    [
      "a backslash",
      '  "jobs": { "a": "\\d" }\n}',
      [3, 18],
      "jobs.a",
      "there is a backslash that JSON does not know: write it twice",
    ],
    [
      "no value",
      '  "jobs": { "a": }\n',
      [3, 18],
      "jobs.a",
      "expected a value: a text in double quotes, a number, true, false, null, { or [",
    ],
    [
      "a bracket that is open",
      '  "jobs": { "a": [1, 2',
      [3, 23],
      "jobs.a",
      "a bracket is opened but never closed: expected ]",
    ],
    ["more behind it", '  "jobs": {} }\n}', [4, 1], "", "expected nothing behind the value"],
  ] as const)("is explained as JSON, with place and path: %s", (_, text, [line, column], key, problem) => {
    expect(parseConfigDocument({ file: "f.json", text: FILLED + text, env: ENV })).toEqual({
      ok: false,
      issues: [{ file: "f.json", line, column, key, problem: `this is not valid JSON: ${problem}` }],
    });
  });
});
