import { readDefinitions } from "../launch/definition.ts";
import { kindsIn } from "../schedule/spec.ts";
import type { Cluster } from "./cluster.ts";
import { isoOf } from "./iso.ts";
import { findJobRow } from "./job-list.ts";
import type { JobList, JobRow } from "./job-row.ts";
import { configuredPolicies, type PolicyRow, storedPolicies } from "./policies.ts";
import { refuseName } from "./refuse-name.ts";

/** A job with its policies as they are in force. Times are ISO 8601 in UTC. */
export interface JobDetail extends JobRow {
  readonly jobsFrom: JobList["jobsFrom"];
  /** Its schedule in words, a sentence each; empty where this release cannot read it. */
  readonly description: readonly string[];
  /** What is in force, and where each value is written. */
  readonly policy: readonly PolicyRow[];
  /** The epoch in force: its number, and after when its ticks are. Null while no leader has stored the job. */
  readonly definition: { readonly since: string; readonly number: number } | null;
}

/** Throws BW_JOB_UNKNOWN. */
export async function readJobDetail(cluster: Cluster, name: string): Promise<JobDetail> {
  const [{ row, jobsFrom }, definitions] = await Promise.all([
    findJobRow(cluster, name),
    cluster.read((redis, keys) => readDefinitions(redis, keys, [name])),
  ]);
  if (row === null) {
    const stored = await cluster.storedJobs();
    refuseName(name, [...cluster.localNames(), ...stored.map(job => job.name)]);
  }
  const configured = cluster.config?.jobs.find(job => job.name === name);
  const definition = definitions.get(name);
  const known = configured ?? definition;
  const words =
    known === undefined ? [] : kindsIn(known.spec).map(({ kind, value }) => kind.describe(value, known.spec));
  return {
    ...row,
    jobsFrom,
    description: (await Promise.all(words)).flat(),
    policy: policyOf(cluster, name, definition),
    definition: definition ? { since: isoOf(definition.fromMs), number: definition.number } : null,
  };
}

function policyOf(
  { config }: Cluster,
  name: string,
  definition: Parameters<typeof storedPolicies>[0] | undefined,
): readonly PolicyRow[] {
  const job = config?.jobs.find(job => job.name === name);
  if (config !== null && job !== undefined) return configuredPolicies(job, config);
  return definition === undefined ? [] : storedPolicies(definition);
}
