import type { Redis } from "ioredis";
import { z } from "zod";
import { storedInstant, storedJson, storedNumber } from "../redis/stored-value.ts";
import { baseOf, type QueuePlace } from "./queue-place.ts";

export type RunState = "waiting" | "delayed" | "active" | "completed" | "failed" | "removed" | "unknown";

/** What BullMQ keeps of a run. Instants are epoch ms, by the clock of the program that wrote them; null where nothing is kept. */
export interface KeptRun {
  /** Never `removed`: BullMQ has it. `unknown`: no list that BullMQ reads has it. */
  readonly state: RunState;
  readonly name: string;
  readonly data: unknown;
  /** What the handler returned; null while it has not, or where it returned nothing. */
  readonly result: unknown;
  readonly error: string | null;
  /** How many attempts have ended. */
  readonly attempts: number;
  /** The head of what each failed attempt threw, oldest first; BullMQ keeps the last ones. */
  readonly errors: readonly string[];
  readonly addedMs: number | null;
  /** When the newest attempt began. */
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  /** Who took the newest attempt. */
  readonly worker: string | null;
  /** The newest lines of its log. */
  readonly log: readonly string[];
}

const LOG_LINES = 200;
const FIELDS = [
  ...["name", "data", "returnvalue", "failedReason", "stacktrace", "atm"],
  ...["timestamp", "processedOn", "finishedOn", "pb"],
];
const stacks = z.array(z.string());

/** What BullMQ has of the run, or null. Reads and nothing else. */
export async function lookAtRun(redis: Redis, place: QueuePlace, run: string): Promise<KeptRun | null> {
  const key = `${baseOf(place)}:${run}`;
  // The state first: BullMQ writes the hash in the same step, so it is complete when a set has the run.
  const [state, fields, log] = await Promise.all([
    readRunState(redis, place, run),
    redis.hmget(key, ...FIELDS),
    redis.lrange(`${key}:logs`, -LOG_LINES, -1),
  ]);
  const [name, data, returned, reason, traces, made, added, started, ended, worker] = fields;
  if (name == null) return null;
  return {
    state,
    name,
    data: storedJson(data, z.unknown()),
    result: storedJson(returned, z.unknown()),
    error: reason ?? null,
    attempts: storedNumber(made) ?? 0,
    errors: (storedJson(traces, stacks) ?? []).map(stack => stack.split("\n", 1)[0] ?? ""),
    addedMs: storedInstant(added),
    startedMs: storedInstant(started),
    endedMs: storedInstant(ended),
    worker: worker ?? null,
    log,
  };
}

/** Where BullMQ has the run. */
export async function readRunState(redis: Redis, place: QueuePlace, run: string): Promise<RunState> {
  const key = (name: string) => `${baseOf(place)}:${name}`;
  const [completed, failed, delayed, prioritized, wait, paused, active] = await Promise.all([
    redis.zscore(key("completed"), run),
    redis.zscore(key("failed"), run),
    redis.zscore(key("delayed"), run),
    redis.zscore(key("prioritized"), run),
    redis.lpos(key("wait"), run),
    redis.lpos(key("paused"), run),
    redis.lpos(key("active"), run),
  ]);
  if (completed !== null) return "completed";
  if (failed !== null) return "failed";
  if (delayed !== null) return "delayed";
  if (active !== null) return "active";
  return prioritized !== null || wait !== null || paused !== null ? "waiting" : "unknown";
}
