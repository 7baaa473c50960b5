import { setTimeout as sleep } from "node:timers/promises";

const INTERVAL_MS = 10;

/** How late a timer is in a process that does next to nothing: what the machine costs anybody, whatever is measured. */
export class StallProbe {
  readonly lateMs: number[] = [];
  readonly #stopping = new AbortController();
  readonly #running = this.#run();

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const dueMs = performance.now() + INTERVAL_MS;
      await sleep(INTERVAL_MS);
      this.lateMs.push(Math.max(performance.now() - dueMs, 0));
    }
  }
}
