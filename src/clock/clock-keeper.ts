import type { Events } from "../events.ts";
import type { StoreClock } from "./store-clock.ts";

/** Beyond this a pod's clock is worth a warning: its logs lie by as much. Ticks are right all the same. */
const SKEW_LIMIT_MS = 1_000;

export interface ClockKeeperOptions {
  readonly clock: StoreClock;
  readonly events: Events;
  readonly intervalMs: number;
}

/** Measures the store's time again and again, and warns once when this machine's clock is off. */
export class ClockKeeper {
  readonly #options: ClockKeeperOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #isSkewed = false;

  constructor(options: ClockKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, intervalMs } = this.#options;
    while (!this.#stopping.signal.aborted) {
      try {
        await clock.measure();
        this.#checkSkew();
      } catch {
        // Redis is away: redis.unreachable tells it, and monotonic time goes on from the last measurement.
      }
      await clock.sleep(intervalMs, this.#stopping.signal);
    }
  }

  #checkSkew(): void {
    const skewMs = this.#options.clock.skewMs();
    const isSkewed = Math.abs(skewMs) > SKEW_LIMIT_MS;
    if (isSkewed && !this.#isSkewed) this.#options.events.emit("clock.skewed", { skewMs });
    this.#isSkewed = isSkewed;
  }
}
