import { createIORedisClient, type IRedisTransaction } from "bullmq";
import type { ChainableCommander, Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { AUDIT_ENTRIES, HISTORY_ENTRIES, recordOfRun } from "./history.ts";
import { LaunchQueue } from "./launch-queue.ts";
import { backfillRunId } from "./run-id.ts";

export interface Backfill {
  readonly job: Job;
  /** Epoch ms, ascending. */
  readonly ticks: readonly number[];
  readonly by: string;
  readonly nowMs: number;
}

/**
 * Adds a run for each tick in one transaction, with their records. No cursor moves. A rejection with
 * BW_BACKFILL_REFUSED says how many runs were added; after any other one the outcome is unknown, and the history tells.
 */
export async function addBackfill(
  redis: Redis,
  keys: RedisKeys,
  { job, ticks, by, nowMs }: Backfill,
): Promise<readonly string[]> {
  const queue = await LaunchQueue.open(job.queue, redis, keys.bullmqPrefix);
  try {
    const transaction = createIORedisClient(redis).multi() as ChainableCommander & IRedisTransaction;
    const runs = ticks.map(tickAt => ({ tickAt, run: backfillRunId(job.name, tickAt) }));
    const free: Job = { ...job, overlap: "allow" };
    const adds = runs.map(({ tickAt, run }) => {
      const stamp = { at: new Date(tickAt).toISOString(), kind: "backfill", term: 0 } as const;
      return queue.add(transaction, free, run, stamp, nowMs);
    });
    await Promise.all(adds);
    for (const { tickAt, run } of runs) {
      const record = recordOfRun({ tickAt, run, kind: "backfill", by, nowMs });
      transaction.xadd(
        keys.history(job.name),
        "MAXLEN",
        "~",
        HISTORY_ENTRIES + 2 * runs.length,
        "*",
        ...record,
      );
    }
    const about = [
      "action",
      "backfill",
      "at",
      Math.floor(nowMs),
      "by",
      by,
      "job",
      job.name,
      "ticks",
      ticks.length,
    ];
    transaction.xadd(keys.audit, "MAXLEN", "~", AUDIT_ENTRIES, "*", ...about);
    const replies = (await transaction.exec()) ?? [];
    const added = replies.slice(0, runs.length).filter(([error]) => error === null).length;
    const failure = replies.find(([error]) => error !== null)?.[0];
    if (failure) {
      throw new BellwetherError(
        "BW_BACKFILL_REFUSED",
        { added, of: runs.length, why: failure.message },
        { cause: failure },
      );
    }
    return runs.map(({ run }) => run);
  } finally {
    await queue.close();
  }
}
