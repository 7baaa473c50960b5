import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type YAMLMap,
  type Document as YamlDocument,
} from "yaml";
import { type ConfigIssue, formatPath, formatPlace, type Path } from "./config-issue.ts";
import type { AppliedEnvironment, Origin } from "./document-environment.ts";
import { checkKeys } from "./document-keys.ts";
import { MERGE_KEY, placeOf } from "./document-nodes.ts";

export interface ConfigDocumentOptions {
  readonly file: string;
  readonly yaml: YamlDocument;
  readonly lines: LineCounter;
  readonly environment: AppliedEnvironment;
  /** The values, with the environment filled in. */
  readonly value: Record<string, unknown>;
}

/**
 * One parsed file: its values with the environment filled in. For every path it knows the place in the text, and
 * whether the value came from the environment (and so must not be shown).
 */
export class ConfigDocument {
  readonly file: string;
  /** What is wrong with keys and references; the values behind them are not judged again. */
  readonly issues: readonly ConfigIssue[];
  readonly #yaml: YamlDocument;
  readonly #lines: LineCounter;
  readonly #origins: ReadonlyMap<Node, Origin>;
  readonly #broken = new Set<Node>();
  readonly #value: Record<string, unknown>;
  /** Without it thousands of mistakes in one large map would take quadratic time. */
  readonly #pairs = new WeakMap<Node, ReadonlyMap<string, Pair>>();

  constructor({ file, yaml, lines, environment, value }: ConfigDocumentOptions) {
    this.file = file;
    this.#yaml = yaml;
    this.#lines = lines;
    this.#value = value;
    this.#origins = environment.origins;
    for (const { node } of environment.issues) this.#broken.add(node);
    const issues = [...checkKeys(yaml, node => this.#placeOf(node).line), ...environment.issues];
    this.issues = issues.map(({ node, path, problem }) => ({
      file,
      ...this.#placeOf(node),
      key: formatPath(path),
      problem,
    }));
  }

  /** It was given in code, where a job may have a function. */
  get isCode(): boolean {
    return this.#lines.lineStarts.length === 0;
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
    return this.#originAt(path)?.source ?? null;
  }

  /**
   * Turns values that were read again (`12345`, `true`) back into the text that the environment holds, because
   * the schema wants texts there. Returns whether anything changed.
   */
  keepTexts(paths: readonly Path[]): boolean {
    let isChanged = false;
    for (const path of paths) {
      const origin = this.#originAt(path);
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
    const found = this.#find(path);
    if (found.value && this.#broken.has(found.value)) return [];
    const wantsKey = at === "key" || !found.value || isEmptyScalar(found.value);
    const node = wantsKey ? (found.key ?? found.value) : found.value;
    return [{ file: this.file, ...this.#placeOf(node), key: formatPath(path), problem }];
  }

  /** `config/jobs.yaml:3:3`, the key at the path. */
  placeText(path: Path): string {
    const { key, value } = this.#find(path);
    return formatPlace({ file: this.file, ...this.#placeOf(key ?? value) });
  }

  #originAt(path: Path): Origin | undefined {
    const { value, isExact } = this.#find(path);
    return isExact && value ? this.#origins.get(value) : undefined;
  }

  /** The nodes at the path, or those of its deepest ancestor that is in the text. */
  #find(path: Path): { key: Node | null; value: Node | null; isExact: boolean } {
    let key: Node | null = null;
    let value: Node | null = this.#yaml.contents;
    for (const part of path) {
      const pair = this.#childOf(value, part);
      if (pair === null) return { key, value, isExact: false };
      key = pair.key ?? key;
      value = pair.value;
    }
    return { key, value: this.#resolve(value) ?? value, isExact: true };
  }

  #childOf(node: Node | null, part: string | number): { key: Node | null; value: Node | null } | null {
    const parent = this.#resolve(node);
    if (isSeq(parent)) {
      const item = parent.items[Number(part)];
      return isNode(item) ? { key: null, value: item } : null;
    }
    if (!isMap(parent)) return null;
    const pair = this.#pairsOf(parent).get(String(part));
    if (pair) return nodesOf(pair);
    return this.#mergedChildOf(parent.items, part);
  }

  /** The pairs of a map by key; of a key that occurs twice the last one counts, as for the parser. */
  #pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = this.#pairs.get(map);
    if (known) return known;
    const pairs = map.items.flatMap(item =>
      isScalar(item.key) ? [[String(item.key.value), item] as const] : [],
    );
    const index = new Map<string, Pair>(pairs);
    this.#pairs.set(map, index);
    return index;
  }

  /** `<<: *shared` and `<<: [*one, *two]`. */
  #mergedChildOf(items: readonly Pair[], part: string | number) {
    for (const item of items) {
      if (!isScalar(item.key) || item.key.value !== MERGE_KEY) continue;
      const merged = this.#resolve(item.value as Node | null);
      const sources = isSeq(merged) ? merged.items : [merged];
      for (const source of sources) {
        const child = isNode(source) ? this.#childOf(source, part) : null;
        if (child) return child;
      }
    }
    return null;
  }

  #resolve(node: Node | null): Node | null {
    return isAlias(node) ? (node.resolve(this.#yaml) ?? null) : node;
  }

  #placeOf(node: Node | null): { line: number; column: number } {
    return placeOf(node, this.#lines);
  }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nodesOf(pair: Pair): { key: Node | null; value: Node | null } {
  return {
    key: isNode(pair.key) ? pair.key : null,
    value: isNode(pair.value) ? pair.value : null,
  };
}

/** `key:` with nothing behind it: the place to show is the key. */
function isEmptyScalar(node: Node): boolean {
  return isScalar(node) && node.value === null && !node.source;
}
