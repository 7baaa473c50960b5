import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import { PeriodicTask } from "../clock/periodic-task.ts";
import type { StoreClock } from "../clock/store-clock.ts";
import { FORGET_MS, HEARTBEAT_MS } from "../clock/timing.ts";
import type { RedisKeys } from "./keys.ts";
import { Script } from "./script.ts";
import { storedInstant, storedJson, storedPairs } from "./stored-value.ts";

/** Since when (epoch ms) a run waits, and why. */
const stuckRecord = z.object({
  run: z.string(),
  job: z.string(),
  queue: z.string(),
  cause: z.string(),
  sinceMs: z.number(),
});

const runningRecord = z.object({ run: z.string(), job: z.string(), sinceMs: z.number() });

/** What became of a run on a replica and is not in the run's history. */
const runNote = z.object({
  run: z.string(),
  atMs: z.number(),
  reason: z.string(),
  reasonCode: z.string(),
});

/** What a replica measures of itself, for people. Each default is that of a release that says nothing of it. */
const observed = {
  /** Of Bellwether. */
  version: z.string().nullable().default(null),
  /** How far the clock of its machine is ahead of Redis's. */
  clockSkewMs: z.number().nullable().default(null),
  /** The runs whose handlers are at work, the longest first, up to a limit. */
  running: z.array(runningRecord.readonly()).readonly().default([]),
  runningCount: z.number().nullable().default(null),
  /** The last ones, oldest first, up to a limit. */
  notes: z.array(runNote.readonly()).readonly().default([]),
  load: z
    .object({ eventLoopDelayMs: z.number().nullable(), rssBytes: z.number().nullable() })
    .readonly()
    .default({ eventLoopDelayMs: null, rssBytes: null }),
};

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
  ...observed,
});

export type StuckRecord = Readonly<z.output<typeof stuckRecord>>;
export type ReplicaRecord = Readonly<z.output<typeof replicaRecord>>;
export type RunNote = Readonly<z.output<typeof runNote>>;
export type Observed = Pick<ReplicaRecord, keyof typeof observed>;

const beatReply = z.tuple([z.number(), z.string(), z.string()]).rest(z.string());
const BEAT = new Script(beatReply, new URL("./heartbeat.lua", import.meta.url));

export interface HeartbeatOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly clock: Pick<StoreClock, "sleep" | "monotonicMs" | "note">;
  readonly record: Omit<ReplicaRecord, keyof Observed>;
  /** What is said beside the record, measured each time; nothing without it. */
  readonly observe?: (() => Observed) | undefined;
  /**
   * Called with the replicas that are there, this one among them, each time that it has said so itself, and with the format
   * of the data in Redis, 0 where none was written yet. What they observe may be of any earlier time.
   */
  readonly onReplicas?: (records: readonly ReplicaRecord[], format: number) => void | Promise<void>;
}

/** Says again and again that a replica is there, for people, dashboards, and whether a job was removed from all replicas. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #task: PeriodicTask;
  #record: HeartbeatOptions["record"];
  /** What was read last. */
  #known: { readonly digest: string; readonly records: readonly ReplicaRecord[] } = {
    digest: "",
    records: [],
  };

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

  /** The replicas that were there at the last heartbeat; none before the first one. */
  get replicas(): readonly ReplicaRecord[] {
    return this.#known.records;
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
    const { redis, keys, clock, onReplicas, observe } = this.#options;
    const own = this.#record;
    const mark = createHash("sha1").update(JSON.stringify(own)).digest("hex");
    const record = { ...own, ...observe?.(), mark };
    try {
      const sentMs = clock.monotonicMs();
      const [micros, format, digest, ...found] = await BEAT.run(
        redis,
        [keys.replica(record.id), keys.replicas, keys.format],
        [JSON.stringify(record), FORGET_MS, 4 * FORGET_MS, keys.replica(""), this.#known.digest],
      );
      clock.note({ sentMs, storeTimeMs: micros / 1_000 });
      if (digest !== this.#known.digest) this.#known = { digest, records: recordsOf(found) };
      await onReplicas?.(this.#known.records, Number(format || 0));
    } catch {
      // Redis is away: `redis.unreachable` reports it, and the record expires meanwhile, as it should.
    }
  }
}

/** The replicas that were there within the last 15 seconds, by id. What is no replica's record is passed over. */
export async function readReplicas(redis: Redis, keys: RedisKeys): Promise<ReplicaRecord[]> {
  return (await readSeenReplicas(redis, keys)).map(({ record }) => record);
}

/** The same, each with when it was seen last (epoch ms, store time). */
export async function readSeenReplicas(
  redis: Redis,
  keys: RedisKeys,
): Promise<{ readonly record: ReplicaRecord; readonly seenAtMs: number }[]> {
  const scores = storedPairs(await redis.zrange(keys.replicas, "0", "-1", "WITHSCORES"));
  if (scores.length === 0) return [];
  const records = await redis.mget(scores.map(([id]) => keys.replica(id)));
  return scores
    .flatMap(([, score], i) => {
      const record = storedJson(records[i], replicaRecord);
      return record === null ? [] : [{ record, seenAtMs: storedInstant(score) ?? 0 }];
    })
    .sort((a, b) => a.record.id.localeCompare(b.record.id));
}

function recordsOf(stored: readonly string[]): ReplicaRecord[] {
  return stored
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
