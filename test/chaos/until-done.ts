import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";

const LIMIT_MS = 30_000;
const RETRY_MS = 500;

/** Does something to the server that a connection belongs to. It may be frozen, restarting, or have closed the connection. */
export function untilDone(redis: Redis, act: (redis: Redis) => Promise<unknown>): Promise<void> {
  return retried(() => (redis.status === "ready" ? act(redis) : actAnew(redis, act)));
}

/** Tries until it succeeds, for 30 s. */
export async function retried(act: () => Promise<unknown>): Promise<void> {
  const limitMs = performance.now() + LIMIT_MS;
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      if (performance.now() > limitMs) throw error;
      await sleep(RETRY_MS);
    }
  }
}

async function actAnew(redis: Redis, act: (redis: Redis) => Promise<unknown>): Promise<void> {
  const other = redis.duplicate({ lazyConnect: true });
  other.on("error", () => undefined);
  try {
    await other.connect();
    await act(other);
  } finally {
    other.disconnect();
  }
}
