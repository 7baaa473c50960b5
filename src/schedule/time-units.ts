export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/**
 * Cron ticks live between these instants. Outside them the zones' offsets are local mean time or guesses, and
 * a bound keeps every search finite.
 */
export const EARLIEST_TICK_MS = 0;
export const LATEST_TICK_MS = Date.UTC(9999, 0, 1) - SECOND_MS;

/** The largest whole second at or before `ms`: cron ticks are whole seconds. */
export function floorToSecond(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS;
}

/** Whether the value is one of the epoch milliseconds that a `Date` can have. */
export function isInstant(value: number): boolean {
  return Number.isInteger(value) && !Number.isNaN(new Date(value).getTime());
}
