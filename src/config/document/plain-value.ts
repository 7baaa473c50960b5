import { defineMappingTag, defineScalarTag, load, mapTag, NOT_RESOLVED, Schema, seqTag } from "js-yaml";
import { isScalar, type ScalarTag, Schema as YamlSchema } from "yaml";
import { isMapping } from "./document.ts";
import { MERGE_KEY } from "./document-nodes.ts";
import { PROTOTYPE_KEY, problemOfNumber } from "./value-rules.ts";

/*
 * The values of a text without positions, by JSON.parse and js-yaml: a tenth of the time and a third of the memory of the
 * parser that has positions. They answer only where both parsers certainly agree. Aliases, tags, keys that are no texts, and
 * everything that is a mistake are left to the other one, which explains it.
 */

/** Nesting that the other parser refuses. */
const MAX_DEPTH = 100;

/** What the text holds; null where that needs the parser with positions. */
export function plainValueOf(text: string): Record<string, unknown> | null {
  const json = /^\s*\{/.test(text) ? parseJson(text) : undefined;
  const value = json === undefined ? yamlValue(text) : certain(json, text);
  return isMapping(value) ? value : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The value of a text in JSON, or null where there is a mistake in it: also in YAML then. */
function certain(value: unknown, text: string): unknown {
  // Of a key that occurs twice, JSON.parse says nothing.
  const keys = countKeys(value);
  return keys === countColonsBehindQuotes(text) || keys === countColons(text) ? value : null;
}

/** How many keys there are at all depths; NaN when something in it is a mistake, or means more than it shows. */
function countKeys(value: unknown, depth = 0): number {
  if (typeof value === "number") return problemOfNumber(value) === null ? 0 : Number.NaN;
  if (typeof value !== "object" || value === null) return 0;
  if (depth >= MAX_DEPTH) return Number.NaN;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item, depth + 1);
    return count;
  }
  for (const key in value) {
    if (isOddKey(key)) return Number.NaN;
    count += 1 + countKeys((value as Record<string, unknown>)[key], depth + 1);
  }
  return count;
}

const QUOTE = 0x22;
const SPACE = 0x20;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** The colons of a JSON text that are not in its strings. */
function countColons(text: string): number {
  let count = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) isInString = !isInString;
    else if (isInString) i += code === BACKSLASH ? 1 : 0;
    else if (code === COLON) count++;
  }
  return count;
}

/** Those of its colons that are behind a quote: each one that is not in a string, and some that are. In a fraction of the time. */
function countColonsBehindQuotes(text: string): number {
  let count = 0;
  for (let at = text.indexOf(":"); at >= 0; at = text.indexOf(":", at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) <= SPACE) before--;
    if (text.charCodeAt(before) === QUOTE) count++;
  }
  return count;
}

/** Keys longer than this have rules of their own in YAML. */
const MAX_KEY = 1_000;

function isOddKey(key: string): boolean {
  return key === PROTOTYPE_KEY || !isKeyOfYaml(key);
}

/** Whether a key of JSON is the same key in YAML. */
export function isKeyOfYaml(key: string): boolean {
  return key !== MERGE_KEY && key.length <= MAX_KEY && !key.includes("\0");
}

class NotPlain extends Error {}

/** How the other parser reads what has no quotes. */
const PLAIN_TAGS = new YamlSchema({ schema: "core" }).tags.filter(
  (tag): tag is ScalarTag => "test" in tag && tag.test instanceof RegExp && tag.default === true,
);

const plainTag = defineScalarTag<unknown>("tag:yaml.org,2002:plain", {
  implicit: true,
  implicitFirstChars: ["", "~", "-", "+", ".", ..."0123456789", ..."nNtTfF"],
  resolve: source => {
    const tag = PLAIN_TAGS.find(({ test }) => test?.test(source));
    if (tag === undefined) return NOT_RESOLVED;
    const read = tag.resolve(source, refuse, {});
    const value: unknown = isScalar(read) ? read.value : read;
    return typeof value === "number" && problemOfNumber(value, source) !== null ? refuse() : value;
  },
  identify: () => false,
});

const textTag = defineScalarTag<string>("tag:yaml.org,2002:str", {
  resolve: (source, isExplicit) => (isExplicit ? refuse() : source),
  identify: () => false,
});

const mappingTag = defineMappingTag<Record<string, unknown>>("tag:yaml.org,2002:map", {
  ...mapTag,
  addPair: (mapping, key, value) => {
    if (typeof key !== "string" || isOddKey(key)) return "odd";
    mapping[key] = value;
    return "";
  },
});

const SCHEMA = new Schema([plainTag, textTag, seqTag, mappingTag]);

/**
 * What the parsers judge differently: a directive, the end of a document or a tab in front of a line, a carriage return
 * alone, and an anchor.
 */
const ODD = /^(?:%|\.\.\.| *\t)|\r(?!\n)|(?:^|[\s,[{])&[^\s&]/m;

function yamlValue(text: string): unknown {
  if (ODD.test(text)) return null;
  try {
    return load(text, { schema: SCHEMA, maxAliases: 0, maxDepth: MAX_DEPTH });
  } catch {
    return null;
  }
}

function refuse(): never {
  throw new NotPlain();
}
