import type { Path } from "./config-issue.ts";
import type { DocumentPlaces } from "./document.ts";

/** Where a value and its key begin in the text. Of a list's items there is no key. */
interface Place {
  readonly keyAt: number | null;
  readonly at: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set(["{", "["].map(bracket => bracket.charCodeAt(0)));
const CLOSING = new Set(["}", "]"].map(bracket => bracket.charCodeAt(0)));
const SPACE = /[ \t\r\n]*/y;
const SCALAR = /[^,\]}\s]*/y;

/**
 * The places of values in a text that is JSON. A mapping or a list is searched when a place in it is asked for: for the first
 * mistake in a large file these are the list of all jobs, and one job.
 */
export class JsonPlaces {
  readonly #text: string;
  /** By where the mapping or the list begins. */
  readonly #children = new Map<number, ReadonlyMap<string, Place>>();
  /** Where each line begins. */
  #lines: readonly number[] | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  placeOf: DocumentPlaces["placeOf"] = (path, at) => {
    const { keyAt, at: valueAt } = this.#find(path);
    return this.lineOf(at === "key" ? (keyAt ?? valueAt) : valueAt);
  };

  /** Line and column, from 1. */
  lineOf(offset: number): { readonly line: number; readonly column: number } {
    this.#lines ??= [0, ...[...this.#text.matchAll(/\n/g)].map(({ index }) => index + 1)];
    let [low, high] = [0, this.#lines.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lines[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (this.#lines[low] as number) + 1 };
  }

  /** Of what is at the path, or of its deepest ancestor that is in the text. */
  #find(path: Path): Place {
    let place: Place = { keyAt: null, at: this.#skipSpace(0) };
    for (const part of path) {
      const child = this.#childrenOf(place.at).get(String(part));
      if (child === undefined) break;
      place = { keyAt: child.keyAt ?? place.keyAt, at: child.at };
    }
    return place;
  }

  #childrenOf(at: number): ReadonlyMap<string, Place> {
    const known = this.#children.get(at);
    if (known !== undefined) return known;
    const children = new Map<string, Place>();
    const isMapping = this.#text[at] === "{";
    const isList = this.#text[at] === "[";
    let next = this.#skipSpace(at + 1);
    while ((isMapping || isList) && !/[\]}]/.test(this.#text[next] ?? "]")) {
      const keyAt = isMapping ? next : null;
      const keyEnd = isMapping ? this.#endOfText(next) : next;
      const key = isMapping ? (JSON.parse(this.#text.slice(next, keyEnd)) as string) : String(children.size);
      const valueAt = isMapping ? this.#skipSpace(this.#skipSpace(keyEnd) + 1) : next;
      // Of a key that is there twice the last one counts, as for JSON.parse.
      children.set(key, { keyAt, at: valueAt });
      const end = this.#skipSpace(this.#endOfValue(valueAt));
      next = this.#text[end] === "," ? this.#skipSpace(end + 1) : end;
    }
    this.#children.set(at, children);
    return children;
  }

  #endOfValue(at: number): number {
    const first = this.#text.charCodeAt(at);
    if (first === QUOTE) return this.#endOfText(at);
    if (!OPENING.has(first)) return this.#skip(SCALAR, at);
    let depth = 0;
    let next = at;
    do {
      const code = this.#text.charCodeAt(next);
      if (OPENING.has(code)) depth++;
      else if (CLOSING.has(code)) depth--;
      next = code === QUOTE ? this.#endOfText(next) : next + 1;
    } while (depth > 0 && next < this.#text.length);
    return next;
  }

  /** Behind the closing quote. */
  #endOfText(at: number): number {
    let end = at + 1;
    while (end < this.#text.length && this.#text.charCodeAt(end) !== QUOTE) {
      end += this.#text.charCodeAt(end) === BACKSLASH ? 2 : 1;
    }
    return end + 1;
  }

  #skipSpace(at: number): number {
    return this.#skip(SPACE, at);
  }

  #skip(pattern: RegExp, at: number): number {
    pattern.lastIndex = at;
    pattern.test(this.#text);
    return pattern.lastIndex;
  }
}
