import { isBellwetherError } from "../errors.ts";
import { newRequestId } from "../launch/requests.ts";
import type { RequestOptions } from "../operator/operator.ts";
import { refuseArgument } from "./arguments.ts";
import type { Cluster } from "./cluster.ts";
import { listJobs } from "./job-list.ts";
import type { JobState } from "./job-row.ts";
import { type PauseOptions, type PauseResult, pauseJob, type ResumeResult, resumeJob } from "./pausing.ts";
import { firstNames } from "./request-memory.ts";
import { startRun, type TriggerResult } from "./triggering.ts";

/** Which jobs: all that every given field fits. */
export interface JobFilter {
  /** Words of name, handler and queue. */
  readonly search?: string | undefined;
  readonly state?: JobState | undefined;
  readonly queue?: string | undefined;
  readonly handler?: string | undefined;
}

/** Jobs by name, or by filter. */
export type BulkTarget =
  | { readonly names: readonly string[]; readonly filter?: never }
  | { readonly filter: JobFilter; readonly names?: never };

export type BulkOptions = RequestOptions &
  BulkTarget & {
    /** Does nothing: the answer says for which jobs it would be. */
    readonly dryRun?: boolean | undefined;
  };

/** What became of one job: the result of the call for one, or the error. */
export type BulkItem<R> =
  | { readonly job: string; readonly result: R; readonly error: null }
  | { readonly job: string; readonly result: null; readonly error: BulkError | null };

export interface BulkError {
  readonly code: string;
  readonly message: string;
}

/** With `dryRun` each item has neither a result nor an error. */
export interface BulkResult<R> {
  readonly items: readonly BulkItem<R>[];
  readonly count: number;
}

/** Pauses each of the jobs. Throws BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID before it has paused any. */
export function pauseMany(
  cluster: Cluster,
  options: BulkOptions & PauseOptions,
): Promise<BulkResult<PauseResult>> {
  const { until, reason } = options;
  return each(cluster, options, async (job, requestId) => {
    return (await pauseJob(cluster, job, { requestId, until, reason })).result;
  });
}

/** Resumes each of the jobs. */
export function resumeMany(cluster: Cluster, options: BulkOptions): Promise<BulkResult<ResumeResult>> {
  return each(cluster, options, async (job, requestId) => {
    return (await resumeJob(cluster, job, { requestId })).result;
  });
}

/** Starts a run of each of the jobs. One that cannot start has its error; the others start. */
export function triggerMany(cluster: Cluster, options: BulkOptions): Promise<BulkResult<TriggerResult>> {
  return each(cluster, options, async (job, requestId) => {
    const { run } = await startRun(cluster, job, { requestId });
    return { run };
  });
}

/**
 * Job by job, each in a request of its own: given again with the same id, it goes on where it was interrupted, with the jobs that
 * the filter has found first.
 */
async function each<R>(
  cluster: Cluster,
  options: BulkOptions,
  act: (job: string, requestId: string) => Promise<R>,
): Promise<BulkResult<R>> {
  const { requestId = newRequestId(), dryRun } = options;
  const found = await namesOf(cluster, options);
  const target = `jobs by ${JSON.stringify(options.filter)}`;
  const isRemembered = options.requestId !== undefined && options.names === undefined && !dryRun;
  const names = isRemembered
    ? await cluster.act({ requestId }, ({ redis }) =>
        firstNames(redis, cluster.keys, { requestId, target, found }),
      )
    : found;
  const items: BulkItem<R>[] = [];
  for (const job of names) {
    if (dryRun) items.push({ job, result: null, error: null });
    else items.push(await itemOf(job, () => act(job, `${requestId}/${job}`)));
  }
  return { items, count: items.length };
}

/** A server that is away, and a request id that was used before, end the whole call. */
async function itemOf<R>(job: string, act: () => Promise<R>): Promise<BulkItem<R>> {
  try {
    return { job, result: await act(), error: null };
  } catch (error) {
    if (!ABOUT_ONE_JOB.some(code => isBellwetherError(error, code))) throw error;
    const { code, message } = error as Error & BulkError;
    return { job, result: null, error: { code, message } };
  }
}

/** The most that one page of a list has. */
const PAGE = 1_000;
const ABOUT_ONE_JOB = [
  "BW_JOB_UNKNOWN",
  "BW_RUN_UNFINISHED",
  "BW_TRIGGER_REFUSED",
  "BW_DATA_INVALID",
] as const;

async function namesOf(cluster: Cluster, { names, filter }: BulkTarget): Promise<readonly string[]> {
  if (names !== undefined) {
    if (!Array.isArray(names) || names.length === 0) {
      refuseArgument("names", "", ": expected at least one name of a job");
    }
    const jobs = [...new Set<string>(names)];
    for (const name of jobs) await cluster.knownJob(name);
    return jobs;
  }
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listJobs(cluster, { ...filter, limit: PAGE, cursor });
    found.push(...page.items.map(({ name }) => name));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}
