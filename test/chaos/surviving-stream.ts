import type { Redis } from "ioredis";

export interface StreamEntry {
  readonly id: string;
  readonly fields: Readonly<Record<string, string>>;
}

const PAGE = 2_000;

/**
 * A capped stream, read while it grows. The stream of the Redis that takes the writes in the end is the truth: after
 * a failover it may lack entries that were read from the Redis before. They did not survive, and are kept apart.
 */
export class SurvivingStream {
  /** What survived, in the order of the stream, what was trimmed since included. */
  entries: StreamEntry[] = [];
  /** What was read once and is not in the stream of a later primary. */
  readonly vanished: StreamEntry[] = [];
  /** How often entries were trimmed before they were read: what is known is then not all. */
  gaps = 0;
  readonly #key: string;
  /** How many of the first entries may be missing without being lost: another program has deleted the stream since. */
  #deletable = 0;

  constructor(key: string) {
    this.#key = key;
  }

  /** Another program is about to delete the stream, or has deleted it. */
  noteDeletion(): void {
    this.#deletable = this.entries.length;
  }

  /** Reads what is new. A stream that was deleted begins again, with lower ids where the clock went back meanwhile. */
  async readOn(redis: Redis): Promise<void> {
    const isBegun = this.entries.length > this.#deletable;
    const last = isBegun ? this.entries.at(-1)?.id : undefined;
    const read = await this.#readAfter(redis, last ?? "0");
    const [first] = await redis.xrange(this.#key, "-", "+", "COUNT", 1);
    if (first && last !== undefined && isBefore(last, first[0])) this.gaps++;
    const known = new Set(isBegun ? [] : this.entries.map(keyOf));
    this.entries.push(...read.filter(entry => !known.has(keyOf(entry))));
  }

  /** Another server answers: everything that it holds is compared with what was read. */
  async readAgain(redis: Redis): Promise<void> {
    const held = await this.#readAfter(redis, "0");
    const known = new Set(held.map(keyOf));
    const gone = this.entries
      .map((entry, i) => ({ entry, i }))
      .filter(({ entry }) => !known.has(keyOf(entry)));
    const { kept = [], lost = [] } = Object.groupBy(gone, ({ entry, i }) =>
      this.#isKept(entry, i, held[0]) ? "kept" : "lost",
    );
    this.vanished.push(...lost.map(({ entry }) => entry));
    this.entries = [...kept.map(({ entry }) => entry), ...held];
    if (this.#deletable > 0) this.#deletable = kept.length;
  }

  /** Deleted, or else trimmed: older than all that are held. A stream that was deleted is too short to be trimmed. */
  #isKept(entry: StreamEntry, index: number, first: StreamEntry | undefined): boolean {
    if (this.#deletable > 0) return index < this.#deletable;
    return first !== undefined && isBefore(entry.id, first.id);
  }

  async #readAfter(redis: Redis, last: string): Promise<StreamEntry[]> {
    const read: StreamEntry[] = [];
    for (;;) {
      const from = read.at(-1)?.id ?? last;
      const entries = await redis.xrange(this.#key, `(${from}`, "+", "COUNT", PAGE);
      read.push(...entries.map(([id, flat]) => ({ id, fields: fieldsOf(flat) })));
      if (entries.length < PAGE) return read;
    }
  }
}

/** When the entry was written (epoch ms), by the clock of Redis. */
export function writtenAt({ id }: Pick<StreamEntry, "id">): number {
  return Number(id.split("-")[0]);
}

function fieldsOf(flat: readonly string[]): Record<string, string> {
  return Object.fromEntries(flat.flatMap((name, i) => (i % 2 ? [] : [[name, flat[i + 1] ?? ""]])));
}

/** Two primaries may give out the same id. */
function keyOf({ id, fields }: StreamEntry): string {
  return `${id} ${JSON.stringify(fields)}`;
}

function isBefore(a: string, b: string): boolean {
  const [msA = 0, sequenceA = 0] = a.split("-").map(Number);
  const [msB = 0, sequenceB = 0] = b.split("-").map(Number);
  return msA < msB || (msA === msB && sequenceA < sequenceB);
}
