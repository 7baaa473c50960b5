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
  readonly #key: string;
  /** By when another program deleted the stream last (epoch ms); infinite while it may be about to. */
  #deletedByMs: number | null = null;

  constructor(key: string) {
    this.#key = key;
  }

  /** What was written up to then may be gone without being lost. */
  noteDeletion(byMs: number): void {
    this.#deletedByMs = byMs;
  }

  /** Reads what is new. */
  async readOn(redis: Redis): Promise<void> {
    this.entries.push(...(await this.#readAfter(redis, this.entries.at(-1)?.id ?? "0")));
  }

  /** Another server answers: everything that it holds is compared with what was read. */
  async readAgain(redis: Redis): Promise<void> {
    const held = await this.#readAfter(redis, "0");
    const known = new Set(held.map(keyOf));
    const [first] = held;
    const { trimmed = [], other = [] } = Object.groupBy(this.entries, entry =>
      this.#isTrimmed(entry, first) ? "trimmed" : "other",
    );
    this.vanished.push(...other.filter(entry => !known.has(keyOf(entry))));
    this.entries = [...trimmed, ...held];
  }

  /** An entry that is older than all that are held. One that was written after a deletion was not deleted by it. */
  #isTrimmed(entry: StreamEntry, first: StreamEntry | undefined): boolean {
    const deletedByMs = this.#deletedByMs;
    if (!first) return deletedByMs !== null && writtenAt(entry) <= deletedByMs;
    return isBefore(entry.id, first.id) && writtenAt(entry) <= (deletedByMs ?? Number.POSITIVE_INFINITY);
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
