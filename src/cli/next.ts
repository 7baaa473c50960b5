import { parseInstant } from "./instant.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { formatLocal } from "./local-time.ts";
import { findJob, loadProject, type ProjectOptions } from "./project.ts";
import { renderTable } from "./table.ts";
import { EXCLUSIONS_SHOWN, listTicks, type TickRow, togetherWith } from "./tick-list.ts";

export interface NextOptions extends ProjectOptions {
  readonly count?: number;
  readonly from?: string;
  readonly until?: string;
  readonly excluded?: boolean;
  readonly json?: boolean;
}

/** `next --json`. Times are ISO 8601 in UTC; what a tick does not have is absent. */
interface ComingTick {
  readonly job: string;
  readonly tick: string;
  readonly local: string;
  /** What daylight saving did to the tick. */
  readonly note?: string | undefined;
  /** With a jitter: when a leader on time launches it. */
  readonly launchAt?: string | undefined;
  /** After this many launched ticks the job ends. */
  readonly maxRuns?: number | undefined;
  /** With `--until`: the other jobs with a tick at this instant. */
  readonly together?: readonly string[] | undefined;
  /** With `--excluded`: why this tick does not exist. */
  readonly excluded?: string;
  /** The last of several ticks that are excluded together; null when all later ones are. */
  readonly excludedUntil?: string | null | undefined;
}

const COUNT = 5;
const COUNT_UNTIL = 1_000;

/** Shows each job's next ticks, in order of time. Needs no server. */
export async function next(name: string | undefined, options: NextOptions, io: Io): Promise<number> {
  const fromMs = options.from === undefined ? Date.now() : parseInstant("--from", options.from);
  const untilMs = parseUntil(options.until, fromMs);
  const config = await loadProject(options, io);
  const jobs = name === undefined ? config.jobs : [findJob(config, name)];
  const count = options.count ?? (options.until === undefined ? COUNT : COUNT_UNTIL);
  const { rows, cut, sparse } = listTicks(jobs, { fromMs, untilMs, count });
  const together = options.until === undefined ? () => [] : togetherWith(rows);
  const showsExcluded = options.excluded || !options.json;
  const shown = showsExcluded ? rows : rows.filter(row => row.exclusion === undefined);
  if (options.json) {
    const ticks = shown.map(row => comingTick(row, together(row)));
    io.out(`${JSON.stringify(ticks, null, 2)}\n`);
  } else {
    io.out(shown.length === 0 ? "no tick is to come\n" : renderRows(shown, together));
  }
  if (options.until !== undefined && options.count === undefined) {
    for (const job of cut) {
      io.err(`${job.name} has more than ${count} ticks until ${options.until}: --count shows more of them\n`);
    }
  }
  for (const job of showsExcluded ? sparse : []) {
    io.err(`${job.name}: only the first ${EXCLUSIONS_SHOWN} stretches of excluded ticks are shown\n`);
  }
  return EXIT.done;
}

function parseUntil(until: string | undefined, fromMs: number): number {
  if (until === undefined) return Number.POSITIVE_INFINITY;
  const untilMs = parseInstant("--until", until);
  if (untilMs >= fromMs) return untilMs;
  const from = new Date(fromMs).toISOString();
  throw new CliFailure(`--until ${until} is before --from ${from}: expected a later instant`, EXIT.usage);
}

/** A row as JSON has it. */
export function comingTick(row: TickRow, together: readonly string[] = []): ComingTick {
  const { job, at, note, launchAt, exclusion } = row;
  const tick = {
    job: job.name,
    tick: new Date(at).toISOString(),
    local: formatLocal(at, job.spec.timezone),
    note,
  };
  if (exclusion !== undefined) {
    const { reason, lastAt } = exclusion;
    const until = Number.isFinite(lastAt) ? new Date(lastAt).toISOString() : null;
    return { ...tick, excluded: reason, excludedUntil: lastAt > at ? until : undefined };
  }
  return {
    ...tick,
    launchAt: job.spec.jitterMs > 0 ? new Date(launchAt).toISOString() : undefined,
    maxRuns: job.maxRuns ?? undefined,
    together: together.length > 0 ? together : undefined,
  };
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
