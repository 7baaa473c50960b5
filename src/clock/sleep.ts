/** setTimeout fires immediately beyond this (2^31 - 1 ms); longer sleeps are cut and the caller checks again. */
const MAX_SLEEP_MS = 2_147_483_647;

/** Resolves after `ms`, or immediately when `signal` aborts, of which it keeps no listener. Never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal?.aborted) return Promise.resolve();
  const timer = setTimeout(end, Math.min(Math.max(ms, 0), MAX_SLEEP_MS));
  signal?.addEventListener("abort", end, { once: true });
  function end(): void {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
    resolve();
  }
  return promise;
}
