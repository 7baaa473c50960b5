import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { STRIPS_LUA } from "../redis/strips.ts";
import { readTimeMs } from "../redis/time.ts";
import { firstUndecided } from "./cursors.ts";
import { AUDIT_ENTRIES, HISTORY_CEILING, recordOfRun } from "./history.ts";
import { LaunchQueue } from "./launch-queue.ts";
import { placeOfJob } from "./queue-place.ts";
import {
  givenAnswerOf,
  REQUEST_KEPT_MS,
  REQUEST_LUA,
  type Request,
  refuseReuse,
  runSuffixOf,
} from "./requests.ts";
import { backfillRunId } from "./run-id.ts";
import {
  beginTransaction,
  execTransaction,
  failureOf,
  onOneConnection,
  type RequestParts,
} from "./run-transaction.ts";
import { launchCell } from "./strip.ts";

const RECORD = new Script(z.unknown(), REQUEST_LUA, STRIPS_LUA, new URL("./backfill.lua", import.meta.url));

export interface Backfill {
  readonly job: Job;
  /** Epoch ms, ascending. */
  readonly ticks: readonly number[];
  readonly by: string;
  readonly requestId: string;
}

/** Nothing was started unless the outcome is `started`. */
export type BackfillOutcome =
  /** The runs' ids, oldest first. */
  | { readonly outcome: "started"; readonly runs: readonly string[] }
  /** A tick is still to come; `nowMs` is Redis's time. */
  | { readonly outcome: "not due"; readonly nowMs: number }
  /** The first tick that the leader has not decided yet. */
  | { readonly outcome: "undecided"; readonly tickAtMs: number };

/**
 * Adds a run for each tick in one transaction, with their records. No cursor moves. `redis` must be a connection that
 * never resends, on which nothing else uses WATCH meanwhile.
 *
 * A rejection with BW_BACKFILL_REFUSED says how many runs were added. After any other rejection the outcome is unknown:
 * call it again with the same request id. The request is then carried out once, even when the transaction whose answer
 * was lost arrives late, because it watches the request's key.
 */
export async function addBackfill(
  redis: Redis,
  keys: RedisKeys,
  backfill: Backfill,
): Promise<BackfillOutcome> {
  const { job, requestId } = backfill;
  const request = { id: requestId, action: "backfill", job: job.name };
  const queue = await LaunchQueue.open(placeOfJob(keys, job), redis);
  try {
    for (;;) {
      const parts = { redis, keys, queue, request };
      const outcome = await onOneConnection(redis, check => attempt(parts, backfill, check));
      // Null: the same request was answered meanwhile, over another connection.
      if (outcome !== null) return outcome;
    }
  } finally {
    await queue.close();
  }
}

async function attempt(
  parts: RequestParts,
  backfill: Backfill,
  checkConnection: () => void,
): Promise<BackfillOutcome | null> {
  const { redis, keys, request } = parts;
  const { job, ticks } = backfill;
  const [, stored] = await Promise.all([
    redis.watch(keys.request(request.id)),
    redis.get(keys.request(request.id)),
  ]);
  if (stored !== null) return await unwatched(redis, () => givenBefore(parts, backfill, stored));
  const nowMs = await readTimeMs(redis);
  if (ticks.some(tick => tick > nowMs)) return await unwatched(redis, () => ({ outcome: "not due", nowMs }));
  const tickAtMs = await firstUndecided(redis, keys, job, ticks);
  if (tickAtMs !== null) return await unwatched(redis, () => ({ outcome: "undecided", tickAtMs }));
  const send = await seal(parts, backfill, nowMs);
  checkConnection();
  return await send();
}

async function unwatched(redis: Redis, answer: () => BackfillOutcome): Promise<BackfillOutcome> {
  await redis.unwatch();
  return answer();
}

function givenBefore({ request }: RequestParts, { job, ticks }: Backfill, stored: string): BackfillOutcome {
  const { outcome, value } = givenAnswerOf(request, stored);
  if (outcome === "refused")
    throw refusal(Number(value), ticks.length, "it was refused when it was asked first");
  if (value !== rangeOf(ticks)) refuseReuse(request, `backfill ${job.name} of other ticks`);
  return { outcome: "started", runs: runsOf(request, job, ticks).map(({ run }) => run) };
}

/** Queues everything. What it resolves with sends it in one write; null when the request was answered meanwhile. */
async function seal({ redis, keys, queue, request }: RequestParts, backfill: Backfill, nowMs: number) {
  const { job, ticks, by } = backfill;
  const transaction = beginTransaction(redis);
  const runs = runsOf(request, job, ticks);
  const free: Job = { ...job, overlap: "allow" };
  const adds = runs.map(({ tickAtMs, run }) => {
    const stamp = { at: new Date(tickAtMs).toISOString(), kind: "backfill", term: 0 } as const;
    return queue.add(transaction, free, run, stamp, nowMs);
  });
  await Promise.all(adds);
  const records = runs.map(({ tickAtMs, run }) =>
    recordOfRun({ tickAtMs, run, kind: "backfill", by, nowMs }),
  );
  RECORD.queue(
    transaction,
    [
      ...[keys.history(job.name), keys.audit, keys.request(request.id), keys.strip(job.name)],
      ...runs.map(({ run }) => queue.runKey(run)),
    ],
    [
      ...[HISTORY_CEILING, AUDIT_ENTRIES, REQUEST_KEPT_MS],
      ...[Math.floor(nowMs), by, job.name, rangeOf(ticks)],
      ...records.flatMap((record, i) => [launchCell(runs[i]?.run ?? ""), record.length, ...record]),
    ],
  );
  return async (): Promise<BackfillOutcome | null> => {
    const replies = await execTransaction(transaction, why => refusal(0, runs.length, why.message, why));
    if (replies === null) return null;
    const [error, added] = replies.at(-1) ?? [];
    if (error || added !== runs.length) {
      const failure = failureOf(replies);
      throw refusal(error ? 0 : Number(added), runs.length, failure?.message ?? "no reason given", failure);
    }
    return { outcome: "started", runs: runs.map(({ run }) => run) };
  };
}

function refusal(added: number, of: number, why: string, cause?: Error | null) {
  return new BellwetherError("BW_BACKFILL_REFUSED", { added, of, why }, { cause });
}

function runsOf(request: Request, job: Job, ticks: readonly number[]) {
  const suffix = runSuffixOf(request);
  const prefix = job.sharedQueue?.runPrefix;
  return ticks.map(tickAtMs => ({ tickAtMs, run: backfillRunId(job.name, tickAtMs, suffix, prefix) }));
}

/** Enough to find that a request id is used again for other ticks. */
function rangeOf(ticks: readonly number[]): string {
  return `${ticks.length} ${ticks[0] ?? ""} ${ticks.at(-1) ?? ""}`;
}
