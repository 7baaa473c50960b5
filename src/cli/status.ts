import type { Redis } from "ioredis";
import type { Config, Job } from "../config/config.ts";
import { readLeader } from "../election/leader-record.ts";
import { readLaunched } from "../launch/cursors.ts";
import { type Orders, readOrders } from "../launch/orders.ts";
import { type QuarantineRecord, readQuarantine } from "../launch/quarantine.ts";
import { readPausedQueues } from "../launch/queue-depths.ts";
import { type LastDecision, readLastDecisions } from "../launch/read-history.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { type ReplicaRecord, readReplicas, type StuckRecord } from "../redis/replica-registry.ts";
import { readTimeMs } from "../redis/time.ts";
import { EXIT, type Io } from "./io.ts";
import { loadProject, type ProjectOptions } from "./project.ts";
import { withRedis } from "./redis-session.ts";
import { renderTable } from "./table.ts";

export interface StatusOptions extends ProjectOptions {
  readonly json?: boolean;
}

/** `status --json` (DESIGN §4.1). Times are ISO 8601 in UTC. */
export interface Status {
  readonly leader: { readonly replica: string; readonly term: number; readonly since: string } | null;
  readonly replicas: readonly (Pick<ReplicaRecord, "id" | "roles" | "generation" | "tz" | "startedAt"> & {
    readonly leading: boolean;
  })[];
  readonly jobs: readonly {
    readonly name: string;
    readonly schedule: string;
    readonly timezone: string;
    readonly paused: boolean;
    /** Why the leader does not launch the job for now. */
    readonly quarantined: { readonly since: string; readonly reason: string } | null;
    readonly lastTick: string | null;
    readonly nextTick: string | null;
    readonly lastRun: LastDecision["lastRun"];
  }[];
  /** Whether BullMQ's own pause holds the queue's runs back. */
  readonly queues: readonly { readonly name: string; readonly paused: boolean }[];
  /** Launched runs that do not start, as far as a replica has told of them (`run.stuck`). */
  readonly stuck: readonly (Omit<StuckRecord, "sinceMs"> & { readonly since: string })[];
}

/** Shows who leads, the replicas, and each job's last and next tick. */
export async function status(options: StatusOptions, io: Io): Promise<number> {
  const config = await loadProject(options, io);
  const result = await withRedis(config, io, (redis, keys) => readStatus(config, redis, keys));
  io.out(options.json ? `${JSON.stringify(result, null, 2)}\n` : renderStatus(result));
  return EXIT.done;
}

async function readStatus(config: Config, redis: Redis, keys: RedisKeys): Promise<Status> {
  const [leader, replicas, nowMs, orders, quarantine, launched, pausedQueues, lasts] = await Promise.all([
    readLeader(redis, keys),
    readReplicas(redis, keys),
    readTimeMs(redis),
    readOrders(redis, keys),
    readQuarantine(redis, keys),
    readLaunched(redis, keys, config.jobs),
    readPausedQueues(redis, keys, Object.keys(config.queues)),
    readLastDecisions(
      redis,
      keys,
      config.jobs.map(job => job.name),
    ),
  ]);
  const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    leader: leader && {
      replica: leader.replica,
      term: leader.term,
      since: new Date(leader.sinceMs).toISOString(),
    },
    replicas: replicas.map(({ id, roles, generation, tz, startedAt }) => {
      return { id, roles, generation, tz, leading: id === leader?.replica, startedAt };
    }),
    jobs: config.jobs.map(job => ({
      name: job.name,
      schedule: job.scheduleText,
      timezone: job.spec.timezone,
      paused: orders.paused.has(job.name),
      quarantined: quarantinedOf(quarantine.get(job.name)),
      lastTick: iso(lasts.get(job.name)?.tickAt),
      nextTick: iso(nextTick(job, nowMs, orders, launched)),
      lastRun: lasts.get(job.name)?.lastRun ?? null,
    })),
    queues: [...pausedQueues].map(([name, paused]) => ({ name, paused })),
    stuck: stuckOf(replicas),
  };
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

/** The next tick that is to be launched; undefined when there is none. */
function nextTick(
  { name, schedule, maxRuns }: Job,
  nowMs: number,
  { skips }: Orders,
  launched: ReadonlyMap<string, number>,
): number | undefined {
  if (maxRuns !== null && (launched.get(name) ?? 0) >= maxRuns) return undefined;
  let tick = schedule.next(nowMs);
  while (tick !== null && skips.get(name)?.includes(tick.at)) tick = schedule.next(tick.at);
  return tick?.at;
}

function renderStatus(status: Status): string {
  const leader = status.leader
    ? `${status.leader.replica} leads since ${status.leader.since}, term ${status.leader.term}`
    : "nobody leads";
  const replicas = status.replicas.map(replica => [
    replica.id,
    replica.roles.join(", "),
    String(replica.generation),
    replica.tz,
    replica.startedAt,
    replica.leading ? "leads" : "",
  ]);
  const jobs = status.jobs.map(job => [
    job.name,
    job.schedule,
    job.timezone,
    job.lastTick ?? "-",
    job.quarantined ? "quarantined" : job.paused ? "paused" : (job.nextTick ?? "never"),
    job.lastRun?.outcome ?? "-",
  ]);
  const quarantined = status.jobs.flatMap(({ name, quarantined }) => {
    return quarantined ? [`${name} is quarantined since ${quarantined.since}: ${quarantined.reason}\n`] : [];
  });
  const paused = status.queues.flatMap(({ name, paused }) => {
    return paused ? [`queue ${name} is paused in BullMQ: its runs wait until it is resumed there\n`] : [];
  });
  const stuck = status.stuck.map(({ run, queue, cause, since }) => {
    return `${run} waits in queue ${queue} since ${since} and does not start: ${cause}\n`;
  });
  return [
    `${leader}\n`,
    renderTable(["REPLICA", "ROLES", "GENERATION", "TZ DATA", "STARTED", ""], replicas),
    renderTable(["JOB", "SCHEDULE", "TIMEZONE", "LAST TICK", "NEXT TICK", "LAST RUN"], jobs),
    ...[...quarantined, ...paused, ...stuck],
  ].join("\n");
}
