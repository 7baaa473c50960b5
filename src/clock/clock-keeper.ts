import type { Events } from "../events.ts";
import { PeriodicTask } from "./periodic-task.ts";
import type { StoreClock } from "./store-clock.ts";

/** Beyond this a pod's clock is worth a warning: its logs are off by as much. Ticks and retries are right. */
const SKEW_LIMIT_MS = 1_000;

export interface ClockKeeperOptions {
  readonly clock: StoreClock;
  readonly events: Events;
  readonly intervalMs: number;
}

/** Measures the store's time again and again, and warns once when this machine's clock is off. */
export class ClockKeeper {
  readonly #options: ClockKeeperOptions;
  readonly #task: PeriodicTask;
  #isSkewed = false;

  constructor(options: ClockKeeperOptions) {
    this.#options = options;
    this.#task = new PeriodicTask({ ...options, act: () => this.#measure() });
  }

  start(): void {
    this.#task.start();
  }

  async stop(): Promise<void> {
    await this.#task.stop();
  }

  async #measure(): Promise<void> {
    try {
      const stepMs = await this.#options.clock.measure();
      if (stepMs !== 0) this.#options.events.emit("clock.stepped", { stepMs });
      this.#checkSkew();
    } catch {
      // Redis is away: `redis.unreachable` reports it. Monotonic time goes on from the last measurement.
    }
  }

  #checkSkew(): void {
    const skewMs = this.#options.clock.skewMs();
    const isSkewed = Math.abs(skewMs) > SKEW_LIMIT_MS;
    if (isSkewed && !this.#isSkewed) this.#options.events.emit("clock.skewed", { skewMs });
    this.#isSkewed = isSkewed;
  }
}
