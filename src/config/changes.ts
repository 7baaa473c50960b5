import { isDeepStrictEqual } from "node:util";
import type { Config } from "./config.ts";

/** Settings that a running replica keeps from its start. */
export const FIXED_SETTINGS = [
  "namespace",
  "redis",
  "election",
  "http",
  "admin",
] as const satisfies readonly (keyof Config)[];

/** What of a changed configuration a running replica takes over only after a restart. */
export function settingsThatNeedRestart(running: Config, changed: Config): string[] {
  return FIXED_SETTINGS.filter(key => !isDeepStrictEqual(running[key], changed[key]));
}

/** The changed configuration as the running replica can take it over. */
export function withFixedSettings(running: Config, changed: Config): Config {
  const { namespace, redis, election, http, admin } = running;
  return { ...changed, namespace, redis, election, http, admin };
}

/** Why a valid configuration must not replace the one that a replica runs with; empty when it may. */
export function objectionsTo(running: Config, changed: Config): string[] {
  const objections: string[] = [];
  if (changed.jobs.length === 0 && running.jobs.length > 0) {
    objections.push(
      `there are no jobs left, and ${running.jobs.length} are running: a change that removes them all is not taken over; restart the replica if that is meant`,
    );
  }
  if (changed.generation < running.generation) {
    objections.push(
      `generation ${changed.generation} is older than ${running.generation}, which is running: an old configuration cannot take over; raise the generation to bring it back`,
    );
  }
  return objections;
}
