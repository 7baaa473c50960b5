import { isMap, LineCounter, parseDocument, type Document as YamlDocument } from "yaml";
import { type AliasIssue, explainAliasError, MAX_ALIASES, problemOfDepth } from "./aliases.ts";
import { type ConfigIssue, fileIssue } from "./config-issue.ts";
import { describe, quote } from "./describe.ts";
import { ConfigDocument, isMapping } from "./document.ts";
import { type AppliedEnvironment, applyEnvironment } from "./document-environment.ts";
import { placeOf } from "./document-nodes.ts";
import type { Environment } from "./environment.ts";
import type { ReadSecret } from "./secret-files.ts";
import { syntaxIssues } from "./syntax.ts";

export interface DocumentSource {
  /** As mistakes show it. */
  readonly file: string;
  readonly text: string;
  /** The text was made of an object in code, which has no lines. */
  readonly isCode?: boolean;
  readonly env: Environment;
  /** What `${file:…}` reads; without it every such reference is a mistake. */
  readonly readSecret?: ReadSecret;
  /** Keys to assume where the file does not have them; like written ones they may hold references. */
  readonly absent?: Readonly<Record<string, unknown>>;
}

export type DocumentResult =
  | { readonly ok: true; readonly document: ConfigDocument }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/** Parses one configuration file; JSON is YAML, so one parser gives positions in both. Never throws. */
export function parseConfigDocument(source: DocumentSource): DocumentResult {
  try {
    return parse(source);
  } catch (error) {
    // The parser notices many levels of nesting by itself, but not of every kind, and each costs it several calls.
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, issues: [fileIssue(source.file, "it is nested too deeply")] };
  }
}

function parse(source: DocumentSource): DocumentResult {
  const { file, text, isCode = false, env, readSecret = refuseToRead, absent = {} } = source;
  if (text.trim() === "") return { ok: false, issues: [fileIssue(file, "the file is empty")] };
  const lines = new LineCounter();
  const yaml = parseDocument(text, {
    ...(isCode ? {} : { lineCounter: lines }),
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
  return { ok: true, document: new ConfigDocument({ file, yaml, lines, environment, value: shape.value }) };
}

const refuseToRead: ReadSecret = () => ({ problem: "files are not read here", isMissing: false });

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
