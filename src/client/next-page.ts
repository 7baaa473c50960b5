import { setImmediate as turn } from "node:timers/promises";
import { readTimeMs } from "../redis/time.ts";
import { refuseArgument } from "./arguments.ts";
import type { Cluster, KnownJob } from "./cluster.ts";
import { type ComingTick, mergeNext, type NextOptions, type NextPart, nextTicksOf } from "./coming-ticks.ts";
import type { Page } from "./terms.ts";

export interface NextPageOptions extends NextOptions {
  /** Only this job. */
  readonly job?: string | undefined;
  /** `next` of the page before. */
  readonly cursor?: string | undefined;
}

/** The ticks of the next jobs in the order of the configuration, without `together`: that needs all pages. */
export interface NextPage extends Page<ComingTick>, Omit<NextPart, "ticks"> {}

/** A page has at least one job, and no further one behind this many ticks. */
const TICKS_A_PAGE = 1_000;
/** Other work of the process gets its turn this often. */
const TURN_MS = 10;

/**
 * The coming ticks of a job, or of all, some jobs at a time: a page is in order of time, but the next one may have earlier ticks of
 * other jobs. `from` is by default now, by the clock of Redis. Throws BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID.
 */
export async function readNextPage(cluster: Cluster, options: NextPageOptions): Promise<NextPage> {
  const { job, cursor, ...given } = options;
  const query = { ...given, from: given.from ?? new Date(await cluster.read(readTimeMs)) };
  const jobs = job === undefined ? await cluster.knownJobs() : [await cluster.knownJob(job)];
  const parts: NextPart[] = [];
  let end = cursor === undefined ? 0 : startOf(jobs, cursor);
  let [ticks, turnAtMs] = [0, performance.now() + TURN_MS];
  for (; end < jobs.length && ticks < TICKS_A_PAGE; end++) {
    const part = nextTicksOf(jobs.slice(end, end + 1), query);
    parts.push(part);
    ticks += part.ticks.length;
    if (performance.now() < turnAtMs) continue;
    await turn();
    turnAtMs = performance.now() + TURN_MS;
  }
  const { ticks: items, ...about } = mergeNext(parts);
  return { items, ...about, next: end < jobs.length ? (jobs[end - 1]?.name ?? null) : null };
}

function startOf(jobs: readonly KnownJob[], cursor: string): number {
  const last = jobs.findIndex(({ name }) => name === cursor);
  return last < 0 ? refuseArgument("cursor", "", ": expected `next` of the page before") : last + 1;
}
