import { JobMarks, jobMarks } from "../alarm/config-alarm.ts";
import { Turns } from "../clock/turns.ts";
import type { JobChanges } from "../config/changes.ts";
import type { Config } from "../config/config.ts";
import { hashZones, type ZoneData, zoneDataOf } from "../config/zone-data.ts";
import type { EventMap, Role } from "../event-map.ts";
import type { Events } from "../events.ts";
import type { CodeHandlers } from "../handlers/code-handlers.ts";
import type { Handler } from "../handlers/handler.ts";
import { loadHandlers } from "../handlers/load-handlers.ts";

/** The configuration that a replica runs with, and what belongs to it. */
export interface Carried {
  readonly config: Config;
  readonly handlers: ReadonlyMap<string, Handler>;
  readonly zones: ZoneData;
  /** Of the names of its jobs. */
  readonly marks: readonly string[];
}

export function carriedBy(config: Config, handlers: Carried["handlers"]): Carried {
  const marks = jobMarks(config.jobs.map(job => job.name));
  return { config, handlers, zones: zoneDataOf(config.jobs, Date.now()), marks };
}

/** The same for a replica that runs: in short stretches. `changes`: of the jobs before. */
export async function carriedNext(
  before: Carried,
  { config, handlers }: Pick<Carried, "config" | "handlers">,
  changes: JobChanges,
): Promise<Carried> {
  const zones = zoneDataOf(config.jobs, Date.now());
  if (changes.added === undefined && changes.removed === undefined) {
    return { config, handlers, zones, marks: before.marks };
  }
  const marks = new JobMarks();
  const turns = new Turns();
  for (const { name } of config.jobs) {
    marks.add(name);
    if (turns.isOver()) await turns.turn();
  }
  return { config, handlers, zones, marks: marks.list };
}

/** The handlers that a replica with these roles runs. `functions`: of the jobs in code. */
export async function handlersOf(config: Config, roles: readonly Role[], functions: CodeHandlers) {
  const jobs = roles.includes("worker") ? config.jobs : [];
  const { jobsDir, jobPlaces: places } = config;
  const { handlers, issues } = await loadHandlers({ jobs, jobsDir, places, functions });
  return { handlers, problems: issues.map(problem => problem.message) };
}

export function tellConfig(
  events: Events,
  { config, zones }: Carried,
  changes: Partial<EventMap["config.loaded"]> = {},
): void {
  const { generation, hash, jobs } = config;
  const told = { generation, hash, zones: hashZones(zones), jobs: jobs.length };
  events.emit("config.loaded", { ...told, ...changes });
}
