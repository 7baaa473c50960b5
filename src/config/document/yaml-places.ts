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
import type { Path } from "./config-issue.ts";
import type { DocumentPlaces, Origin } from "./document.ts";
import type { AppliedEnvironment } from "./document-environment.ts";
import { MERGE_KEY, placeOf } from "./document-nodes.ts";

export interface YamlPlacesOptions {
  readonly yaml: YamlDocument;
  readonly lines: LineCounter;
  readonly environment: AppliedEnvironment;
}

/** The places of values in the text of a file. */
export class YamlPlaces implements DocumentPlaces {
  readonly #yaml: YamlDocument;
  readonly #lines: LineCounter;
  readonly #origins: ReadonlyMap<Node, Origin>;
  readonly #broken: ReadonlySet<Node>;
  /** Without it thousands of mistakes in one large map would take quadratic time. */
  readonly #pairs = new WeakMap<Node, ReadonlyMap<string, Pair>>();

  constructor({ yaml, lines, environment }: YamlPlacesOptions) {
    this.#yaml = yaml;
    this.#lines = lines;
    this.#origins = environment.origins;
    this.#broken = new Set(environment.issues.map(({ node }) => node));
  }

  placeOf(path: Path, at: "key" | "value"): { line: number; column: number } {
    const { key, value } = this.#find(path);
    const wantsKey = at === "key" || !value || isEmptyScalar(value);
    return placeOf(wantsKey ? (key ?? value) : value, this.#lines);
  }

  isBroken(path: Path): boolean {
    const { value } = this.#find(path);
    return value !== null && this.#broken.has(value);
  }

  originOf(path: Path): Origin | undefined {
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
