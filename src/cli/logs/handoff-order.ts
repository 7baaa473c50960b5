import { isBeginning, isEnd, type LogEntry, type ParsedLine } from "./log-entry.ts";

/** Of the terms whose beginning is known, and of the ends that wait for one; more are left where their time puts them. */
const LIMIT = 10_000;

/**
 * Puts the end of a term before the beginning of the next one. A leader knows the store's time only as exactly as its
 * round trips permit, so its last line may seem to be some milliseconds later.
 */
export class HandoffOrder {
  readonly #begunMs = new Map<string, number>();
  readonly #ends: ParsedLine[] = [];

  /** Returns null for an entry that `rest` returns later. */
  take(parsed: ParsedLine): LogEntry | null {
    const { entry, record } = parsed;
    if (record === null || entry.rank === 0 || entry.atMs === null) return entry;
    if (isEnd(record["event"]) && this.#ends.length < LIMIT) {
      this.#ends.push(parsed);
      return null;
    }
    if (isBeginning(record["event"]) && this.#begunMs.size < LIMIT) {
      this.#begunMs.set(keyOf(record["namespace"], Number(record["term"])), entry.atMs);
    }
    return entry;
  }

  *rest(): Generator<LogEntry> {
    for (const { entry, record } of this.#ends) {
      const next = this.#begunMs.get(keyOf(record?.["namespace"], Number(record?.["term"]) + 1));
      yield { ...entry, atMs: Math.min(entry.atMs ?? 0, next ?? Number.POSITIVE_INFINITY) };
    }
  }
}

function keyOf(namespace: unknown, term: number): string {
  return JSON.stringify([namespace, term]);
}
