import type { Redis } from "ioredis";
import type { Start } from "./run-log.ts";

/** Enough for each event of each run of a benchmark. BullMQ keeps 10,000 by default. */
const KEPT = 5_000_000;
const KEEP_EVERY_MS = 10;
const PAGE = 10_000;

/** When each run became available to workers, as BullMQ's stream of events says by the clock of Redis. */
export class RunEvents {
  readonly #redis: Redis;
  readonly #queue: string;
  readonly #tickOf: (run: string) => number;
  readonly #launches: (Start & readonly [unknown, unknown])[] = [];
  readonly #runs = new Set<string>();
  #doubled = 0;
  #keeping: NodeJS.Timeout | undefined;
  #last = "0";

  /** `queue`: with its prefix. `tickOf`: epoch ms, from a run's id. */
  constructor(redis: Redis, queue: string, tickOf: (run: string) => number) {
    this.#redis = redis;
    this.#queue = queue;
    this.#tickOf = tickOf;
  }

  /** Each process that opens the queue sets the default again, some of them with their first run. */
  keepAll(): void {
    this.#keeping = setInterval(() => {
      this.#redis.hset(`${this.#queue}:meta`, "opts.maxLenEvents", KEPT).catch(() => undefined);
    }, KEEP_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#keeping);
  }

  /** All so far, each run once. */
  async launches(): Promise<readonly Start[]> {
    for (;;) {
      const entries = await this.#redis.xrange(`${this.#queue}:events`, `(${this.#last}`, "+", "COUNT", PAGE);
      for (const [id, fields] of entries) {
        this.#last = id;
        if (fields[1] === "waiting") this.#note(fields[3] ?? "", Number.parseInt(id, 10));
      }
      if (entries.length < PAGE) return this.#launches;
    }
  }

  /** How many runs were made available a second time. */
  get doubled(): number {
    return this.#doubled;
  }

  #note(run: string, atMs: number): void {
    if (this.#runs.has(run)) {
      this.#doubled += 1;
      return;
    }
    this.#runs.add(run);
    const tickAtMs = this.#tickOf(run);
    if (Number.isFinite(tickAtMs)) this.#launches.push([tickAtMs, atMs - tickAtMs]);
  }
}
