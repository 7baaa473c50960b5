import type { Job } from "./config.ts";

const indexes = new WeakMap<readonly Job[], ReadonlyMap<string, Job>>();

/** The jobs by name, one map for all who ask about the same list: of very many jobs each map takes megabytes. */
export function jobsByName(jobs: readonly Job[]): ReadonlyMap<string, Job> {
  const known = indexes.get(jobs);
  if (known !== undefined) return known;
  const index = new Map<string, Job>();
  for (const job of jobs) index.set(job.name, job);
  indexes.set(jobs, index);
  return index;
}

/** What `jobsByName` is to answer for the list. */
export function rememberIndex(jobs: readonly Job[], index: ReadonlyMap<string, Job>): void {
  indexes.set(jobs, index);
}
