import { setImmediate as turn } from "node:timers/promises";
import { readTimeMs } from "../redis/time.ts";
import { launchTimes } from "../schedule/launch-times.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../schedule/time-units.ts";
import { checkedDate, refuseArgument } from "./arguments.ts";
import type { Cluster, KnownJob } from "./cluster.ts";
import { isoOf } from "./iso.ts";

/**
 * `forecast --json`: how many ticks a leader on time launches in each minute, by what `next` says. So it knows nothing of
 * pauses, skips and `maxRuns`. Times are ISO 8601 in UTC.
 */
export interface Forecast {
  readonly from: string;
  /** Exclusive. Earlier than was asked for where the jobs have more ticks than a forecast counts (2,000,000). */
  readonly to: string;
  readonly bucketMs: number;
  /** The buckets in which something is launched: when each begins, and how many launches. */
  readonly buckets: readonly (readonly [at: string, count: number])[];
  /** The minutes in which launches of several jobs collide, the worst first; of those with the same jobs the first one. */
  readonly worst: readonly Collision[];
  /** The next minute without a launch; where there is none, the one with the fewest. */
  readonly quiet: string;
  /** All launches. */
  readonly total: number;
}

export interface Collision {
  /** When the minute begins. */
  readonly at: string;
  readonly count: number;
  /** The jobs with most launches in it, at most ten. */
  readonly jobs: readonly string[];
}

export interface ForecastOptions {
  /** From now; 7 by default, at most 31. */
  readonly days?: number | undefined;
  /** Only this job. */
  readonly job?: string | undefined;
  /** By Redis's clock now, without a server by this machine's. */
  readonly from?: Date | undefined;
}

const DAYS = 7;
const MAX_DAYS = 31;
const WORST = 10;
const JOBS_NAMED = 10;
/** Candidates for the worst: the same jobs collide each hour or day. */
const CANDIDATES = 100;
const TICKS_COUNTED = 2_000_000;
/** Other work of the process gets its turn this often. */
const TURN_MS = 10;

/** What is launched when, over the coming days. Throws BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID. */
export async function readForecast(cluster: Cluster, options: ForecastOptions = {}): Promise<Forecast> {
  const jobs = options.job === undefined ? await cluster.knownJobs() : [await cluster.knownJob(options.job)];
  const from = options.from ?? new Date(await cluster.read(readTimeMs));
  return await forecastOf(jobs, { ...options, from });
}

/** The same of these jobs. */
export async function forecastOf(jobs: readonly KnownJob[], options: ForecastOptions): Promise<Forecast> {
  const { days = DAYS, from = new Date() } = options;
  if (!(days > 0 && days <= MAX_DAYS)) {
    refuseArgument("days", String(days), `: expected more than 0 and at most ${MAX_DAYS}`);
  }
  const fromMs = Math.floor(checkedDate("from", from).getTime() / MINUTE_MS) * MINUTE_MS;
  const counted = await countLaunches(
    jobs,
    fromMs,
    fromMs + Math.ceil((days * DAY_MS) / MINUTE_MS) * MINUTE_MS,
  );
  const { counts, toMs } = counted;
  const buckets = [...counts].sort(([a], [b]) => a - b);
  return {
    from: isoOf(fromMs),
    to: isoOf(toMs),
    bucketMs: MINUTE_MS,
    buckets: buckets.map(([at, count]) => [isoOf(at), count] as const),
    worst: worstOf(jobs, buckets),
    quiet: isoOf(quietOf(counts, fromMs, toMs)),
    total: buckets.reduce((sum, [, count]) => sum + count, 0),
  };
}

/** Hour by hour, all jobs: so a forecast that is cut off is whole up to its end. */
async function countLaunches(jobs: readonly KnownJob[], fromMs: number, untilMs: number) {
  const counts = new Map<number, number>();
  const lanes = lanesOf(jobs, fromMs);
  let walked = 0;
  let turnedMs = performance.now();
  let toMs = fromMs;
  while (toMs < untilMs && walked < TICKS_COUNTED) {
    toMs = Math.min(toMs + HOUR_MS, untilMs);
    for (const lane of lanes) {
      while (lane.nextMs < toMs) {
        const minute = Math.floor(lane.nextMs / MINUTE_MS) * MINUTE_MS;
        counts.set(minute, (counts.get(minute) ?? 0) + lane.jobs);
        lane.step();
        walked++;
      }
      if (performance.now() - turnedMs < TURN_MS) continue;
      await turn();
      turnedMs = performance.now();
    }
  }
  return { counts, toMs };
}

/** The launches of a schedule, one after the other. */
interface Lane {
  /** How many jobs have it. */
  readonly jobs: number;
  /** Infinity where no launch follows. */
  nextMs: number;
  step(): void;
}

/** Jobs with the same ticks are walked together; jitter is each job's own. */
function lanesOf(jobs: readonly KnownJob[], fromMs: number): Lane[] {
  const groups = Map.groupBy(jobs, ({ name, schedule: { jitterMs, fingerprint } }) =>
    jitterMs > 0 ? `jitter ${name}` : fingerprint,
  );
  return [...groups.values()].map(group => laneOf(group[0] as KnownJob, group.length, fromMs));
}

function laneOf({ schedule }: KnownJob, jobs: number, fromMs: number): Lane {
  const launchAt = launchTimes(schedule);
  let tick = schedule.next(fromMs - schedule.jitterMs - 1);
  const read = () => (tick === null ? Number.POSITIVE_INFINITY : launchAt(tick.at));
  const lane = {
    jobs,
    nextMs: read(),
    step() {
      tick = tick && schedule.next(tick.at);
      lane.nextMs = read();
    },
  };
  // Ticks that jitter has let go before.
  while (lane.nextMs < fromMs) lane.step();
  return lane;
}

function worstOf(jobs: readonly KnownJob[], buckets: readonly (readonly [number, number])[]): Collision[] {
  const candidates = buckets
    .filter(([, count]) => count > 1)
    .toSorted(([at, count], [otherAt, other]) => other - count || at - otherAt)
    .slice(0, CANDIDATES);
  const worst: Collision[] = [];
  const seen = new Set<string>();
  for (const [at, count] of candidates) {
    if (worst.length === WORST) break;
    const launching = jobsIn(jobs, at);
    const key = launching.map(([name]) => name).join(" ");
    if (launching.length < 2 || seen.has(key)) continue;
    seen.add(key);
    worst.push({ at: isoOf(at), count, jobs: launching.slice(0, JOBS_NAMED).map(([name]) => name) });
  }
  return worst;
}

/** The jobs that are launched in the minute, and how often; most first. */
function jobsIn(jobs: readonly KnownJob[], minuteMs: number): [string, number][] {
  const found: [string, number][] = [];
  for (const job of jobs) {
    const lane = laneOf(job, 1, minuteMs);
    let count = 0;
    for (; lane.nextMs < minuteMs + MINUTE_MS; lane.step()) count++;
    if (count > 0) found.push([job.name, count]);
  }
  return found.toSorted(([, a], [, b]) => b - a);
}

function quietOf(counts: ReadonlyMap<number, number>, fromMs: number, toMs: number): number {
  let [quietMs, fewest] = [fromMs + MINUTE_MS, Number.POSITIVE_INFINITY];
  for (let at = fromMs + MINUTE_MS; at < toMs && fewest > 0; at += MINUTE_MS) {
    const count = counts.get(at) ?? 0;
    if (count < fewest) [quietMs, fewest] = [at, count];
  }
  return quietMs;
}
