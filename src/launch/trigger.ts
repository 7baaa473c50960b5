import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { recordOperatorRun } from "./history.ts";
import { runOptions } from "./launch-queue.ts";
import { manualRunId } from "./run-id.ts";

export type TriggerOutcome =
  | { readonly outcome: "launched"; readonly run: string }
  /** The job's overlap policy, and the run that stood in the way. */
  | { readonly outcome: "skipped"; readonly blockedBy: string };

export interface Trigger {
  readonly job: Job;
  /** Replaces fields of the job's own data. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly by: string;
  readonly nowMs: number;
}

/**
 * Starts a run now, beside the schedule: no cursor moves, and no leader is needed. Unless `overlap` is `allow` it
 * is not started while another run of the job has not ended; it does not take the place of a tick that waits.
 */
export async function triggerJob(
  redis: Redis,
  keys: RedisKeys,
  { job, data, by, nowMs }: Trigger,
): Promise<TriggerOutcome> {
  const queue = new Queue(job.queue, {
    connection: redis,
    prefix: keys.bullmqPrefix,
    skipVersionCheck: true,
  });
  // Trouble shows as the rejection of `add`.
  queue.on("error", () => undefined);
  try {
    const run = manualRunId(job.name);
    const tick = { at: new Date(nowMs).toISOString(), kind: "manual", term: 0 };
    const options = { ...runOptions(job, run, false), timestamp: Math.floor(nowMs) };
    const added = await queue.add(job.name, { ...job.data, ...data, _tick: tick }, options);
    if (added.id !== run) return { outcome: "skipped", blockedBy: added.id ?? "another run" };
    await recordOperatorRun(redis, keys, job.name, { tickAt: nowMs, run, kind: "manual", by, nowMs });
    return { outcome: "launched", run };
  } finally {
    await queue.close();
  }
}
