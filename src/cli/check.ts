import type { Config } from "../config/config.ts";
import { printable } from "../config/document/describe.ts";
import { formatIssue, type LoadResult } from "../config/load.ts";
import { hashZones, zoneDataOf } from "../config/zone-data.ts";
import { loadHandlers } from "../handlers/load-handlers.ts";
import { instantsIn, kindsIn } from "../schedule/spec.ts";
import { DAY_MS } from "../schedule/time-units.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { reportExitWhileLoading } from "./module-exit.ts";
import { withProgress } from "./progress.ts";
import { configOf, type ProjectOptions, readProject } from "./project.ts";

export interface CheckOptions extends ProjectOptions {
  readonly json?: boolean;
}

/** Validates the configuration and the handlers; prints all mistakes together. */
export async function check(options: CheckOptions, io: Io): Promise<number> {
  const unwatch = reportExitWhileLoading(problem => io.err(`${printable(problem)}\n`));
  try {
    return await checkAll(options, io);
  } finally {
    unwatch();
  }
}

async function checkAll(options: CheckOptions, io: Io): Promise<number> {
  const result = await withProgress("reading the configuration", () => readProject(options, io));
  if (!result.ok) throw new CliFailure((await linesOfAll(result)).join("\n"), EXIT.usage);
  const config = configOf(result, io);
  const advice = [
    ...result.advice(),
    ...pastAdvice(config, Date.now()),
    ...pastCalendarAdvice(config, Date.now()),
  ];
  for (const text of advice) io.err(`${printable(text)}\n`);
  const { issues } = await withProgress(`loading the handlers of ${config.jobs.length} jobs`, () =>
    loadHandlers({ jobs: config.jobs, jobsDir: config.jobsDir, places: config.jobPlaces }),
  );
  if (issues.length > 0) throw new CliFailure(issues.map(problem => problem.message).join("\n"), EXIT.usage);
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

/** The mistakes in the files, and those in the handlers that they name. */
async function linesOfAll({ issues, usable }: Extract<LoadResult, { ok: false }>): Promise<string[]> {
  const { handlers: jobs, jobsDir, jobPlaces: places } = usable;
  const { issues: ofHandlers } = await loadHandlers({ jobs, jobsDir, places });
  return [...issues.map(formatIssue), ...ofHandlers.map(problem => problem.message)];
}

/** Jobs that have ticks, but none any more, or that lose some of their single instants. */
function* pastAdvice({ jobs, jobPlaces }: Config, nowMs: number): Generator<string> {
  for (const { name, spec, schedule } of jobs) {
    const place = () => `${jobPlaces.of(name)} jobs.${name}`;
    const past = instantsIn(spec)
      .filter(at => at <= nowMs)
      .map(at => new Date(at).toISOString());
    if (schedule.next(nowMs) === null) {
      const { endMs } = spec;
      const ends = endMs !== undefined && endMs > nowMs ? "ends" : "ended";
      const end = endMs === undefined ? "" : `: it ${ends} at ${new Date(endMs).toISOString()}`;
      yield `${place()}: no tick is to come${past.length > 0 ? `: ${listed(past)} ${past.length > 1 ? "are" : "is"} past` : end}`;
    } else if (past.length > 0) {
      yield `${place()}.${kindsIn(spec)[0]?.kind.key}: ${listed(past)} ${past.length > 1 ? "are" : "is"} past: a new job does not catch up on it`;
    }
  }
}

/** Calendars that jobs except, and that except nothing any more: often the file of last year. */
function* pastCalendarAdvice({ jobs, jobPlaces }: Config, nowMs: number): Generator<string> {
  const told = new Set<string>();
  for (const { name, spec } of jobs) {
    for (const [calendar, { coverage }] of Object.entries(spec.calendars ?? {})) {
      const endMs = Math.max(...coverage.map(ends => ends.at(-1) ?? Number.NEGATIVE_INFINITY));
      // Times on a wall clock are up to a day away from those of UTC.
      if (told.has(calendar) || !Number.isFinite(endMs) || endMs > nowMs - DAY_MS) continue;
      told.add(calendar);
      yield `${jobPlaces.of(name)} jobs.${name}.except: calendar ${calendar} has no event after ${new Date(endMs - 1).toISOString().slice(0, 10)}: it excepts no tick to come`;
    }
  }
}

const MAX_LISTED = 3;

function listed(times: readonly string[]): string {
  const more = times.length - MAX_LISTED;
  return `${times.slice(0, MAX_LISTED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
