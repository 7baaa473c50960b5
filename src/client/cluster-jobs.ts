import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import { readDefinitions } from "../launch/definition.ts";
import { readDropped } from "../launch/dropped.ts";
import type { RedisKeys } from "../redis/keys.ts";
import type { Schedule } from "../schedule/schedule.ts";

/** A job as it is shown. */
export interface ShownJob extends Pick<Job, "name" | "scheduleText" | "maxRuns"> {
  readonly timezone: string;
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
 * order of `local`; those that it does not have come last, by name. `others` are jobs that are known to be carried although
 * they may have no definition.
 */
export async function readClusterJobs(
  redis: Redis,
  keys: RedisKeys,
  local: readonly Job[],
  others: Iterable<string>,
): Promise<ClusterJobs> {
  const [stored, definitions, dropped] = await Promise.all([
    redis.hkeys(keys.definitions),
    readDefinitions(redis, keys),
    readDropped(redis, keys),
  ]);
  if (stored.length === 0) return { source: "local", jobs: local.map(shownJob) };
  const names = new Set([...stored, ...others].filter(name => !dropped.has(name)));
  const first = local.filter(({ name }) => names.has(name));
  const known = new Set(first.map(({ name }) => name));
  const last = [...names].filter(name => !known.has(name)).sort();
  const ordered = [...known, ...last];
  return {
    source: "cluster",
    jobs: ordered.map(name => {
      const definition = definitions.get(name);
      return definition ? shownJob({ ...definition, name }) : unreadableJob(name);
    }),
  };
}

function shownJob(job: Pick<Job, "name" | "scheduleText" | "maxRuns" | "spec" | "schedule">): ShownJob {
  const { name, scheduleText, maxRuns, schedule, spec } = job;
  return { name, scheduleText, maxRuns, schedule, timezone: spec.timezone };
}

function unreadableJob(name: string): ShownJob {
  return { name, scheduleText: "not readable", maxRuns: null, schedule: null, timezone: "" };
}
