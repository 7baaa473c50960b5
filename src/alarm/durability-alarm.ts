import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
import type { Events } from "../events.ts";
import type { ServerWarning } from "../redis/server-facts.ts";

/** Not in the bustle of the start. */
const DELAY_MS = 5_000;
/** Settings change at run time, and after a failover another server answers. */
const INTERVAL_MS = 10 * 60_000;

export interface DurabilityAlarmOptions {
  readonly clock: Pick<Clock, "sleep">;
  readonly events: Events;
  /** What the server would lose on a bad day, and what to do. Rejects when it is away. */
  readonly check: () => Promise<readonly ServerWarning[]>;
}

/** Reports what a Redis may lose, once for each problem, and again when the problem returns. */
export function durabilityAlarm({ clock, events, check }: DurabilityAlarmOptions): PeriodicTask {
  let told: readonly string[] = [];
  const act = async () => {
    const warnings = await check().catch(() => null);
    // Redis is away, or INFO is refused: other events report both.
    if (warnings === null) return;
    for (const warning of warnings) {
      if (!told.includes(warning.advice)) events.emit("redis.warning", warning);
    }
    told = warnings.map(({ advice }) => advice);
  };
  return new PeriodicTask({ clock, delayMs: DELAY_MS, intervalMs: INTERVAL_MS, act });
}
