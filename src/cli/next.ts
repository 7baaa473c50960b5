import { comingTick, nextTicksOf } from "../client/coming-ticks.ts";
import { formatLocal } from "../client/local-time.ts";
import { EXCLUSIONS_SHOWN, type TickRow } from "../client/tick-list.ts";
import { parseInstant } from "./instant.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { findJob, loadProject, type ProjectOptions } from "./project.ts";
import { renderTable } from "./table.ts";

interface NextOptions extends ProjectOptions {
  readonly count?: number;
  readonly from?: string;
  readonly until?: string;
  readonly excluded?: boolean;
  readonly json?: boolean;
}

/** Shows each job's next ticks, in order of time. Needs no server. */
export async function next(name: string | undefined, options: NextOptions, io: Io): Promise<number> {
  const { count, until } = options;
  const from = new Date(options.from === undefined ? Date.now() : parseInstant("--from", options.from));
  const untilAt = until === undefined ? undefined : parseUntil(until, from);
  const config = await loadProject(options, io);
  const jobs = name === undefined ? config.jobs : [findJob(config, name)];
  const excluded = options.excluded || !options.json;
  const found = nextTicksOf(jobs, { count, from, until: untilAt, excluded });
  if (options.json) io.out(`${JSON.stringify(found.ticks, null, 2)}\n`);
  else io.out(found.rows.length === 0 ? "no tick is to come\n" : renderRows(found.rows, found.together));
  if (until !== undefined && count === undefined) {
    for (const job of found.cut) {
      io.err(`${job.name} has more than ${found.count} ticks until ${until}: --count shows more of them\n`);
    }
  }
  for (const job of excluded ? found.sparse : []) {
    io.err(`${job.name}: only the first ${EXCLUSIONS_SHOWN} stretches of excluded ticks are shown\n`);
  }
  return EXIT.done;
}

/** The library refuses it as well; this names the options as they were written. */
function parseUntil(until: string, from: Date): Date {
  const untilAt = new Date(parseInstant("--until", until));
  if (untilAt >= from) return untilAt;
  const why = `is before --from ${from.toISOString()}: expected a later instant`;
  throw new CliFailure(`--until ${until} ${why}`, EXIT.usage);
}

/** Rows as people read them. */
export function renderRows(
  rows: readonly TickRow[],
  together: (row: TickRow) => readonly string[] = () => [],
): string {
  const jobs = [...new Set(rows.map(row => row.job))];
  const hasJitter = jobs.some(job => job.spec.jitterMs > 0);
  const table = renderTable(
    ["JOB", "TICK (UTC)", "LOCAL", ...(hasJitter ? ["LAUNCH (UTC)"] : []), "NOTE"],
    rows.map(row => {
      const { job, tick, local, launchAt } = comingTick(row);
      return [job, tick, local, ...(hasJitter ? [launchAt ?? ""] : []), noteOf(row, together(row))];
    }),
  );
  const limits = jobs.filter(job => job.maxRuns !== null).map(job => limitOf(job.name, job.maxRuns ?? 0));
  return [table, ...limits].join("");
}

function noteOf({ job, at, note, exclusion }: TickRow, together: readonly string[]): string {
  const notes = note === undefined ? [] : [note];
  if (together.length > 0) notes.push(`together with: ${together.join(", ")}`);
  if (exclusion !== undefined) {
    const { reason, lastAt } = exclusion;
    const last = Number.isFinite(lastAt)
      ? `up to ${formatLocal(lastAt, job.spec.timezone)}`
      : "like all later ones";
    notes.push(lastAt > at ? `excluded ${last}: ${reason}` : `excluded: ${reason}`);
  }
  return notes.join("; ");
}

function limitOf(name: string, maxRuns: number): string {
  return `${name}: over after ${maxRuns} launched ${maxRuns === 1 ? "tick" : "ticks"} in all (maxRuns)\n`;
}
