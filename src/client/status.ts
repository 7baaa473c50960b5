import type { Redis } from "ioredis";
import { readLeader } from "../election/leader-record.ts";
import { type Controls, pausesAt, readControls } from "../launch/controls.ts";
import { readCursors, readLaunched } from "../launch/cursors.ts";
import { type HistoryUse, readHistoryUse } from "../launch/history-use.ts";
import { type QuarantineRecord, readQuarantine } from "../launch/quarantine.ts";
import { readPausedQueues } from "../launch/queue-depths.ts";
import { placeOfQueue } from "../launch/queue-place.ts";
import { type LastDecision, readLastDecisions } from "../launch/read-history.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { type ReplicaRecord, readReplicas, type StuckRecord } from "../redis/replica-registry.ts";
import { storedNumber } from "../redis/stored-value.ts";
import { readTimeMs } from "../redis/time.ts";
import type { Cluster } from "./cluster.ts";
import { readClusterJobs, type ShownJob } from "./cluster-jobs.ts";

/** A cursor that lies this far in the future keeps its job silent. The clocks of replicas differ by less. */
const SILENCED_MS = 60_000;

/** `status --json`. Times are ISO 8601 in UTC. */
export interface Status {
  readonly leader: { readonly replica: string; readonly term: number; readonly since: string } | null;
  /** What the leader carries; null without a leader, or while it has not said so. */
  readonly config: Pick<ReplicaRecord, "generation" | "hash"> | null;
  /** The highest generation that has proven itself: replicas of older ones never lead. */
  readonly provenGeneration: number | null;
  readonly replicas: readonly (Pick<ReplicaRecord, ShownOfReplica> & {
    readonly leading: boolean;
    /** It may lead by its roles, and never will by its generation. */
    readonly tooOld: boolean;
  })[];
  /** `local`: no leader has stored its jobs yet, so these are those of the local configuration. */
  readonly jobsFrom: "cluster" | "local";
  readonly jobs: readonly {
    readonly name: string;
    readonly schedule: string;
    readonly timezone: string;
    readonly paused: boolean;
    /** Why the leader does not launch the job for now. */
    readonly quarantined: { readonly since: string; readonly reason: string } | null;
    /** Until when its ticks count as decided, because the clock of Redis was ahead. */
    readonly silenced: { readonly until: string } | null;
    readonly lastTick: string | null;
    readonly nextTick: string | null;
    readonly lastRun: LastDecision["lastRun"];
  }[];
  /** Whether BullMQ's own pause holds the queue's runs back. */
  readonly queues: readonly { readonly name: string; readonly paused: boolean }[];
  /** Launched runs that do not start, as far as a replica has reported them (`run.stuck`). */
  readonly stuck: readonly (Omit<StuckRecord, "sinceMs"> & { readonly since: string })[];
  /** What the histories take in Redis, as the leader has measured it last; null before that. */
  readonly history: HistoryStatus | null;
}

export interface HistoryStatus {
  /** By MEMORY USAGE, of all jobs together: their histories, kept rows and hourly counts. */
  readonly bytes: number;
  /** How far `bytes` may be off, in 19 of 20 cases; 0 when every job was measured. */
  readonly errorBytes: number;
  /** The setting `history.memory`; null without a limit. */
  readonly budgetBytes: number | null;
  /** A launched tick mostly has two: the decision, and how its run ended. */
  readonly entries: number;
  /** Completed runs whose details were folded into hourly counts, ever. */
  readonly folded: number;
  /** The same of failed, lost, skipped and missed ones. */
  readonly dropped: number;
  /** The budget is exceeded, and nothing is left to fold. */
  readonly over: boolean;
  readonly measuredAt: string;
}

/** What `status` shows of a live replica as that replica has announced it. */
export type ShownOfReplica = "id" | "roles" | "generation" | "hash" | "tz" | "startedAt";

export interface StatusOptions {
  /** False leaves `jobs` empty: with thousands of jobs the rest costs a fraction. True by default. */
  readonly jobs?: boolean | undefined;
}

/** Reads and nothing else, with no transaction and no script: so it also works while Redis is full or read-only. */
export function readStatus(cluster: Cluster, { jobs: hasJobs = true }: StatusOptions = {}): Promise<Status> {
  return cluster.read(async (redis, keys) => {
    const [{ queues, stuck, history, ...about }, { jobsFrom, jobs }] = await Promise.all([
      readReplicaStatus(cluster, redis, keys),
      hasJobs ? readJobStatus(cluster, redis, keys) : readJobSource(cluster, redis, keys),
    ]);
    return { ...about, jobsFrom, jobs, queues, stuck, history };
  });
}

/** All of the status that is of no job. */
export async function readReplicaStatus(
  { config }: Pick<Cluster, "config">,
  redis: Redis,
  keys: RedisKeys,
): Promise<Omit<Status, "jobsFrom" | "jobs">> {
  const [leader, replicas, floor, { use }] = await Promise.all([
    readLeader(redis, keys),
    readReplicas(redis, keys),
    redis.get(keys.generation),
    readHistoryUse(redis, keys),
  ]);
  const stuck = stuckOf(replicas);
  const queues = new Set([...Object.keys(config?.queues ?? {}), ...stuck.map(({ queue }) => queue)]);
  const places = [...queues].map(name => placeOfQueue(keys, name, config?.queues ?? {}));
  const pausedQueues = await readPausedQueues(redis, places);
  const leading = replicas.find(({ id }) => id === leader?.replica);
  const proven = storedNumber(floor);
  return {
    leader: leader && {
      replica: leader.replica,
      term: leader.term,
      since: new Date(leader.sinceMs).toISOString(),
    },
    config: leading ? { generation: leading.generation, hash: leading.hash } : null,
    provenGeneration: proven,
    replicas: replicas.map(replica => {
      const { id, roles, generation, hash, tz, startedAt } = replica;
      const about = { id, roles, generation, hash, tz, startedAt };
      return { ...about, leading: replica === leading, tooOld: isTooOld(replica, proven) };
    }),
    queues: [...pausedQueues].map(([name, paused]) => ({ name, paused })),
    stuck,
    history: use && historyOf(use),
  };
}

type JobStatus = Pick<Status, "jobsFrom" | "jobs">;

async function readJobStatus(cluster: Cluster, redis: Redis, keys: RedisKeys): Promise<JobStatus> {
  const [nowMs, controls, quarantine] = await Promise.all([
    readTimeMs(redis),
    readControls(redis, keys),
    readQuarantine(redis, keys),
  ]);
  const { source, jobs } = await readClusterJobs(cluster, redis, keys, quarantine.keys());
  const names = jobs.map(job => job.name);
  const [cursors, launched, lasts] = await Promise.all([
    readCursors(redis, keys, names),
    readLaunched(redis, keys, jobs),
    readLastDecisions(redis, keys, names),
  ]);
  const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    jobsFrom: source,
    jobs: jobs.map((job, i) => {
      const decidedTo = cursors[i] ?? Number.NEGATIVE_INFINITY;
      return {
        name: job.name,
        schedule: job.scheduleText,
        timezone: job.timezone,
        paused: pausesAt(controls, job.name, nowMs).pause !== null,
        quarantined: quarantinedOf(quarantine.get(job.name)),
        silenced: decidedTo - nowMs < SILENCED_MS ? null : { until: new Date(decidedTo).toISOString() },
        lastTick: iso(lasts.get(job.name)?.tickAtMs),
        nextTick: iso(nextTick(job, Math.max(nowMs, decidedTo), controls, launched)),
        lastRun: lasts.get(job.name)?.lastRun ?? null,
      };
    }),
  };
}

function historyOf({ measuredAtMs, isOver, jobs: _, ...use }: HistoryUse): HistoryStatus {
  return { ...use, over: isOver, measuredAt: new Date(measuredAtMs).toISOString() };
}

async function readJobSource(
  { config, definitions }: Cluster,
  redis: Redis,
  keys: RedisKeys,
): Promise<JobStatus> {
  const stored = await definitions.read(redis, keys, config?.jobs ?? []);
  return { jobsFrom: stored.size === 0 ? "local" : "cluster", jobs: [] };
}

function isTooOld({ roles, generation }: ReplicaRecord, proven: number | null): boolean {
  return roles.includes("scheduler") && proven !== null && generation < proven;
}

/** What all replicas have found, each run once, the longest waiting first. */
function stuckOf(replicas: readonly ReplicaRecord[]): Status["stuck"] {
  const runs = new Map(replicas.flatMap(({ stuck }) => stuck.map(one => [`${one.queue} ${one.run}`, one])));
  return [...runs.values()]
    .toSorted((a, b) => a.sinceMs - b.sinceMs)
    .map(({ sinceMs, ...one }) => ({ ...one, since: new Date(sinceMs).toISOString() }));
}

function quarantinedOf(record: QuarantineRecord | undefined): Status["jobs"][number]["quarantined"] {
  return record ? { since: new Date(record.sinceMs).toISOString(), reason: record.reason } : null;
}

/** The next tick after `afterMs` that is to be launched; undefined when there is none. */
function nextTick(
  { name, schedule, maxRuns }: ShownJob,
  afterMs: number,
  { skips }: Controls,
  launched: ReadonlyMap<string, number>,
): number | undefined {
  if (schedule === null) return undefined;
  if (maxRuns !== null && (launched.get(name) ?? 0) >= maxRuns) return undefined;
  let tick = schedule.next(afterMs);
  while (tick !== null && skips.get(name)?.includes(tick.at)) tick = schedule.next(tick.at);
  return tick?.at;
}
