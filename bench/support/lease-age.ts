import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";

export interface LeaseFigures {
  /** The longest time between two renewals. */
  readonly longestMs: number;
  /** How many terms there were. */
  readonly terms: number;
}

const INTERVAL_MS = 10;
/** The default of `election.leaseTtl`. */
const TTL_MS = 10_000;

/** Watches the leader's lease from outside: how much of its time to live is left before each renewal. */
export class LeaseAge {
  readonly #redis: Redis;
  readonly #namespace: string;
  readonly #firstTerm: number;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #longestMs = 0;

  private constructor(redis: Redis, namespace: string, firstTerm: number) {
    this.#redis = redis;
    this.#namespace = namespace;
    this.#firstTerm = firstTerm;
    this.#running = this.#watch();
  }

  static async watch(redis: Redis, namespace: string): Promise<LeaseAge> {
    return new LeaseAge(redis, namespace, await termOf(redis, namespace));
  }

  async stop(): Promise<LeaseFigures> {
    this.#stopping.abort();
    await this.#running;
    const terms = 1 + (await termOf(this.#redis, this.#namespace)) - this.#firstTerm;
    return { longestMs: this.#longestMs, terms };
  }

  /** A lease that has expired has no time left: then there was no renewal for all of it, or for longer. */
  async #watch(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const leftMs = await this.#redis.pttl(`${this.#namespace}/lease`);
      this.#longestMs = Math.max(this.#longestMs, TTL_MS - Math.max(leftMs, 0));
      await sleep(INTERVAL_MS);
    }
  }
}

/** `<number>:<token>` */
async function termOf(redis: Redis, namespace: string): Promise<number> {
  return Number.parseInt((await redis.get(`${namespace}/term`)) ?? "0", 10);
}
