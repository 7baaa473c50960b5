import { checkedCount, checkedDate, refuseArgument } from "./arguments.ts";
import type { Cluster, KnownJob } from "./cluster.ts";
import { formatLocal } from "./local-time.ts";
import { listTicks, type TickList, type TickRow, togetherWith } from "./tick-list.ts";

/** `next --json`. Times are ISO 8601 in UTC; what a tick does not have is absent. */
export interface ComingTick {
  readonly job: string;
  readonly tick: string;
  /** Date, HH:MM[:SS] and the zone's abbreviation. */
  readonly local: string;
  /** What daylight saving did to the tick. */
  readonly note?: string;
  /** With a jitter: when a leader on time launches it. */
  readonly launchAt?: string;
  /** After this many launched ticks the job ends. */
  readonly maxRuns?: number;
  /** With `until`: the other jobs with a tick at this instant. */
  readonly together?: readonly string[];
  /** With `excluded`: why this tick does not exist. */
  readonly excluded?: string;
  /** The last of several ticks that are excluded together; null when all later ones are. */
  readonly excludedUntil?: string | null;
}

export interface NextOptions {
  /** At most this many ticks of a job; 5 by default, with `until` 1000. */
  readonly count?: number | undefined;
  /** Now by default. */
  readonly from?: Date | undefined;
  /** Inclusive; with `count`, whichever comes first. */
  readonly until?: Date | undefined;
  /** Also the ticks that `except`, `start` and `end` take away. */
  readonly excluded?: boolean | undefined;
}

export interface NextTicks extends TickList {
  /** Of `rows` those that were asked for, as JSON has them. */
  readonly ticks: readonly ComingTick[];
  readonly count: number;
  readonly together: (row: TickRow) => readonly string[];
}

const COUNT = 5;
const COUNT_UNTIL = 1_000;

/** The coming ticks of a job, or of all, in order of time. Needs no server where there is a configuration. */
export async function nextTicks(
  cluster: Cluster,
  name: string | undefined,
  options: NextOptions,
): Promise<NextTicks> {
  const jobs = name === undefined ? await cluster.knownJobs() : [await cluster.knownJob(name)];
  return nextTicksOf(jobs, options);
}

/** The same of these jobs. */
export function nextTicksOf(jobs: readonly KnownJob[], options: NextOptions): NextTicks {
  const { from = new Date(), until, excluded = false } = options;
  checkedDate("from", from);
  if (until !== undefined && checkedDate("until", until) < from) {
    const why = ` is before from (${from.toISOString()}): expected a later instant`;
    refuseArgument("until", until.toISOString(), why);
  }
  const untilMs = until?.getTime() ?? Number.POSITIVE_INFINITY;
  const count = checkedCount("count", options.count ?? (until === undefined ? COUNT : COUNT_UNTIL));
  const list = listTicks(jobs, { fromMs: from.getTime(), untilMs, count });
  const together = until === undefined ? () => [] : togetherWith(list.rows);
  const shown = excluded ? list.rows : list.rows.filter(row => row.exclusion === undefined);
  return { ...list, count, together, ticks: shown.map(row => comingTick(row, together(row))) };
}

/** A row as JSON has it. */
export function comingTick(row: TickRow, together: readonly string[] = []): ComingTick {
  const { job, at, note, launchAt, exclusion } = row;
  const tick = {
    job: job.name,
    tick: new Date(at).toISOString(),
    local: formatLocal(at, job.spec.timezone),
    ...(note !== undefined && { note }),
  };
  if (exclusion !== undefined) {
    const { reason, lastAt } = exclusion;
    const until = Number.isFinite(lastAt) ? new Date(lastAt).toISOString() : null;
    return { ...tick, excluded: reason, ...(lastAt > at && { excludedUntil: until }) };
  }
  return {
    ...tick,
    ...(job.spec.jitterMs > 0 && { launchAt: new Date(launchAt).toISOString() }),
    ...(job.maxRuns !== null && { maxRuns: job.maxRuns }),
    ...(together.length > 0 && { together }),
  };
}
