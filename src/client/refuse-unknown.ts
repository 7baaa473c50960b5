import type { Redis } from "ioredis";
import type { RedisKeys } from "../redis/keys.ts";
import type { Cluster } from "./cluster.ts";
import { refuseName } from "./refuse-name.ts";

/**
 * Throws BW_JOB_UNKNOWN where neither the configuration nor the cluster has the job, nor has left a history under its name:
 * that of a job that was removed, or retired since, is there.
 */
export async function refuseUnknown(
  cluster: Cluster,
  redis: Redis,
  keys: RedisKeys,
  job: string,
): Promise<void> {
  const local = cluster.localNames();
  if (local.includes(job) || (await redis.exists(keys.history(job))) === 1) return;
  const stored = await redis.hkeys(keys.definitions);
  if (!stored.includes(job)) refuseName(job, [...local, ...stored]);
}
