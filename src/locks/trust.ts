/**
 * Until when a granted or renewed lock is trusted, on the monotonic clock: a tenth of its time to live less than the
 * store gives it at least, counted from when the question was *sent*. It ends before anybody else can have the lock,
 * as long as clocks run at about the same rate.
 */
export function trustedUntilMs(sentMs: number, ttlMs: number): number {
  return sentMs + ttlMs - ttlMs / 10;
}
