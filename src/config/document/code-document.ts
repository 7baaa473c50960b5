import { types } from "node:util";
import { type ConfigIssue, formatPath, type Path } from "./config-issue.ts";
import { describe } from "./describe.ts";
import {
  ConfigDocument,
  type DocumentPlaces,
  type DocumentResult,
  isMapping,
  type Origin,
} from "./document.ts";
import { type Environment, expandReferences, rereadScalar } from "./environment.ts";
import { refuseToRead } from "./secret-files.ts";
import { PROTOTYPE_KEY, PROTOTYPE_PROBLEM, problemOfDepth, problemOfNumber } from "./value-rules.ts";

export interface CodeSource {
  /** What mistakes show in place of a file: `new Bellwether({ config })`. */
  readonly place: string;
  readonly value: unknown;
  /** For the defaults of absent keys; what the object itself holds is taken as it is. */
  readonly env: Environment;
  /** Keys to assume where the object does not have them; only they may hold references. */
  readonly absent?: Readonly<Record<string, unknown>>;
}

/**
 * An object in code as a document, so that the same schemas and rules judge it as a file. Never throws. It does without the YAML
 * parser, which a program with jobs in code never loads.
 */
export function codeDocument({ place, value, env, absent = {} }: CodeSource): DocumentResult {
  const unusable: ConfigIssue[] = [];
  const plain = plainOf(value, [], new Set(), (path, problem) =>
    unusable.push(codeIssue(place, path, problem)),
  );
  const shape = unusable.length > 0 ? null : problemOfShape(plain);
  if (shape !== null) unusable.push(codeIssue(place, [], shape));
  if (unusable.length > 0) return { ok: false, issues: unusable };
  const issues: ConfigIssue[] = [];
  const tell: Tell = (path, problem) => issues.push(codeIssue(place, path, problem));
  findOddities(plain, [], tell);
  const places = new CodePlaces();
  const given = plain as Record<string, unknown>;
  const assumed = Object.entries(absent).filter(([key]) => !Object.hasOwn(given, key));
  const filled = assumed.map(([key, written]) => [key, places.fill(written, [key], env, tell)]);
  const whole = { ...given, ...Object.fromEntries(filled) };
  return {
    ok: true,
    document: new ConfigDocument({ file: place, value: whole, places, issues, isCode: true }),
  };
}

/** A mistake in an object in code. */
export function codeIssue(place: string, path: Path, problem: string): ConfigIssue {
  return { file: place, line: 0, column: 0, key: formatPath(path), problem };
}

/** Code has no lines; what came from the environment is known by its path. */
class CodePlaces implements DocumentPlaces {
  readonly #origins = new Map<string, Origin>();
  readonly #broken = new Set<string>();

  /** Fills what references read into the texts of an assumed value. */
  fill(written: unknown, path: Path, env: Environment, tell: Tell): unknown {
    if (isMapping(written)) {
      const entries = Object.entries(written);
      return Object.fromEntries(
        entries.map(([key, item]) => [key, this.fill(item, [...path, key], env, tell)]),
      );
    }
    if (typeof written !== "string" || !written.includes("${")) return written;
    const { text, isExpanded, isWhole, problems } = expandReferences(written, {
      env,
      readSecret: refuseToRead,
    });
    for (const problem of problems) tell(path, problem);
    if (problems.length > 0) this.#broken.add(formatPath(path));
    if (isExpanded) this.#origins.set(formatPath(path), { source: written, text });
    return isWhole ? rereadScalar(text) : text;
  }

  placeOf(): { line: number; column: number } {
    return { line: 0, column: 0 };
  }

  isBroken(path: Path): boolean {
    return this.#broken.has(formatPath(path));
  }

  originOf(path: Path): Origin | undefined {
    return this.#origins.get(formatPath(path));
  }
}

/** Why as a whole the value cannot be a configuration, or null. */
function problemOfShape(value: unknown): string | null {
  return isMapping(value) ? problemOfDepth(value) : `${describe(value)}, expected an object`;
}

/** Keys and numbers that files may not have either. */
function findOddities(value: unknown, path: Path, tell: Tell): void {
  if (typeof value === "number") {
    const problem = problemOfNumber(value);
    if (problem !== null) tell(path, problem);
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const below = [...path, Array.isArray(value) ? Number(key) : key];
    if (key === PROTOTYPE_KEY) tell(below, PROTOTYPE_PROBLEM);
    findOddities(item, below, tell);
  }
}

type Tell = (path: Path, problem: string) => void;

/** More than a document may have, which then says so. */
const MAX_DEPTH = 200;

/** What JSON can hold of a value. References are read in files only. */
function plainOf(value: unknown, path: Path, above: ReadonlySet<object>, tell: Tell): unknown {
  if (value === null || ["string", "boolean"].includes(typeof value) || Number.isFinite(value)) return value;
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
