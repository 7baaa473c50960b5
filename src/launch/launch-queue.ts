import {
  Job as BullJob,
  type IRedisTransaction,
  type JobsOptions,
  type Queue,
  type RedisQueueBackend as RedisBackend,
} from "bullmq";
import type { Redis } from "ioredis";
import { z } from "zod";
import { RedisQueueBackend } from "../bullmq.ts";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { TickKind } from "../event-map.ts";
import { Script } from "../redis/script.ts";
import { openQueue } from "./open-queues.ts";
import { baseOf, type QueuePlace } from "./queue-place.ts";

const QUEUE_TYPES = new Script(z.array(z.string()), new URL("./queue-types.lua", import.meta.url));

/** What a run carries beside the job's data. */
export interface TickStamp {
  /** The tick, ISO 8601 in UTC. */
  readonly at: string;
  readonly kind: TickKind;
  readonly term: number;
}

/** A BullMQ queue as the launch transaction needs it: it adds to the caller's MULTI and names the keys. */
export class LaunchQueue {
  readonly #queue: Queue;
  readonly #backend: RedisBackend;

  /** Resolves when BullMQ's scripts are known to the connection. */
  static async open(place: QueuePlace, redis: Redis): Promise<LaunchQueue> {
    return new LaunchQueue(await openQueue(place, redis));
  }

  private constructor(queue: Queue) {
    this.#queue = queue;
    const backend = queue.getBackend();
    if (!(backend instanceof RedisQueueBackend)) {
      throw new BellwetherError("BW_BUG", { rule: "a queue on Redis has BullMQ's backend for Redis" });
    }
    this.#backend = backend;
  }

  /**
   * Queues the run in the transaction. `addJobToTransaction` is BullMQ's documented escape hatch; a test guards
   * it, and bullmq.ts requires it.
   */
  add(
    transaction: IRedisTransaction,
    job: Job,
    run: string,
    tick: TickStamp,
    nowMs: number,
  ): Promise<unknown> {
    const data = { ...job.data, _tick: tick };
    const options = { ...runOptions(job, run), timestamp: Math.floor(nowMs) };
    const json = new BullJob(this.#queue, job.name, data, options, run).asJSON();
    return this.#backend.addJobToTransaction(transaction, json, run);
  }

  runKey(run: string): string {
    return this.#queue.toKey(run);
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}

/** BullMQ's options of a job's runs; `timestamp` is the caller's. */
function runOptions({ retry, retention, priority, lifo, sharedQueue }: Job, run: string): JobsOptions {
  const { attempts, backoff, delayMs: delay, jitter } = retry;
  return {
    jobId: run,
    attempts,
    backoff: { type: backoff, delay, ...(jitter > 0 && { jitter }) },
    ...(priority > 0 && { priority }),
    ...(lifo && { lifo }),
    // BullMQ removes by them whatever has finished in the queue, so a queue of another program is left to its workers.
    ...(sharedQueue === undefined && {
      removeOnComplete: keepOf(retention.completed),
      removeOnFail: keepOf(retention.failed),
    }),
  };
}

function keepOf({ ageMs, count }: Job["retention"]["completed"]): {
  readonly age: number;
  readonly count: number;
} {
  return { age: Math.ceil(ageMs / 1_000), count };
}

/** The keys of a queue that BullMQ writes to when it adds a run, with their types. */
const TYPES: Readonly<Record<string, string>> = {
  wait: "list",
  paused: "list",
  prioritized: "zset",
  delayed: "zset",
  marker: "zset",
  meta: "hash",
  events: "stream",
  id: "string",
};

/** By base of the queue (`baseOf`), why BullMQ cannot add runs to it: a key has another type. Queues without such a key are not in the answer. */
export async function findBrokenQueues(
  redis: Redis,
  queues: readonly QueuePlace[],
): Promise<ReadonlyMap<string, string>> {
  if (queues.length === 0) return new Map();
  const bases = new Set(queues.map(baseOf));
  const keys = [...bases].flatMap(base => Object.keys(TYPES).map(name => ({ base, name })));
  const types = await QUEUE_TYPES.run(
    redis,
    keys.map(({ base, name }) => `${base}:${name}`),
    keys.map(({ name }) => TYPES[name] ?? ""),
  );
  return new Map(
    keys.flatMap(({ base, name }, i) => {
      const why = `WRONGTYPE ${base}:${name} is a ${types[i]}, expected a ${TYPES[name]}`;
      return types[i] ? [[base, why] as const] : [];
    }),
  );
}
