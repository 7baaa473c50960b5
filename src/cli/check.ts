import { hashZones, zoneDataOf } from "../config/zone-data.ts";
import { loadHandlers } from "../handlers/load-handlers.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { loadProject, type ProjectOptions } from "./project.ts";

export interface CheckOptions extends ProjectOptions {
  readonly json?: boolean;
}

/** Validates the configuration and the handlers; prints every mistake at once. */
export async function check(options: CheckOptions, io: Io): Promise<number> {
  const config = await loadProject(options, io);
  const { problems } = await loadHandlers({ jobs: config.jobs, jobsDir: config.jobsDir });
  if (problems.length > 0)
    throw new CliFailure(problems.map(problem => problem.message).join("\n"), EXIT.usage);
  const { generation, hash, jobs } = config;
  const zoneData = zoneDataOf(jobs, Date.now());
  const { tz } = zoneData;
  const zones = hashZones(zoneData);
  const summary = { jobs: jobs.length, queues: Object.keys(config.queues), generation, hash, tz, zones };
  io.out(
    options.json
      ? `${JSON.stringify(summary)}\n`
      : `ok: ${jobs.length} jobs, queues ${summary.queues.join(", ")}, generation ${generation}, hash ${hash}, tz data ${tz} (zones ${zones})\n`,
  );
  return EXIT.done;
}
