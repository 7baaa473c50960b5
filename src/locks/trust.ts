import { keepingOf, LOCK_TTL } from "../clock/timing.ts";

/** Until when a lock is trusted whose claim or renewal was sent then, on the monotonic clock. */
export function trustedUntilMs(sentMs: number, ttlMs: number): number {
  return sentMs + keepingOf(ttlMs, LOCK_TTL).trustMs;
}
