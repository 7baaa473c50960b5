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
export function clockKeeper({ clock, events, intervalMs }: ClockKeeperOptions): PeriodicTask {
  let wasSkewed = false;
  const act = async () => {
    // Redis is away: `redis.unreachable` reports it. Monotonic time goes on from the last measurement.
    const stepMs = await clock.measure().catch(() => null);
    if (stepMs === null) return;
    if (stepMs !== 0) events.emit("clock.stepped", { stepMs });
    const skewMs = clock.skewMs();
    const isSkewed = Math.abs(skewMs) > SKEW_LIMIT_MS;
    if (isSkewed && !wasSkewed) events.emit("clock.skewed", { skewMs });
    wasSkewed = isSkewed;
  };
  return new PeriodicTask({ clock, intervalMs, act });
}
