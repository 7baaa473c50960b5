import { isMap, LineCounter, parseDocument, type Document as YamlDocument } from "yaml";
import { type AliasIssue, explainAliasError, MAX_ALIASES } from "./aliases.ts";
import { fileIssue, formatPath, type Path } from "./config-issue.ts";
import { describe, quote } from "./describe.ts";
import { ConfigDocument, type DocumentPlaces, type DocumentResult, isMapping } from "./document.ts";
import { type AppliedEnvironment, applyEnvironment } from "./document-environment.ts";
import { checkKeys } from "./document-keys.ts";
import { placeOf } from "./document-nodes.ts";
import type { DocumentSource } from "./document-source.ts";
import { isLikeJson, jsonDocument } from "./json-document.ts";
import { JsonPlaces } from "./json-places.ts";
import { expandValues } from "./plain-environment.ts";
import { plainValueOf } from "./plain-value.ts";
import { refuseToRead } from "./secret-files.ts";
import { syntaxIssues } from "./syntax.ts";
import { problemOfDepth } from "./value-rules.ts";
import { YamlPlaces } from "./yaml-places.ts";

/**
 * Parses one configuration file. Never throws. The values come without positions where that is possible, which is far
 * faster; the text is read again, with positions, for the first mistake.
 */
export function parseConfigDocument(source: DocumentSource): DocumentResult {
  const document = parsePlain(source);
  return document === null ? (jsonDocument(source) ?? parseLocated(source)) : { ok: true, document };
}

/** Null where the text needs the parser with positions. */
export function parsePlain(source: DocumentSource): ConfigDocument | null {
  const { file, text, env, readSecret = refuseToRead, absent = {} } = source;
  const value = plainValueOf(text);
  if (value === null) return null;
  const isAbsent = ([key]: [string, unknown]) => !Object.hasOwn(value, key);
  Object.assign(value, structuredClone(Object.fromEntries(Object.entries(absent).filter(isAbsent))));
  const hasReferences = text.includes("${") || Object.keys(absent).length > 0;
  const originOf = hasReferences ? expandValues(value, { env, readSecret }) : () => undefined;
  if (originOf === null) return null;
  const places = new LazyPlaces(originOf, () => {
    if (isJson(text) && Object.keys(absent).length === 0) return new JsonPlaces(text);
    const parsed = parseLocated(source);
    return parsed.ok ? parsed.document.places : null;
  });
  return new ConfigDocument({ file, value, places, issues: [], isCode: false });
}

type Locations = Pick<DocumentPlaces, "placeOf">;

function isJson(text: string): boolean {
  if (!isLikeJson(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Positions that are read when the first one is asked for. */
class LazyPlaces implements DocumentPlaces {
  readonly originOf: DocumentPlaces["originOf"];
  readonly #locate: () => Locations | null;
  #located: Locations | null = null;

  constructor(originOf: DocumentPlaces["originOf"], locate: () => Locations | null) {
    this.originOf = originOf;
    this.#locate = locate;
  }

  placeOf(path: Path, at: "key" | "value"): { readonly line: number; readonly column: number } {
    this.#located ??= this.#locate();
    return this.#located?.placeOf(path, at) ?? { line: 1, column: 1 };
  }

  /** What is broken needs the parser with positions from the beginning. */
  isBroken(): boolean {
    return false;
  }
}

/** JSON is YAML, so one parser gives positions in both. Never throws. */
export function parseLocated(source: DocumentSource): DocumentResult {
  try {
    return parse(source);
  } catch (error) {
    // The parser notices many levels of nesting by itself, but not of every kind, and each costs it several calls.
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, issues: [fileIssue(source.file, "it is nested too deeply")] };
  }
}

function parse(source: DocumentSource): DocumentResult {
  const { file, text, env, readSecret = refuseToRead, absent = {} } = source;
  if (text.trim() === "") return { ok: false, issues: [fileIssue(file, "the file is empty")] };
  const lines = new LineCounter();
  const yaml = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Checked by `checkKeys`, which is linear and names both places.
    uniqueKeys: false,
    // Keys are names: YAML reads 175928847299117063 as a number, which cannot hold it, and `1.0` as 1.
    stringKeys: true,
    merge: true,
    // Else `!!set`, `!!omap` and `!!binary` turn a mapping or a text into something that is neither.
    resolveKnownTags: false,
    logLevel: "error",
  });
  const issues = syntaxIssues(yaml, text, lines);
  if (issues.length > 0) {
    return { ok: false, issues: issues.map(issue => ({ file, key: "", ...issue })) };
  }
  const version = yaml.directives?.yaml;
  if (version?.explicit && version.version !== "1.2") {
    const problem = `%YAML ${version.version} is not supported: expected YAML 1.2, so remove this line (with it \`no\` is false and 12:30 is 750)`;
    const { line } = lines.linePos(Math.max(0, text.indexOf("%YAML")));
    return { ok: false, issues: [{ file, line: Math.max(1, line), column: 1, key: "", problem }] };
  }
  for (const [key, value] of Object.entries(absent)) {
    if (isMap(yaml.contents) && !yaml.has(key)) yaml.add(yaml.createPair(key, value));
  }
  const environment = applyEnvironment(yaml, { env, readSecret });
  const shape = readValue(yaml, environment.origins);
  if ("problem" in shape) {
    const place = placeOf(shape.node, lines);
    return { ok: false, issues: [{ file, ...place, key: "", problem: shape.problem }] };
  }
  const found = [...checkKeys(yaml, node => placeOf(node, lines).line), ...environment.issues];
  const document = new ConfigDocument({
    file,
    value: shape.value,
    places: new YamlPlaces({ yaml, lines, environment }),
    issues: found.map(({ node, path, problem }) => ({
      file,
      ...placeOf(node, lines),
      key: formatPath(path),
      problem,
    })),
    isCode: false,
  });
  return { ok: true, document };
}

/** The document as plain values, or why as a whole it cannot be a configuration. */
function readValue(
  yaml: YamlDocument,
  origins: AppliedEnvironment["origins"],
): { value: Record<string, unknown> } | AliasIssue {
  let value: unknown;
  try {
    value = yaml.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return explainAliasError(error, yaml);
  }
  if (value === null) return { problem: "the file is empty", node: null };
  if (!isMapping(value)) {
    const origin = yaml.contents && origins.get(yaml.contents);
    const found = origin ? `found ${quote(origin.source)}` : describe(value);
    const problem = `${found} at the top of the file, expected a mapping (key: value)`;
    return { problem, node: yaml.contents };
  }
  const problem = problemOfDepth(value);
  return problem === null ? { value } : { problem, node: null };
}
