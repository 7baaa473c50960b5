import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import { describeHandler } from "../config/describe-handler.ts";
import { readDropped } from "../launch/dropped.ts";
import type { RedisKeys } from "../redis/keys.ts";
import type { Schedule } from "../schedule/schedule.ts";
import type { Cluster } from "./cluster.ts";

/** A job as it is shown. */
export interface ShownJob extends Pick<Job, "name" | "scheduleText" | "maxRuns" | "queue" | "overlap"> {
  readonly timezone: string;
  /** What does its work; null where it has no handler, or an earlier release has stored it. */
  readonly handler: string | null;
  /** Null where this release cannot read what another one has stored. */
  readonly schedule: Schedule | null;
}

export interface ClusterJobs {
  /** `local`: no leader has stored a definition yet, so these are the jobs of the local configuration. */
  readonly source: "cluster" | "local";
  readonly jobs: readonly ShownJob[];
}

/**
 * The jobs that the cluster has, as its leader stored them: the configuration beside the command may be another one. In the
 * order of that configuration; those that it does not have come last, by name. `others` are jobs that are known to be carried
 * although they may have no definition.
 */
export async function readClusterJobs(
  { config, definitions }: Pick<Cluster, "config" | "definitions">,
  redis: Redis,
  keys: RedisKeys,
  others: Iterable<string>,
): Promise<ClusterJobs> {
  const local = config?.jobs ?? [];
  const [stored, dropped] = await Promise.all([
    definitions.read(redis, keys, local),
    readDropped(redis, keys),
  ]);
  if (stored.size === 0) return { source: "local", jobs: local.map(localJob) };
  const names = new Set([...stored.keys(), ...others].filter(name => !dropped.has(name)));
  const first = local.filter(({ name }) => names.has(name));
  const known = new Set(first.map(({ name }) => name));
  const last = [...names].filter(name => !known.has(name)).sort();
  const ordered = [...known, ...last];
  return {
    source: "cluster",
    jobs: ordered.map(name => {
      const definition = stored.get(name);
      return definition ? shownJob({ ...definition, name }) : unreadableJob(name);
    }),
  };
}

type Shown = Omit<ShownJob, "timezone" | "schedule"> & Pick<Job, "spec" | "schedule">;

function localJob(job: Job): ShownJob {
  return shownJob({ ...job, handler: describeHandler(job.handler) });
}

function shownJob(job: Shown): ShownJob {
  const { name, scheduleText, maxRuns, schedule, spec, queue, overlap, handler } = job;
  return { name, scheduleText, maxRuns, schedule, timezone: spec.timezone, queue, overlap, handler };
}

function unreadableJob(name: string): ShownJob {
  const nothing = { maxRuns: null, schedule: null, timezone: "", queue: "", handler: null } as const;
  return { name, scheduleText: "not readable", overlap: "allow", ...nothing };
}
