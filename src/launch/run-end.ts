import type { Redis } from "ioredis";
import { z } from "zod";
import type { RedisKeys } from "../redis/keys.ts";
import { storedJson, storedNumber } from "../redis/stored-value.ts";
import { baseOf, type QueuePlace } from "./queue-place.ts";
import { readHistory } from "./read-history.ts";

/** How a run ended for good, with what BullMQ keeps of it. */
export type RunEnd =
  /** `result`: what the handler returned; null where it is not kept any more. */
  | { readonly outcome: "completed"; readonly attempts: number; readonly result: unknown }
  | {
      readonly outcome: "failed";
      readonly attempts: number;
      readonly error: string;
      readonly stack: string | null;
    }
  /** It was removed in BullMQ before its end was recorded. */
  | { readonly outcome: "removed" }
  /** BullMQ does not have it, and its end is not on record: it was removed, or it has just ended and is about to be recorded. */
  | { readonly outcome: "gone" };

export interface RunPlace {
  readonly job: string;
  readonly queue: QueuePlace;
  readonly run: string;
}

/** The history is searched this far for the end of a run that BullMQ does not keep any more. */
const HISTORY_ROWS = 1_000;

const stacks = z.array(z.string());

/** How the run ended, or null while it has not. Reads and nothing else. */
export async function readRunEnd(redis: Redis, keys: RedisKeys, place: RunPlace): Promise<RunEnd | null> {
  const queue = baseOf(place.queue);
  // The sets first: BullMQ writes the hash in the same step, so it is complete when the set has the run.
  const [completed, failed, fields] = await Promise.all([
    redis.zscore(`${queue}:completed`, place.run),
    redis.zscore(`${queue}:failed`, place.run),
    redis.hmget(`${queue}:${place.run}`, "name", "returnvalue", "failedReason", "stacktrace", "atm"),
  ]);
  const [name, returned, reason, traces, made] = fields;
  const attempts = storedNumber(made) ?? 0;
  if (name == null) return await recordedEnd(redis, keys, place);
  if (completed !== null)
    return { outcome: "completed", attempts, result: storedJson(returned, z.unknown()) };
  if (failed === null) return null;
  const stack = storedJson(traces, stacks)?.at(-1) ?? null;
  return { outcome: "failed", attempts, error: reason ?? "", stack };
}

/** What the history says of a run that BullMQ does not have. */
async function recordedEnd(redis: Redis, keys: RedisKeys, { job, run }: RunPlace): Promise<RunEnd> {
  const rows = await readHistory(redis, keys, job, HISTORY_ROWS);
  const row = rows.find(row => row.run === run);
  const attempts = row?.attempts ?? 0;
  if (row?.result === "completed") return { outcome: "completed", attempts, result: null };
  if (row?.result === "failed") return { outcome: "failed", attempts, error: row.error ?? "", stack: null };
  return { outcome: row?.result === undefined ? "gone" : "removed" };
}
