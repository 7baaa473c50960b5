import { BellwetherError } from "../errors.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../schedule/time-units.ts";

/*
 * Relations between durations that the rest relies on. The configuration reports a setting that breaks one, with its
 * place. A constructor that gets such a value, or a constant that breaks one, is a bug.
 */

/** Durations from `minMs` to `maxMs`, both included. */
export interface Span {
  readonly minMs: number;
  readonly maxMs: number;
}

export const LEASE_TTL: Span = { minMs: SECOND_MS, maxMs: 5 * MINUTE_MS };
/**
 * Renewals go out every third and need an answer within the next: less is lost to an ordinary pause. The lock is renewed
 * until the work ends, so a long TTL only means a longer wait after the holder's machine has died. A caller that asks for
 * more took it for a limit on the work.
 */
export const LOCK_TTL: Span = { minMs: SECOND_MS, maxMs: HOUR_MS };

/** A connection to Redis that gave no answer for this long is closed and made again. */
export const ANSWER_LIMIT_MS = 5_000;
export const CONNECT_LIMIT_MS = 5_000;
export const MAX_RECONNECT_DELAY_MS = 2_000;

/** A replica says that it is there this often, and is forgotten when it has not for three times as long. */
export const HEARTBEAT_MS = 5_000;
export const FORGET_MS = 3 * HEARTBEAT_MS;

/** Sentences, and whether each of them is true. */
export type Rules = Readonly<Record<string, boolean>>;

/** Throws BW_BUG with the first rule that does not hold. */
export function mustHold(rules: Rules): void {
  const broken = Object.entries(rules).find(([, holds]) => !holds);
  if (broken) throw new BellwetherError("BW_BUG", { rule: broken[0] });
}

export function isWithin({ minMs, maxMs }: Span, ms: number): boolean {
  return ms >= minMs && ms <= maxMs;
}

/** How a lease or lock is kept, on the monotonic clock, counted from when the last request that succeeded was *sent*. */
export interface Keeping {
  readonly ttlMs: number;
  /** When to renew it. */
  readonly renewMs: number;
  /**
   * How long it is trusted. The store grants it for at least the time to live, so trust ends before another holder can
   * have it, as long as clocks run at about the same rate.
   */
  readonly trustMs: number;
}

/** Throws BW_BUG when a lease or lock of this time to live cannot be kept. */
export function keepingOf(ttlMs: number, allowed: Span): Keeping {
  const keeping = { ttlMs, renewMs: ttlMs / 3, trustMs: ttlMs - ttlMs / 10 };
  mustHold(keepingRules(keeping, allowed));
  return keeping;
}

export function keepingRules({ ttlMs, renewMs, trustMs }: Keeping, allowed: Span): Rules {
  return {
    [`a time to live is from ${allowed.minMs} to ${allowed.maxMs} ms`]: isWithin(allowed, ttlMs),
    "after a renewal without an answer there is time for another one": renewMs > 0 && 2 * renewMs < trustMs,
    "trust ends before the time to live": trustMs < ttlMs,
  };
}

/** How the lock of a run is kept. */
export interface RunLockTiming {
  readonly lockDurationMs: number;
  /** When BullMQ renews it; up to twice as long is possible. */
  readonly renewMs: number;
}

export function runLockRules({ lockDurationMs, renewMs }: RunLockTiming): Rules {
  return {
    "a run's lock survives when the store refuses renewals for half of its life":
      renewMs > 0 && lockDurationMs - 2 * renewMs > lockDurationMs / 2,
  };
}

/** How the runs of a replica that died are found. */
export interface RunRescueTiming {
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  /** The promise to operators. */
  readonly rescueLimitMs: number;
}

/** A lock that has expired is found by the second check at the latest: the first one only marks the run. */
export function runRescueRules({ lockDurationMs, stalledIntervalMs, rescueLimitMs }: RunRescueTiming): Rules {
  return {
    [`the runs of a dead replica are found within ${rescueLimitMs} ms`]:
      lockDurationMs + 2 * stalledIntervalMs <= rescueLimitMs,
  };
}
