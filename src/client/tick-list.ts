import { launchTimes } from "../schedule/launch-times.ts";
import type { Candidate, Exclusion } from "../schedule/schedule.ts";
import type { KnownJob } from "./cluster.ts";

/** What `next` shows in one line: a tick, or ticks that do not exist and why. */
export interface TickRow {
  readonly job: KnownJob;
  /** Of ticks that do not exist the first. */
  readonly at: number;
  /** What daylight saving did to the tick. */
  readonly note?: string;
  /** When a leader on time launches it: later than the tick where there is a jitter. */
  readonly launchAt: number;
  readonly exclusion?: Exclusion;
}

export interface TickQuery {
  readonly fromMs: number;
  /** Inclusive; Infinity for no end. */
  readonly untilMs: number;
  /** The most ticks of one job. */
  readonly count: number;
}

interface TickList {
  /** In order of time; at the same instant in the order of the jobs. */
  readonly rows: readonly TickRow[];
  /** The jobs that have a tick within the query behind their last row. */
  readonly cut: readonly KnownJob[];
  /** The jobs of which not every exclusion is shown. */
  readonly sparse: readonly KnownJob[];
}

/** More lines than that about excluded ticks help no reader. */
export const EXCLUSIONS_SHOWN = 100;

/** The ticks of jobs in order of time, with those that do not exist in between. */
export function listTicks(jobs: readonly KnownJob[], query: TickQuery): TickList {
  const lists = jobs.map(job => ({ job, ...ticksOf(job, query) }));
  return {
    rows: lists.flatMap(list => list.rows).sort((a, b) => a.at - b.at),
    cut: lists.filter(list => list.isCut).map(list => list.job),
    sparse: lists.filter(list => list.isSparse).map(list => list.job),
  };
}

function ticksOf(job: KnownJob, { fromMs, untilMs, count }: TickQuery) {
  const rows: TickRow[] = [];
  const launchAt = launchTimes(job.schedule);
  let [ticks, exclusions] = [0, 0];
  let after = fromMs - 1;
  while (true) {
    const isSparse = exclusions >= EXCLUSIONS_SHOWN;
    const next: Candidate | null = isSparse ? job.schedule.next(after) : job.schedule.candidate(after);
    if (next === null || next.at > untilMs) return { rows, isCut: false, isSparse };
    if (ticks === count) {
      const tick = job.schedule.next(after);
      return { rows, isCut: tick !== null && tick.at <= untilMs, isSparse };
    }
    const { exclusion } = next;
    rows.push({ job, ...next, launchAt: exclusion ? next.at : launchAt(next.at) });
    after = exclusion?.lastAt ?? next.at;
    if (exclusion) exclusions += 1;
    else ticks += 1;
  }
}
