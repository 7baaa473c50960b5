import type { HashReads } from "./gathered-reads.ts";

/** The store's time in epoch milliseconds, with the microseconds as a fraction. */
export async function readTimeMs(redis: Pick<HashReads, "time">): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Number(micros) / 1000;
}
