import type { Redis } from "ioredis";
import { z } from "zod";
import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
import { FORGET_MS, HEARTBEAT_MS } from "../clock/timing.ts";
import type { RedisKeys } from "./keys.ts";
import { storedJson } from "./stored-value.ts";

/** Since when (epoch ms) a run waits, and why. */
const stuckRecord = z.object({
  run: z.string(),
  job: z.string(),
  queue: z.string(),
  cause: z.string(),
  sinceMs: z.number(),
});

const replicaRecord = z.object({
  id: z.string(),
  roles: z.array(z.enum(["scheduler", "worker"])).readonly(),
  generation: z.number(),
  /** Of the job definitions: equal for two replicas that do the same. */
  hash: z.string().default(""),
  /** Marks of its jobs' names: two replicas without a mark in common are of two applications. */
  jobs: z.array(z.string()).readonly().default([]),
  /** The version of its tz database. */
  tz: z.string().default(""),
  /** By zone and year, a hash of what its clocks do: equal for two replicas whose cron ticks are the same. */
  zones: z.record(z.string(), z.string()).readonly().default({}),
  /** The newest format of the data in Redis that it understands. */
  format: z.number().default(1),
  /** ISO 8601, UTC. */
  startedAt: z.string(),
  /** Launched runs that it has found not to start (stuck-alarm.ts), for people. */
  stuck: z.array(stuckRecord.readonly()).readonly().default([]),
});

export type StuckRecord = Readonly<z.output<typeof stuckRecord>>;
export type ReplicaRecord = Readonly<z.output<typeof replicaRecord>>;

export interface HeartbeatOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly record: ReplicaRecord;
  /** Called with the replicas that are there, this one among them, each time that it has said so itself. */
  readonly onReplicas?: (records: readonly ReplicaRecord[]) => void | Promise<void>;
}

/** Says again and again that a replica is there, for people, dashboards, and whether a job was removed from all replicas. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #task: PeriodicTask;
  #record: ReplicaRecord;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#record = options.record;
    this.#task = new PeriodicTask({
      clock: options.clock,
      intervalMs: HEARTBEAT_MS,
      act: () => this.#announce(),
    });
  }

  start(): void {
    this.#task.start();
  }

  /** What is said from the next time on. */
  update(change: Partial<Pick<ReplicaRecord, "generation" | "hash" | "jobs" | "zones" | "stuck">>): void {
    this.#record = { ...this.#record, ...change };
  }

  /** Says that the replica has exited, if Redis answers. */
  async stop(): Promise<void> {
    await this.#task.stop();
    const { redis, keys } = this.#options;
    const { id } = this.#record;
    if (redis.status !== "ready") return;
    await redis.multi().del(keys.replica(id)).zrem(keys.replicas, id).exec();
  }

  async #announce(): Promise<void> {
    const { redis, keys, clock, onReplicas } = this.#options;
    const record = this.#record;
    const nowMs = Math.floor(clock.nowMs());
    try {
      await redis
        .multi()
        .set(keys.replica(record.id), JSON.stringify(record), "PX", FORGET_MS)
        .zadd(keys.replicas, nowMs, record.id)
        .zremrangebyscore(keys.replicas, "-inf", String(nowMs - 4 * FORGET_MS))
        .exec();
      await onReplicas?.(await readReplicas(redis, keys));
    } catch {
      // Redis is away: `redis.unreachable` reports it, and the record expires meanwhile, as it should.
    }
  }
}

/** The replicas that were there within the last 15 seconds, by id. What is no replica's record is passed over. */
export async function readReplicas(redis: Redis, keys: RedisKeys): Promise<ReplicaRecord[]> {
  const ids = await redis.zrange(keys.replicas, "0", "-1");
  if (ids.length === 0) return [];
  const records = await redis.mget(ids.map(id => keys.replica(id)));
  return records
    .flatMap(record => storedJson(record, replicaRecord) ?? [])
    .sort((a, b) => a.id.localeCompare(b.id));
}

/** Whether none of the replicas that may lead, by role and generation, carries other jobs. */
export function areJobsAgreed(
  { generation, hash }: Pick<ReplicaRecord, "generation" | "hash">,
  replicas: readonly ReplicaRecord[],
): boolean {
  return replicas.every(other => {
    return !other.roles.includes("scheduler") || other.generation < generation || other.hash === hash;
  });
}
