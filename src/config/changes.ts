import { isDeepStrictEqual } from "node:util";
import { Turns } from "../clock/turns.ts";
import type { Config, Job } from "./config.ts";
import { isSameJob } from "./hash.ts";
import { jobsByName } from "./job-index.ts";
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
  const kinds = await namesByKind(running.jobs, changed.jobs);
  const unnamed = Object.values(kinds).reduce((sum, { length }) => sum + Math.max(length - MAX_NAMED, 0), 0);
  return {
    ...(kinds.added.length > 0 && { added: kinds.added.slice(0, MAX_NAMED) }),
    ...(kinds.removed.length > 0 && { removed: kinds.removed.slice(0, MAX_NAMED) }),
    ...(kinds.changed.length > 0 && { changed: kinds.changed.slice(0, MAX_NAMED) }),
    ...(unnamed > 0 && { unnamed }),
  };
}

async function namesByKind(running: readonly Job[], changed: readonly Job[]) {
  const kinds = { added: [] as string[], removed: [] as string[], changed: [] as string[] };
  const [before, after] = [jobsByName(running), jobsByName(changed)];
  const turns = new Turns();
  for (const job of changed) {
    const known = before.get(job.name);
    if (known === undefined) kinds.added.push(job.name);
    else if (!isSameJob(known, job)) kinds.changed.push(job.name);
    if (turns.isOver()) await turns.turn();
  }
  for (const { name } of running) {
    if (!after.has(name)) kinds.removed.push(name);
    if (turns.isOver()) await turns.turn();
  }
  return kinds;
}
