/**
 * Until when a granted or renewed lock is trusted, on the monotonic clock. It is the least time that the store grants,
 * less a tenth of the time to live, counted from when the question was *sent*. So trust ends before another holder can
 * have the lock, as long as clocks run at about the same rate.
 */
export function trustedUntilMs(sentMs: number, ttlMs: number): number {
  return sentMs + ttlMs - ttlMs / 10;
}
