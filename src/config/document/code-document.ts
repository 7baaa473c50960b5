import { types } from "node:util";
import { type ConfigIssue, formatPath, type Path } from "./config-issue.ts";
import type { Environment } from "./environment.ts";
import { type DocumentResult, parseConfigDocument } from "./parse-document.ts";

export interface CodeSource {
  /** What mistakes show in place of a file: `new Bellwether({ config })`. */
  readonly place: string;
  readonly value: unknown;
  /** For the defaults of absent keys; what the object itself holds is taken as it is. */
  readonly env: Environment;
  readonly absent?: Readonly<Record<string, unknown>>;
}

/** An object in code as a document, so that the same schemas and rules judge it. Never throws. */
export function codeDocument({ place, value, env, absent = {} }: CodeSource): DocumentResult {
  const issues: ConfigIssue[] = [];
  const plain = plainOf(value, [], new Set(), (path, problem) =>
    issues.push(codeIssue(place, path, problem)),
  );
  if (issues.length > 0) return { ok: false, issues };
  return parseConfigDocument({ file: place, text: JSON.stringify(plain), isCode: true, env, absent });
}

/** A mistake in an object in code. */
export function codeIssue(place: string, path: Path, problem: string): ConfigIssue {
  return { file: place, line: 0, column: 0, key: formatPath(path), problem };
}

type Tell = (path: Path, problem: string) => void;

/** More than a document may have, which then says so. */
const MAX_DEPTH = 200;

/** What JSON can hold of a value. References are read in files only, so `${` stays `${` here. */
function plainOf(value: unknown, path: Path, above: ReadonlySet<object>, tell: Tell): unknown {
  if (typeof value === "string") return value.replaceAll("${", () => "$${");
  if (value === null || typeof value === "boolean" || Number.isFinite(value)) return value;
  if (types.isDate(value) && Number.isFinite(value.getTime())) return value.toISOString();
  if (!isPlain(value)) return tell(path, `found ${describeOdd(value)}, expected a value that JSON can hold`);
  if (above.has(value) || path.length > MAX_DEPTH)
    return tell(path, "it contains itself, or is nested too deeply");
  const below = new Set([...above, value]);
  if (Array.isArray(value)) return value.map((item, index) => plainOf(item, [...path, index], below, tell));
  const given = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(given.map(([key, item]) => [key, plainOf(item, [...path, key], below, tell)]));
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Without what it holds: the source of a function says nothing here. */
function describeOdd(value: unknown): string {
  if (types.isDate(value)) return "an invalid date";
  if (typeof value === "object") return "an instance of a class";
  return typeof value === "number" ? String(value) : value === undefined ? "undefined" : `a ${typeof value}`;
}
