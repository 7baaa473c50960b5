import { checkedCount, checkedDate, refuseArgument } from "./arguments.ts";
import type { Cluster, KnownJob } from "./cluster.ts";
import { formatLocal } from "./local-time.ts";
import { listTicks, type TickQuery, type TickRow } from "./tick-list.ts";

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

/** The coming ticks of some jobs. */
export interface NextPart {
  /** In order of time; at the same instant in the order of the jobs. */
  readonly ticks: readonly ComingTick[];
  /** The jobs that have a tick within the query behind their last one here. */
  readonly cut: readonly string[];
  /** The jobs of which not every exclusion is here. */
  readonly sparse: readonly string[];
  /** The time zone of each job. */
  readonly zones: Readonly<Record<string, string>>;
}

export interface NextTicks extends NextPart {
  /** At most this many ticks of a job. */
  readonly count: number;
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
  const { until, excluded = false } = options;
  const { rows, cut, sparse } = listTicks(jobs, checkedQuery(options));
  const shown = excluded ? rows : rows.filter(row => row.exclusion === undefined);
  const ticks = shown.map(comingTick);
  return {
    ticks: until === undefined ? ticks : withTogether(ticks),
    count: countOf(options),
    cut: cut.map(({ name }) => name),
    sparse: sparse.map(({ name }) => name),
    zones: Object.fromEntries(jobs.map(({ name, spec }) => [name, spec.timezone])),
  };
}

export function countOf({ count, until }: NextOptions): number {
  return count ?? (until === undefined ? COUNT : COUNT_UNTIL);
}

function checkedQuery(options: NextOptions): TickQuery {
  const { from = new Date(), until } = options;
  const fromMs = checkedDate("from", from).getTime();
  if (until !== undefined && checkedDate("until", until) < from) {
    const why = ` is before from (${from.toISOString()}): expected a later instant`;
    refuseArgument("until", until.toISOString(), why);
  }
  const untilMs = until?.getTime() ?? Number.POSITIVE_INFINITY;
  return { fromMs, untilMs, count: checkedCount("count", countOf(options)) };
}

/** The same of all jobs, from parts in the order of the jobs. */
export function mergeNext(parts: readonly NextPart[]): NextPart {
  const ticks = parts.flatMap(part => part.ticks);
  return {
    ticks: ticks.sort((a, b) => Date.parse(a.tick) - Date.parse(b.tick)),
    cut: parts.flatMap(({ cut }) => cut),
    sparse: parts.flatMap(({ sparse }) => sparse),
    zones: Object.fromEntries(parts.flatMap(({ zones }) => Object.entries(zones))),
  };
}

/** Adds to each tick the other jobs with a tick at the same instant. */
export function withTogether(ticks: readonly ComingTick[]): readonly ComingTick[] {
  const byInstant = Map.groupBy(
    ticks.filter(({ excluded }) => excluded === undefined),
    ({ tick }) => tick,
  );
  return ticks.map(one => {
    if (one.excluded !== undefined) return one;
    const names = (byInstant.get(one.tick) ?? []).map(({ job }) => job);
    const together = names.filter(name => name !== one.job);
    return together.length === 0 ? one : { ...one, together };
  });
}

/** A row as JSON has it. */
function comingTick(row: TickRow): ComingTick {
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
  };
}
