import type { Redis } from "ioredis";

/** The store's time in epoch milliseconds, with the microseconds as a fraction. */
export async function readTimeMs(redis: Redis): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Number(micros) / 1000;
}
