import type { BulkResult } from "../client/bulk.ts";
import type { Cluster } from "../client/cluster.ts";
import type { HttpClient } from "../client/http-client.ts";
import type { JobRow } from "../client/job-row.ts";
import { type Changed, matcherOf, type PauseOptions } from "../client/pausing.ts";
import { refuseName } from "../client/refuse-name.ts";
import type { Pause } from "../launch/controls.ts";
import { either, type OperatorOptions, print, withCluster } from "./cluster-session.ts";
import { parseInstant } from "./instant.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";

export interface ChangeOptions extends OperatorOptions {
  readonly all?: boolean;
  readonly until?: string;
  readonly reason?: string;
}

/** What a command does to one job, or to those whose names match a pattern. */
export interface JobChange<R extends Changes> {
  one(cluster: Cluster, job: string, options: PauseOptions): Promise<Changed<R>>;
  many(cluster: Cluster, pattern: string, options: PauseOptions): Promise<readonly Changed<R>[]>;
  /** The same over the HTTP API, of these jobs. */
  overHttp(api: HttpClient, jobs: readonly string[], options: PauseOptions): Promise<readonly R[]>;
  lineOf(done: Changed<R>): string;
}

/** The action of such a command. */
export function jobChange<R extends Changes>(change: JobChange<R>) {
  return (job: string | undefined, options: ChangeOptions, io: Io): Promise<number> =>
    changeJobs(change, targetOf(job, options), options, io);
}

async function changeJobs<R extends Changes>(
  { one, many, overHttp, lineOf }: JobChange<R>,
  target: string,
  options: ChangeOptions,
  io: Io,
): Promise<number> {
  const { until, reason } = options;
  const given =
    until === undefined ? { reason } : { reason, until: new Date(parseInstant("--until", until)) };
  // No name of a job has a star.
  const isOne = !target.includes("*");
  const done = await either(
    options,
    io,
    async api => {
      const jobs = isOne ? [await api.job(target)] : matching(target, await api.jobs());
      const names = jobs.map(({ name }) => name);
      const results = await overHttp(api, names, given);
      return results.map((result, i) => ({ result, before: beforeOf(result, jobs[i]) }));
    },
    () =>
      withCluster(options, io, async cluster =>
        isOne ? [await one(cluster, target, given)] : await many(cluster, target, given),
      ),
  );
  const [first] = done;
  if (isOne && first !== undefined) {
    print(io, options, lineOf(first), first.result);
    return EXIT.done;
  }
  const results = done.map(({ result }) => result);
  print(io, options, done.map(lineOf).join("\n"), results);
  return EXIT.done;
}

/** Of each job. One that was removed meanwhile is an error of its own. */
export function resultsOf<R>({ items }: BulkResult<R>): readonly R[] {
  return items.flatMap(({ result, error }) => {
    if (error !== null) throw new CliFailure(error.message);
    return result === null ? [] : [result];
  });
}

/** Whether anything was changed. */
interface Changes {
  readonly paused: boolean;
  readonly changed: boolean;
}

function matching(pattern: string, jobs: readonly JobRow[]): readonly JobRow[] {
  const isMatch = matcherOf(pattern);
  const found = jobs.filter(({ name }) => isMatch(name));
  const names = jobs.map(({ name }) => name);
  return found.length === 0 ? refuseName(pattern, names) : found;
}

/** The pause that was in force, as the list had it. */
function beforeOf({ paused, changed }: Changes, job: JobRow | undefined): Pause | null {
  if (!job?.pausedBy || paused === changed) return null;
  const { by, at, until, reason } = job.pausedBy;
  return { by, atMs: Date.parse(at), untilMs: until === null ? null : Date.parse(until), reason };
}

function targetOf(job: string | undefined, { all = false }: ChangeOptions): string {
  if (all && job !== undefined) {
    throw new CliFailure(`--all is every job: leave out ${job}, or --all`, EXIT.usage);
  }
  if (all) return "*";
  if (job === undefined) throw new CliFailure("expected the name of a job, or --all", EXIT.usage);
  return job;
}
