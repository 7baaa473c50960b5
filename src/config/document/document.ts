import { type ConfigIssue, formatPath, formatPlace, type Path } from "./config-issue.ts";

/** Where the value of a text with references came from. */
export interface Origin {
  /** As written, with the references: safe to show. */
  readonly source: string;
  /** The text that replaced it: perhaps a secret. */
  readonly text: string;
}

/** Where the values of a document are: in a text, or in code, which has no lines. */
export interface DocumentPlaces {
  /** The place of the value at a path, or of its key; of the deepest ancestor that is there, where it is not. */
  placeOf(path: Path, at: "key" | "value"): { readonly line: number; readonly column: number };
  /** Whether what is at the path is wrong and reported already. */
  isBroken(path: Path): boolean;
  /** Undefined for a value in which nothing came from the environment. */
  originOf(path: Path): Origin | undefined;
}

export interface ConfigDocumentOptions {
  /** As mistakes show it. */
  readonly file: string;
  /** The values, with the environment filled in. */
  readonly value: Record<string, unknown>;
  readonly places: DocumentPlaces;
  readonly issues: readonly ConfigIssue[];
  /** It was given in code, where a job may have a function. */
  readonly isCode: boolean;
}

/**
 * One parsed file, or an object in code: its values with the environment filled in. For every path it knows the place in the
 * text, and whether the value came from the environment (and so must not be shown).
 */
export class ConfigDocument {
  readonly file: string;
  readonly isCode: boolean;
  /** What is wrong with keys and references; the values behind them are not judged again. */
  readonly issues: readonly ConfigIssue[];
  readonly #value: Record<string, unknown>;
  readonly places: DocumentPlaces;

  constructor({ file, value, places, issues, isCode }: ConfigDocumentOptions) {
    this.file = file;
    this.isCode = isCode;
    this.issues = issues;
    this.#value = value;
    this.places = places;
  }

  /** The value at a path, undefined when there is none. */
  get(path: Path): unknown {
    let value: unknown = this.#value;
    for (const part of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
      value = (value as Record<string | number, unknown>)[part];
    }
    return value;
  }

  has(path: Path): boolean {
    return this.get(path) !== undefined;
  }

  /** The keys of the mapping at a path; none where there is no mapping. */
  keysOf(path: Path): string[] {
    const value = this.get(path);
    return isMapping(value) ? Object.keys(value) : [];
  }

  /** How the value is written, with its references, when any part of it came from the environment. */
  originOf(path: Path): string | null {
    return this.places.originOf(path)?.source ?? null;
  }

  /**
   * Turns values that were read again (`12345`, `true`) back into the text that the environment holds, because
   * the schema wants texts there. Returns whether anything changed.
   */
  keepTexts(paths: readonly Path[]): boolean {
    let isChanged = false;
    for (const path of paths) {
      const origin = this.places.originOf(path);
      const last = path.at(-1);
      const parent = this.get(path.slice(0, -1));
      if (!origin || last === undefined || typeof this.get(path) === "string") continue;
      (parent as Record<string | number, unknown>)[last] = origin.text;
      isChanged = true;
    }
    return isChanged;
  }

  /** A mistake at the value of a path (or at its key); none when the value is broken and reported already. */
  issueAt(path: Path, problem: string, at: "key" | "value" = "value"): ConfigIssue[] {
    if (this.places.isBroken(path)) return [];
    return [{ file: this.file, ...this.places.placeOf(path, at), key: formatPath(path), problem }];
  }

  /** `config/jobs.yaml:3:3`, the key at the path. */
  placeText(path: Path): string {
    return formatPlace({ file: this.file, ...this.places.placeOf(path, "key") });
  }
}

export type DocumentResult =
  | { readonly ok: true; readonly document: ConfigDocument }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
