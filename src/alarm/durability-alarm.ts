import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
import type { Events } from "../events.ts";

/** Not in the bustle of the start. */
const DELAY_MS = 5_000;
/** Settings change at run time, and after a failover another server answers. */
const INTERVAL_MS = 10 * 60_000;

export interface DurabilityAlarmOptions {
  readonly clock: Pick<Clock, "sleep">;
  readonly events: Events;
  /** What the server would lose on a bad day, and what to do. Rejects when it is away. */
  readonly check: () => Promise<readonly { readonly problem: string; readonly advice: string }[]>;
}

/** Reports what a Redis may lose, once for each problem, and again when the problem returns. */
export class DurabilityAlarm {
  readonly #options: DurabilityAlarmOptions;
  readonly #task: PeriodicTask;
  #told: readonly string[] = [];

  constructor(options: DurabilityAlarmOptions) {
    this.#options = options;
    this.#task = new PeriodicTask({
      clock: options.clock,
      delayMs: DELAY_MS,
      intervalMs: INTERVAL_MS,
      act: () => this.#look(),
    });
  }

  start(): void {
    this.#task.start();
  }

  async stop(): Promise<void> {
    await this.#task.stop();
  }

  async #look(): Promise<void> {
    const { events, check } = this.#options;
    const warnings = await check().catch(() => null);
    // Redis is away, or INFO is refused: other events report both.
    if (warnings === null) return;
    for (const warning of warnings) {
      if (!this.#told.includes(warning.advice)) events.emit("redis.warning", warning);
    }
    this.#told = warnings.map(({ advice }) => advice);
  }
}
