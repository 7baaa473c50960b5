import type { z } from "zod";
import { isMapping } from "./document/document.ts";
import { deepFreeze } from "./freeze.ts";

/** Values of one key that are remembered; a file with more of them is checked as fast, and shares less. */
const KNOWN_LIMIT = 10_000;
/** Longer values are seldom equal. */
const MAX_TEXT = 500;

/**
 * Reads sections field by field, and remembers what it has read: most jobs of a large file say the same, and share one
 * frozen value then. Only for a section whose fields are independent of each other.
 */
export class JobFields<S extends z.ZodRawShape> {
  readonly #fields: ReadonlyMap<string, Field>;

  /** `open`: a field that may be any mapping. It is another one in each job, and needs no schema. */
  constructor(shape: S, open: keyof S & string) {
    this.#fields = new Map(
      Object.entries(shape).map(([key, schema]) => {
        const known = { scalars: new Map(), nested: new Map() };
        return [key, { schema: schema as z.ZodType, isOpen: key === open, known }];
      }),
    );
  }

  /** The section as the schema gives it; null for one with a mistake, which only the whole schema explains. */
  read(section: unknown): z.output<z.ZodObject<S>> | null {
    if (!isMapping(section)) return null;
    const read: Record<string, unknown> = {};
    for (const key in section) {
      const field = this.#fields.get(key);
      const value = field === undefined ? MISTAKE : readField(field, section[key]);
      if (value === MISTAKE) return null;
      read[key] = value;
    }
    return read as z.output<z.ZodObject<S>>;
  }
}

interface Field {
  readonly schema: z.ZodType;
  readonly isOpen: boolean;
  /** By value, and by the JSON of a list or a mapping, which may also be written as a text. */
  readonly known: Readonly<Record<"scalars" | "nested", Map<unknown, unknown>>>;
}

const MISTAKE = Symbol("mistake");

function readField({ schema, isOpen, known: { scalars, nested } }: Field, value: unknown): unknown {
  const isNested = typeof value === "object" && value !== null;
  const known = isNested ? nested : scalars;
  const name = isNested ? JSON.stringify(value) : value;
  const found = known.get(name);
  if (found !== undefined) return found;
  // A copy: the parser's texts are parts of the whole file, which each of them would keep in memory.
  const copy: unknown = JSON.parse(isNested ? String(name) : JSON.stringify(value));
  const checked = isOpen && isMapping(copy) ? { success: true as const, data: copy } : schema.safeParse(copy);
  if (!checked.success) return MISTAKE;
  const read = deepFreeze(checked.data);
  const isShort = typeof name !== "string" || name.length <= MAX_TEXT;
  if (isShort && known.size < KNOWN_LIMIT) known.set(name, read);
  return read;
}
