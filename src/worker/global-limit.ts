import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { sleep } from "../clock/sleep.ts";

const RETRY_MS = 1_000;

export interface GlobalLimitOptions {
  readonly queue: string;
  readonly prefix: string;
  readonly redis: Redis;
  readonly onError: (error: unknown) => void;
}

/** How many runs of a queue all replicas together work on at a time, which BullMQ keeps in the queue's meta. */
export class GlobalLimit {
  readonly #options: GlobalLimitOptions;
  readonly #stopping = new AbortController();
  #wanted: number | undefined;

  constructor(options: GlobalLimitOptions) {
    this.#options = options;
  }

  /** 0 lifts the limit, and without a number it stays as it is. */
  set(concurrency: number | undefined): void {
    if (concurrency === undefined || concurrency === this.#wanted) return;
    this.#wanted = concurrency;
    void this.#write(concurrency);
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Until it is written, or another one is wanted: what Redis refuses while it has no memory left, it takes later. */
  async #write(concurrency: number): Promise<void> {
    const { queue: name, prefix, redis: connection, onError } = this.#options;
    const { signal } = this.#stopping;
    const queue = new Queue(name, { connection, prefix, skipMetasUpdate: true });
    queue.on("error", () => undefined);
    while (this.#wanted === concurrency && !signal.aborted) {
      try {
        if (concurrency === 0) await queue.removeGlobalConcurrency();
        else await queue.setGlobalConcurrency(concurrency);
        break;
      } catch (error) {
        onError(error);
        await sleep(RETRY_MS, signal);
      }
    }
    await queue.close().catch(onError);
  }
}
