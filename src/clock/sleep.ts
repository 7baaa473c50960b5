import { setTimeout as delay } from "node:timers/promises";

/** setTimeout fires immediately beyond this (2^31 - 1 ms); longer sleeps are cut and the caller checks again. */
const MAX_SLEEP_MS = 2_147_483_647;

/** Resolves after `ms`, or immediately when `signal` aborts. Never rejects. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(Math.min(Math.max(ms, 0), MAX_SLEEP_MS), undefined, signal ? { signal } : {});
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
