import { type ConfigIssue, formatPath, type Path } from "./config-issue.ts";
import {
  ConfigDocument,
  type DocumentPlaces,
  type DocumentResult,
  isMapping,
  type Origin,
} from "./document.ts";
import type { DocumentSource } from "./document-source.ts";
import { expandReferences, rereadScalar } from "./environment.ts";
import { JsonPlaces } from "./json-places.ts";
import { JsonReader, JsonSyntaxError, type JsonVisitor } from "./json-reader.ts";
import { isKeyOfYaml } from "./plain-value.ts";
import { refuseToRead } from "./secret-files.ts";
import { PROTOTYPE_KEY, PROTOTYPE_PROBLEM, problemOfNumber } from "./value-rules.ts";

/**
 * The YAML parser explains a mistake in JSON in its own words, and takes half a second for each MB. Longer files are explained
 * as JSON.
 */
const LARGE = 1024 * 1024;

export function isLikeJson(text: string): boolean {
  return /^\s*\{/.test(text);
}

/** A file in JSON with its mistakes, as the YAML parser reads it. Null where that one has to read it. */
export function jsonDocument(source: DocumentSource): DocumentResult | null {
  const { file, text, absent = {} } = source;
  if (!isLikeJson(text) || Object.keys(absent).length > 0) return null;
  const found = new JsonFindings(source);
  try {
    const value = new JsonReader(text, found).read();
    if (!isMapping(value)) return null;
    const { issues } = found;
    return { ok: true, document: new ConfigDocument({ file, value, places: found, issues, isCode: false }) };
  } catch (error) {
    if (error instanceof NotJson) return null;
    if (!(error instanceof JsonSyntaxError)) throw error;
    const isExplained = file.endsWith(".json") && text.length > LARGE;
    return isExplained ? { ok: false, issues: [found.syntaxIssue(error)] } : null;
  }
}

/** JSON that means something else in YAML. */
class NotJson extends Error {}

/** No key holds it unescaped. */
const SEPARATOR = "\0";

/** What a file in JSON holds beside its values. */
class JsonFindings implements JsonVisitor, DocumentPlaces {
  readonly issues: ConfigIssue[] = [];
  readonly #source: DocumentSource;
  readonly #places: JsonPlaces;
  readonly #origins = new Map<string, Origin>();
  readonly #broken = new Set<string>();
  /** Of the mappings that are being read, the lines of their keys. */
  readonly #open: { readonly path: string; readonly keys: Map<string, number> }[] = [];

  constructor(source: DocumentSource) {
    this.#source = source;
    this.#places = new JsonPlaces(source.text);
  }

  onKey(key: string, at: number, path: Path): void {
    if (key !== PROTOTYPE_KEY && !isKeyOfYaml(key)) throw new NotJson();
    const keys = this.#keysOf(path);
    const firstAt = keys.get(key);
    keys.set(key, at);
    if (firstAt !== undefined) {
      this.#tell(path, at, `stands twice (the first is in line ${this.#places.lineOf(firstAt).line})`);
      this.#forget(path);
    }
    if (key === PROTOTYPE_KEY) this.#tell(path, at, PROTOTYPE_PROBLEM);
  }

  onScalar(value: string | number, at: number, written: string, path: Path): unknown {
    if (typeof value === "number") {
      const problem = problemOfNumber(value, written);
      if (problem !== null) this.#tell(path, at, problem);
      return value;
    }
    if (!value.includes("${")) return value;
    const { env, readSecret = refuseToRead } = this.#source;
    const { text, isExpanded, isWhole, problems } = expandReferences(value, { env, readSecret });
    for (const problem of problems) this.#tell(path, at, problem);
    if (problems.length > 0) this.#broken.add(nameOf(path));
    if (isExpanded) this.#origins.set(nameOf(path), { source: value, text });
    return isWhole ? rereadScalar(text) : text;
  }

  placeOf(path: Path, at: "key" | "value"): { readonly line: number; readonly column: number } {
    return this.#places.placeOf(path, at);
  }

  isBroken(path: Path): boolean {
    return (
      this.#broken.size > 0 && path.some((_, index) => this.#broken.has(nameOf(path.slice(0, index + 1))))
    );
  }

  originOf(path: Path): Origin | undefined {
    return this.#origins.get(nameOf(path));
  }

  syntaxIssue({ message, at, path }: JsonSyntaxError): ConfigIssue {
    const problem = `this is not valid JSON: ${message}`;
    return { file: this.#source.file, ...this.#places.lineOf(at), key: formatPath(path), problem };
  }

  #tell(path: Path, at: number, problem: string): void {
    this.issues.push({
      file: this.#source.file,
      ...this.#places.lineOf(at),
      key: formatPath(path),
      problem,
    });
  }

  #keysOf(path: Path): Map<string, number> {
    const parent = nameOf(path.slice(0, -1));
    this.#open.length = Math.min(this.#open.length, path.length);
    const known = this.#open[path.length - 1];
    if (known?.path === parent) return known.keys;
    const keys = new Map<string, number>();
    this.#open[path.length - 1] = { path: parent, keys };
    return keys;
  }

  /** The value of a key that is there twice is the last one. */
  #forget(path: Path): void {
    const name = nameOf(path);
    const isWithin = (other: string) => other === name || other.startsWith(name + SEPARATOR);
    for (const other of this.#origins.keys()) if (isWithin(other)) this.#origins.delete(other);
    for (const other of this.#broken) if (isWithin(other)) this.#broken.delete(other);
  }
}

function nameOf(path: Path): string {
  return path.map(part => SEPARATOR + part).join("");
}
