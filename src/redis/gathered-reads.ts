import type { Redis } from "ioredis";
import { z } from "zod";
import { Script } from "./script.ts";
import { storedPairs } from "./stored-value.ts";

/** Read-only commands that are gathered; each reads one key. */
type Command = "HMGET" | "HGETALL" | "XRANGE";

const time = z.array(z.string());
const GATHER = new Script(z.tuple([time]).rest(z.unknown()), new URL("./gather.lua", import.meta.url));
/** What one script may take: more of it holds Redis up for too long. */
const ARGUMENTS_A_SCRIPT = 2_000;

const texts = z.array(z.string());
const values = z.array(z.string().nullable());
const entries = z.array(z.tuple([z.string(), texts]));

interface Read {
  /** Null for the time alone. */
  readonly command: Command | null;
  readonly key: string;
  readonly args: readonly (string | number)[];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads that a connection has as well. */
export interface HashReads {
  time(): Promise<readonly (string | number)[]>;
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>;
  hgetall(key: string): Promise<Record<string, string>>;
}

/**
 * Reads that are asked for in the same turn of the event loop are sent as one command. For what very many replicas read again and
 * again. In a Redis Cluster all keys must be of one slot.
 */
export class GatheredReads implements HashReads {
  readonly #redis: Redis;
  #reads: Read[] = [];

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async time(): Promise<readonly string[]> {
    return time.parse(await this.#read(null, "", []));
  }

  async hmget(key: string, ...fields: string[]): Promise<(string | null)[]> {
    return values.parse(await this.#read("HMGET", key, fields));
  }

  async hgetall(key: string): Promise<Record<string, string>> {
    return Object.fromEntries(storedPairs(texts.parse(await this.#read("HGETALL", key, []))));
  }

  /** The first entries of a stream, from and to these ids. */
  async xrange(key: string, from: string, to: string, count: number) {
    return entries.parse(await this.#read("XRANGE", key, [from, to, "COUNT", count]));
  }

  #read(command: Read["command"], key: string, args: Read["args"]): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    if (this.#reads.length === 0) queueMicrotask(() => this.#send());
    this.#reads.push({ command, key, args, resolve, reject });
    return promise;
  }

  #send(): void {
    const reads = this.#reads;
    this.#reads = [];
    let batch: Read[] = [];
    let size = 0;
    for (const read of reads) {
      if (batch.length > 0 && size + read.args.length > ARGUMENTS_A_SCRIPT) {
        void this.#sendBatch(batch);
        batch = [];
        size = 0;
      }
      batch.push(read);
      size += read.args.length;
    }
    void this.#sendBatch(batch);
  }

  async #sendBatch(batch: readonly Read[]): Promise<void> {
    try {
      const keyed = batch.filter(({ command }) => command !== null);
      const args = keyed.flatMap(({ command, args }) => [command ?? "", args.length, ...args]);
      const keys = keyed.map(({ key }) => key);
      const [now, ...replies] = await GATHER.run(this.#redis, keys, args);
      for (const { command, resolve, reject } of batch) {
        const reply = command === null ? now : replies.shift();
        if (reply instanceof Error) reject(reply);
        else resolve(reply);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
