import fc from "fast-check";

/** What breaks parsers of YAML, JSON, cron and iCalendar. */
export const SNIPPETS: readonly string[] = [
  ...["*", "&a", "*a", "<<: *a", "? ", "- ", ": ", "|", ">", "#", "%", "@", "!!set ", "---\n", "...\n"],
  ...[
    "${",
    "${X}",
    "${X:-",
    "${file:/x}",
    "$${",
    "}",
    "[",
    "{",
    '"',
    "'",
    "\\",
    "`",
    ",",
    "/",
    "\t",
    "\n",
    "\r",
  ],
  ...["\u0000", "\u001b[31m", "\uFEFF", "\u2028", "\u202E", "\uD800", "ß", "İ", "\u0301", "𝟘", "٣"],
  ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"],
  ...["null", "true", "~", "NaN", "-0", "1e999", "0x1F", "99999999999999999999", "-1", "1.5", "2026-02-30"],
];

const hostileText = fc.oneof(
  fc.constantFrom(...SNIPPETS),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
);

/** A text with pieces cut out, doubled and put in: what editors, merges, half-finished uploads and enemies leave. */
export function mutatedText(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat({ max: 10_000 }),
    length: fc.nat({ max: 30 }),
    put: hostileText,
    times: fc.oneof(
      { weight: 9, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.nat({ max: 2_000 }) },
    ),
    isCopy: fc.boolean(),
  });
  return fc.tuple(texts, fc.array(edit, { maxLength: 5 })).map(([text, edits]) => {
    return edits.reduce((result, { at, length, put, times, isCopy }) => {
      const from = at % (result.length + 1);
      const piece = isCopy ? result.slice(from, from + length) : put;
      return result.slice(0, from) + piece.repeat(times) + result.slice(from + (isCopy ? 0 : length));
    }, text);
  });
}

const hostileNumber = fc.constantFrom(
  0,
  -0,
  -1,
  0.5,
  1e21,
  1e308,
  2 ** 31,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 53),
  65_536,
);

/** `[[[…]]]`, as many levels deep. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  hostileNumber,
  fc.constantFrom(null, true, false, [], {}, [null], [[]]),
  // What a text is asked for, as something else.
  fc.constantFrom({ toString: 0 }, { length: { toString: [] } }, [[{ toString: null }]], {
    valueOf: [],
    toString: 1,
  }),
  fc.nat({ max: 300 }).map(nested),
  fc.nat({ max: 3_000 }).map(length => "x".repeat(length)),
  fc.jsonValue({ maxDepth: 3 }),
);

/** A tree of plain values in which some are replaced, removed, renamed or put elsewhere. */
export function mutatedTree(trees: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const edit = fc.record({
    at: fc.nat({ max: 1_000 }),
    act: fc.constantFrom("replace", "remove", "rename", "move" as const),
    value: hostileValue,
    key: hostileText,
    to: fc.nat({ max: 1_000 }),
  });
  return fc.tuple(trees, fc.array(edit, { maxLength: 5 })).map(([tree, edits]) => {
    const root = { tree: structuredClone(tree) };
    for (const { at, act, value, key, to } of edits) {
      const places = [...placesIn(root)];
      const place = places[at % places.length];
      const other = places[to % places.length];
      if (!place || !other) continue;
      // A copy: later edits change what is in the tree, and the values are drawn again.
      if (act === "replace") put(place.parent, place.key, structuredClone(value));
      if (act === "remove") delete place.parent[place.key];
      if (act === "rename" && !Array.isArray(place.parent)) put(place.parent, key, place.parent[place.key]);
      if (act === "move") put(place.parent, place.key, structuredClone(other.parent[other.key]));
    }
    return root.tree;
  });
}

interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

function* placesIn(value: unknown): Generator<Place> {
  if (typeof value !== "object" || value === null) return;
  const parent = value as Record<string, unknown>;
  for (const key of Object.keys(parent)) {
    yield { parent, key };
    yield* placesIn(parent[key]);
  }
}

/** Also `__proto__` is a key like any other. */
function put(parent: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true });
}
