import type { Redis } from "ioredis";

/** The major version of the BullMQ that used the queue last; null for Bull, old releases and other libraries. */
export async function readBullVersion(redis: Redis, prefix: string, queue: string): Promise<number | null> {
  const version = await redis.hget(`${prefix}:${queue}:meta`, "version");
  const major = /^bullmq:(\d+)\./.exec(version ?? "")?.[1];
  return major === undefined ? null : Number(major);
}
