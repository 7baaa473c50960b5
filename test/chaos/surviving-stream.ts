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

  readonly #isDeletable: boolean;

  /** `isDeletable`: another program may delete the stream, so that an empty one says nothing about what it held. */
  constructor(key: string, isDeletable = false) {
    this.#key = key;
    this.#isDeletable = isDeletable;
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
    if (!first && this.#isDeletable) return;
    const trimmed = first ? this.entries.filter(({ id }) => isBefore(id, first.id)) : [];
    this.vanished.push(...this.entries.slice(trimmed.length).filter(entry => !known.has(keyOf(entry))));
    this.entries = [...trimmed, ...held];
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
