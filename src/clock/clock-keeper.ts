import type { Events } from "../events.ts";
import { PeriodicTask } from "./periodic-task.ts";
import type { StoreClock } from "./store-clock.ts";

/** Beyond this a pod's clock is worth a warning: its logs are off by as much. Ticks and retries are right. */
const SKEW_LIMIT_MS = 1_000;

export interface ClockKeeperOptions {
  readonly clock: StoreClock;
  readonly events: Events;
  readonly intervalMs: number;
  /** For how long the times are enough that come with other answers; without it each time is measured. */
  readonly enoughMs?: number;
}

/**
 * Sees to it that the store's time is known, and warns once when this machine's clock is off. The time comes with heartbeats and
 * renewals; it is measured where these do not come, or show a step.
 */
export function clockKeeper({ clock, events, intervalMs, enoughMs = 0 }: ClockKeeperOptions): PeriodicTask {
  let wasSkewed = false;
  const act = async () => {
    // Redis is away: `redis.unreachable` reports it. Monotonic time goes on from the last measurement.
    const stepMs = clock.isDoubtful(enoughMs) ? await clock.measure().catch(() => null) : 0;
    if (stepMs === null) return;
    if (stepMs !== 0) events.emit("clock.stepped", { stepMs });
    const skewMs = clock.skewMs();
    const isSkewed = Math.abs(skewMs) > SKEW_LIMIT_MS;
    if (isSkewed && !wasSkewed) events.emit("clock.skewed", { skewMs });
    wasSkewed = isSkewed;
  };
  return new PeriodicTask({ clock, intervalMs, act });
}
