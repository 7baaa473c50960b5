import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Config, Job } from "./config.ts";
import { isSameJob } from "./hash.ts";
import { FIXED_SETTINGS } from "./schemas/schema.ts";

/** What of a changed configuration a running replica takes over only after a restart. */
export function settingsThatNeedRestart(running: Config, changed: Config): string[] {
  return FIXED_SETTINGS.filter(key => !isDeepStrictEqual(running[key], changed[key]));
}

/** The changed configuration as the running replica can take it over. */
export function withFixedSettings(running: Config, changed: Config): Config {
  return { ...changed, ...Object.fromEntries(FIXED_SETTINGS.map(key => [key, running[key]])) };
}

/** Why a valid configuration must not replace the one that a replica runs with; empty when it may. */
export function rejectionReasons(running: Config, changed: Config): string[] {
  const reasons: string[] = [];
  if (changed.jobs.length === 0 && running.jobs.length > 0) {
    reasons.push(
      `there are no jobs left, and ${running.jobs.length} are running: a change that removes them all is not taken over; restart the replica if that is meant`,
    );
  }
  if (changed.generation < running.generation) {
    reasons.push(
      `generation ${changed.generation} is older than ${running.generation}, which is running: an old configuration cannot take over; raise the generation to bring it back`,
    );
  }
  return reasons;
}

/** How many jobs of each kind are named: a line of the log must stay readable. */
const MAX_NAMED = 20;
/** The event loop turns after this many comparisons, because a leader must renew its lease meanwhile. */
const JOBS_A_TURN = 1_000;

/** The jobs that differ between two configurations, by name; a kind without any is absent. */
export interface JobChanges {
  readonly added?: readonly string[];
  readonly removed?: readonly string[];
  readonly changed?: readonly string[];
  /** How many more there are than are named. */
  readonly unnamed?: number;
}

export async function jobChanges(running: Config, changed: Config): Promise<JobChanges> {
  if (running.hash === changed.hash) return {};
  const before = new Map(running.jobs.map(job => [job.name, job]));
  const after = new Set(changed.jobs.map(job => job.name));
  const kinds = {
    added: changed.jobs.filter(({ name }) => !before.has(name)).map(({ name }) => name),
    removed: running.jobs.filter(({ name }) => !after.has(name)).map(({ name }) => name),
    changed: await changedJobs(before, changed.jobs),
  };
  const unnamed = Object.values(kinds).reduce((sum, { length }) => sum + Math.max(length - MAX_NAMED, 0), 0);
  return {
    ...(kinds.added.length > 0 && { added: kinds.added.slice(0, MAX_NAMED) }),
    ...(kinds.removed.length > 0 && { removed: kinds.removed.slice(0, MAX_NAMED) }),
    ...(kinds.changed.length > 0 && { changed: kinds.changed.slice(0, MAX_NAMED) }),
    ...(unnamed > 0 && { unnamed }),
  };
}

async function changedJobs(before: ReadonlyMap<string, Job>, jobs: readonly Job[]): Promise<string[]> {
  const names: string[] = [];
  for (const [i, job] of jobs.entries()) {
    const known = before.get(job.name);
    if (known && !isSameJob(known, job)) names.push(job.name);
    if (i % JOBS_A_TURN === JOBS_A_TURN - 1) await setImmediate();
  }
  return names;
}
