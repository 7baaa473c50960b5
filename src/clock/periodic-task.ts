import type { Clock } from "./clock.ts";

export interface PeriodicTaskOptions {
  readonly clock: Pick<Clock, "sleep">;
  readonly intervalMs: number;
  /** Before the first time; none by default. */
  readonly delayMs?: number;
  /** Handles what can go wrong. A rejection is a bug: it is reported as unhandled, and the next time comes all the same. */
  readonly act: () => Promise<void>;
}

/** Does something again and again, `intervalMs` after the last time ended, until it is stopped. */
export class PeriodicTask {
  readonly #options: PeriodicTaskOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;

  constructor(options: PeriodicTaskOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when what is being done has ended; nothing is done after that. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, intervalMs, delayMs = 0, act } = this.#options;
    if (delayMs > 0) await clock.sleep(delayMs, this.#stopping.signal);
    while (!this.#stopping.signal.aborted) {
      await act().catch((error: unknown) => void Promise.reject(error));
      await clock.sleep(intervalMs, this.#stopping.signal);
    }
  }
}
