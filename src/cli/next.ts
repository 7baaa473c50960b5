import {
  type ComingTick,
  type NextTicks,
  nextTicksOf,
  type NextOptions as Query,
} from "../client/coming-ticks.ts";
import { formatLocal } from "../client/local-time.ts";
import { EXCLUSIONS_SHOWN } from "../client/tick-list.ts";
import { type ClusterOptions, either } from "./cluster-session.ts";
import { parseInstant } from "./instant.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { jsonText } from "./json-text.ts";
import { findJob, loadProject } from "./project.ts";
import { renderTable } from "./table.ts";

interface NextOptions extends ClusterOptions {
  readonly count?: number;
  readonly from?: string;
  readonly until?: string;
  readonly excluded?: boolean;
  readonly json?: boolean;
}

/** Shows each job's next ticks, in order of time. Needs no server without `--url`. */
export async function next(name: string | undefined, options: NextOptions, io: Io): Promise<number> {
  const { count, until } = options;
  const from = new Date(options.from === undefined ? Date.now() : parseInstant("--from", options.from));
  const untilAt = until === undefined ? undefined : parseUntil(until, from);
  const excluded = options.excluded || !options.json;
  const query = { count, from, until: untilAt, excluded };
  const found = await either(
    options,
    io,
    api => api.next(name, query),
    () => localTicks(name, query, options, io),
  );
  if (options.json) io.out(jsonText(found.ticks, 2));
  else io.out(found.ticks.length === 0 ? "no tick is to come\n" : renderTicks(found));
  if (until !== undefined && count === undefined) {
    for (const job of found.cut) {
      io.err(`${job} has more than ${found.count} ticks until ${until}: --count shows more of them\n`);
    }
  }
  for (const job of excluded ? found.sparse : []) {
    io.err(`${job}: only the first ${EXCLUSIONS_SHOWN} stretches of excluded ticks are shown\n`);
  }
  return EXIT.done;
}

async function localTicks(name: string | undefined, query: Query, options: NextOptions, io: Io) {
  const config = await loadProject(options, io);
  return nextTicksOf(name === undefined ? config.jobs : [findJob(config, name)], query);
}

/** The library refuses it as well; this names the options as they were written. */
function parseUntil(until: string, from: Date): Date {
  const untilAt = new Date(parseInstant("--until", until));
  if (untilAt >= from) return untilAt;
  const why = `is before --from ${from.toISOString()}: expected a later instant`;
  throw new CliFailure(`--until ${until} ${why}`, EXIT.usage);
}

/** Ticks as people read them. */
export function renderTicks({ ticks, zones }: Pick<NextTicks, "ticks" | "zones">): string {
  const hasJitter = ticks.some(({ launchAt }) => launchAt !== undefined);
  const table = renderTable(
    ["JOB", "TICK (UTC)", "LOCAL", ...(hasJitter ? ["LAUNCH (UTC)"] : []), "NOTE"],
    ticks.map(one => {
      const { job, tick, local, launchAt } = one;
      return [job, tick, local, ...(hasJitter ? [launchAt ?? ""] : []), noteOf(one, zones[job])];
    }),
  );
  const limits = new Map(
    ticks.flatMap(({ job, maxRuns }) => (maxRuns === undefined ? [] : [[job, maxRuns] as const])),
  );
  return [table, ...[...limits].map(([job, maxRuns]) => limitOf(job, maxRuns))].join("");
}

function noteOf({ note, together = [], excluded, excludedUntil }: ComingTick, zone = "UTC"): string {
  const notes = note === undefined ? [] : [note];
  if (together.length > 0) notes.push(`together with: ${together.join(", ")}`);
  if (excludedUntil === null) notes.push(`excluded like all later ones: ${excluded}`);
  else if (excludedUntil !== undefined)
    notes.push(`excluded up to ${formatLocal(Date.parse(excludedUntil), zone)}: ${excluded}`);
  else if (excluded !== undefined) notes.push(`excluded: ${excluded}`);
  return notes.join("; ");
}

function limitOf(name: string, maxRuns: number): string {
  return `${name}: over after ${maxRuns} launched ${maxRuns === 1 ? "tick" : "ticks"} in all (maxRuns)\n`;
}
