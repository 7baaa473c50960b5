import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { STRIPS_LUA } from "../redis/strips.ts";
import { UNFINISHED_LUA } from "../redis/unfinished.ts";
import { AUDIT_ENTRIES, HISTORY_CEILING, recordOfRun } from "./history.ts";
import { LaunchQueue } from "./launch-queue.ts";
import { placeOfJob } from "./queue-place.ts";
import { givenAnswerOf, REQUEST_KEPT_MS, REQUEST_LUA, runSuffixOf } from "./requests.ts";
import { manualRunId } from "./run-id.ts";
import {
  beginTransaction,
  execTransaction,
  failureOf,
  onOneConnection,
  type RequestParts,
} from "./run-transaction.ts";
import { launchCell } from "./strip.ts";
import { type NewestRun, readNewestRuns } from "./unfinished.ts";

const RECORD = new Script(
  z.unknown(),
  UNFINISHED_LUA,
  STRIPS_LUA,
  REQUEST_LUA,
  new URL("./trigger.lua", import.meta.url),
);

/** Another run of the job began meanwhile, every time: then the next look finds it in the way. */
const MAX_ATTEMPTS = 10;

export type TriggerOutcome =
  | { readonly outcome: "launched"; readonly run: string }
  /** The job's overlap policy, and the run that has not ended. */
  | { readonly outcome: "skipped"; readonly blockedBy: string };

export interface Trigger {
  readonly job: Job;
  /** Replaces fields of the job's own data. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly by: string;
  readonly nowMs: number;
  readonly requestId: string;
}

/**
 * Starts a run now, beside the schedule: no cursor moves, and no leader is needed. Unless `overlap` is `allow` it
 * is not started while another run of the job has not ended. Run, records and answer are one transaction.
 *
 * `redis` must be a connection that never resends, on which nothing else uses WATCH meanwhile. After a rejection with
 * BW_TRIGGER_REFUSED nothing was started. After any other rejection the outcome is unknown: call it again with the same
 * request id. The run is then started once, even when the transaction whose answer was lost arrives late, because it
 * watches the request's key.
 */
export async function triggerJob(redis: Redis, keys: RedisKeys, trigger: Trigger): Promise<TriggerOutcome> {
  const { job, requestId } = trigger;
  const request = { id: requestId, action: "trigger", job: job.name };
  const queue = await LaunchQueue.open(placeOfJob(keys, job), redis);
  try {
    for (let i = 0; i < MAX_ATTEMPTS; i++) {
      const parts = { redis, keys, queue, request };
      const outcome = await onOneConnection(redis, check => attempt(parts, trigger, check));
      if (outcome !== null) return outcome;
    }
    const why = "other runs of the job began, or ended, each time it was tried";
    throw new BellwetherError("BW_TRIGGER_REFUSED", { job: job.name, why });
  } finally {
    await queue.close();
  }
}

/** Null when a watched key had changed: nothing was started. */
async function attempt(
  parts: RequestParts,
  trigger: Trigger,
  checkConnection: () => void,
): Promise<TriggerOutcome | null> {
  const { redis, keys, request } = parts;
  const { job } = trigger;
  const guarded = job.overlap === "allow" ? [] : [job];
  const [, stored, newestRuns] = await Promise.all([
    redis.watch(keys.request(request.id), ...guarded.map(({ name }) => keys.unfinished(name))),
    redis.get(keys.request(request.id)),
    readNewestRuns(redis, keys, guarded),
  ]);
  const newest = newestRuns.get(job.name) ?? null;
  if (stored !== null || newest?.state === "unfinished") {
    await redis.unwatch();
    if (stored !== null) return { outcome: "launched", run: givenAnswerOf(request, stored).value };
    return { outcome: "skipped", blockedBy: newest?.run ?? "" };
  }
  const send = await seal(parts, trigger, newest);
  checkConnection();
  return await send();
}

/** Queues everything. What it resolves with sends it in one write. */
async function seal(
  { redis, keys, queue, request }: RequestParts,
  trigger: Trigger,
  newest: NewestRun | null,
) {
  const { job, data, by, nowMs } = trigger;
  const transaction = beginTransaction(redis);
  const run = manualRunId(job.name, runSuffixOf(request), job.sharedQueue?.runPrefix);
  const stamp = { at: new Date(nowMs).toISOString(), kind: "manual", term: 0 } as const;
  await queue.add(transaction, { ...job, data: { ...job.data, ...data } }, run, stamp, nowMs);
  RECORD.queue(
    transaction,
    [
      ...[keys.history(job.name), keys.audit, keys.request(request.id)],
      ...[queue.runKey(run), keys.unfinished(job.name), keys.strip(job.name)],
    ],
    [
      ...[HISTORY_CEILING, AUDIT_ENTRIES, REQUEST_KEPT_MS, Math.floor(nowMs), by, job.name, run],
      ...[job.overlap === "allow" ? "0" : "1", newest?.state === "removed" ? newest.run : ""],
      launchCell(run),
      ...recordOfRun({ tickAtMs: nowMs, run, kind: "manual", by, nowMs }),
    ],
  );
  return async (): Promise<TriggerOutcome | null> => {
    const replies = await execTransaction(transaction, why => refusal(job.name, why));
    if (replies === null) return null;
    if (replies.at(-1)?.[1] !== 1) throw refusal(job.name, failureOf(replies));
    return { outcome: "launched", run };
  };
}

function refusal(job: string, cause: Error | null) {
  const why = cause?.message ?? "no reason given";
  return new BellwetherError("BW_TRIGGER_REFUSED", { job, why }, { cause });
}
