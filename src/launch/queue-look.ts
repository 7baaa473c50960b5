import type { Redis } from "ioredis";
import { z } from "zod";
import { Script } from "../redis/script.ts";
import { storedInstant } from "../redis/stored-value.ts";
import { baseOf, type QueuePlace } from "./queue-place.ts";

/** How many of the longest waiting runs of a list are looked at. */
const OLDEST = 3;
/** Of the runs that are asked for, how many are searched for in lists: each search may read 30,000 entries. */
const SEARCHES = 8;

const STATES = ["waiting", "delayed", "active", "finished", "gone", "nowhere", "unknown"] as const;

const instant = z.string().transform(text => storedInstant(text) ?? 0);
const flag = z.string().transform(text => text === "1");
const queueReply = z.tuple([flag, instant, instant, instant]);
const runReply = z
  .tuple([z.string(), z.string(), z.enum(STATES), instant, flag])
  .transform(([run, job, state, sinceMs, isStarted]) => ({ run, job, state, sinceMs, isStarted }));
const reply = z.tuple([queueReply, z.number()]).rest(runReply);
const LOOK = new Script(reply, new URL("./queue-look.lua", import.meta.url));

/** A run in BullMQ that has not ended, or was asked for. */
export interface FoundRun {
  readonly run: string;
  /** Empty when BullMQ does not have the run. */
  readonly job: string;
  /**
   * `nowhere`: BullMQ has it, but no list that a worker reads does. `gone`: BullMQ does not have it. `unknown`: a list is
   * too long to be searched.
   */
  readonly state: (typeof STATES)[number];
  /** When it began to wait, if it was not started (epoch ms, store time). */
  readonly sinceMs: number;
  /** An attempt has begun: when it began to wait again is not on record. */
  readonly isStarted: boolean;
}

/** What a queue does as a whole. */
export interface FoundQueue {
  /** By BullMQ's `queue.pause()`: no worker takes a run. */
  readonly isPaused: boolean;
  /** How long BullMQ's rate limit holds the queue back from now. */
  readonly limitedMs: number;
  readonly active: number;
  /** When a run was last started or ended, as far as BullMQ keeps it (epoch ms); 0 when it keeps none. */
  readonly movedAtMs: number;
  /** Those that have waited longest. */
  readonly oldest: readonly FoundRun[];
  /** Those that were asked for. */
  readonly asked: readonly FoundRun[];
}

/** Reads only; what it costs does not grow with the queue. Rejects when Redis is away. */
export async function lookAtQueue(
  redis: Redis,
  queue: QueuePlace,
  runs: readonly string[],
): Promise<FoundQueue> {
  const prefix = `${baseOf(queue)}:`;
  const found = await LOOK.run(redis, [`${prefix}meta`], [prefix, OLDEST, SEARCHES, ...runs]);
  const [[isPaused, limitedMs, active, movedAtMs], count, ...described] = found;
  const [oldest, asked] = [described.slice(0, count), described.slice(count)];
  return { isPaused, limitedMs, active, movedAtMs, oldest, asked };
}
