// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is read
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Path } from "../../../src/config/document/config-issue.ts";
import { parseLocated, parsePlain } from "../../../src/config/document/parse-document.ts";
import { plainValueOf } from "../../../src/config/document/plain-value.ts";
import { textsOf } from "../../fuzz/config.fuzz.ts";

const ROOT = path.resolve(import.meta.dirname, "../../..");
const FOLDERS = ["config", "examples", "deploy", "docs", "test", ".github", "website"];

/** Lines as people write them, and as they slip. */
const LINES = fc
  .array(
    fc.constantFrom(
      ..."jobs:|  a:|    cron: 0 2 * * *|    every: 5m|    x: [1, 2.0, 0x1f, 0o17, 1e3, -0]|    y: {a: 'b', \"c\": d}".split(
        "|",
      ),
      ..."    t: |\n      two\n      lines|    f: >-\n      folded\n      text|  # a note|    n: ~|    e:|  - item|\t|    z: 12:30:00".split(
        "|",
      ),
      ..."    q: \"\\u00e9 \\x41\"|    s: 'it''s'|    p: a: b|    v: yes|    w: !x 1|    d: 2026-12-24|? k\n: v|---|...|  <<: {}".split(
        "|",
      ),
    ),
    { maxLength: 12 },
  )
  .map(lines => lines.join("\n"));

/** Every YAML and JSON file of the checkout, and every such block of its documents. */
function fixtures(): { name: string; text: string }[] {
  const files = FOLDERS.flatMap(folder =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter(file => !file.includes("node_modules") && /\.(ya?ml|json|md)$/.test(file))
      .map(file => path.join(folder, file)),
  );
  return files.flatMap(name => {
    const text = readFileSync(path.join(ROOT, name), "utf8");
    if (!name.endsWith(".md")) return [{ name, text }];
    return [...text.matchAll(/^```(?:ya?ml|json)[^\n]*\n(.*?)^```/gms)].map(([, block = ""], index) => ({
      name: `${name} #${index}`,
      text: block,
    }));
  });
}

const ENV = { X: "hunter2", N: "7", ADMIN_TOKEN: "12345" };

/** Whether the fast parser read the text. Where it did, the other one gives the same, and finds no mistake. */
function isRead(text: string): boolean {
  const source = { file: "f.yaml", text, env: ENV, absent: { namespace: "${X}" } };
  const plain = parsePlain(source);
  if (plain === null) return false;
  const parsed = parseLocated(source);
  if (!parsed.ok) return expect.fail(`read, although ${JSON.stringify(parsed.issues)}: ${text}`);
  const { document } = parsed;
  expect(document.issues, text).toEqual([]);
  expect(plain.get([]), text).toEqual(document.get([]));
  // Also in the same order.
  expect(JSON.stringify(plain.get([]))).toBe(JSON.stringify(document.get([])));
  for (const path of pathsIn(document.get([]))) {
    expect(plain.originOf(path)).toBe(document.originOf(path));
  }
  return true;
}

function* pathsIn(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (typeof value !== "object" || value === null) return;
  const isList = Array.isArray(value);
  for (const [key, child] of Object.entries(value)) {
    yield* pathsIn(child, [...path, isList ? Number(key) : key]);
  }
}

describe("the values without positions", () => {
  it("are those of the parser with positions, in every file and every block of the documents", () => {
    const texts = fixtures().map(({ text }) => text);
    expect(texts.filter(isRead).length).toBeGreaterThan(50);
  });

  it("are those of the parser with positions in damaged files, or are none", () => {
    let count = 0;
    const check = (text: string) => {
      if (isRead(text)) count++;
    };
    fc.assert(fc.property(fc.oneof(textsOf("jobs"), textsOf("bellwether"), LINES), check), { numRuns: 500 });
    expect(count).toBeGreaterThan(50);
  });

  it.each([
    ["a key twice", '{"jobs": {"a": 1, "a": 2}}'],
    ["a key twice, far from its colon", '{"jobs": {"a" \n : 1, "a"\t: 2}}'],
    ["a key twice beside texts with colons", '{"a": ":", "b": "\\":", "a": "x:y"}'],
    ["a key twice in YAML", "jobs:\n  a: 1\n  a: 2"],
    ["a key that is no text", "jobs: { 1.0: x }"],
    ["a merge key", '{"<<": {"a": 1}}'],
    ["a prototype", '{"__proto__": {"a": 1}}'],
    ["a number that is not exact", '{"a": 12345678901234567890}'],
    ["a number that is not exact in YAML", "a: 12345678901234567890"],
    ["an infinite number", "a: .inf"],
    ["a number with zeros in front", "a: 0123"],
    ["an alias", "a: &x 1\nb: *x"],
    ["a tag", "a: !!str 1"],
    ["a directive", "%YAML 1.1\n---\na: no"],
    ["two documents", "a: 1\n---\nb: 2"],
    ["a list", "[1]"],
    ["nothing", ""],
    ["deep nesting", `{"a": ${"[".repeat(200)}${"]".repeat(200)}}`],
  ])("are left to the parser with positions: %s", (_, text) => {
    expect(plainValueOf(text)).toBeNull();
  });

  it.each([
    ["begin with a colon", '{"a": ":8080", "b": [":"]}'],
    ["have colons behind quotes", String.raw`{"a": "say \":\" and \" :", "b\":": 1}`],
    ["have colons", '{"at": "2026-12-24T18:00:00Z", "a:b": "c:d"}'],
  ])("are read of JSON whose texts %s", (_, text) => {
    expect(plainValueOf(text)).toEqual(JSON.parse(text));
  });
});
