import type { Pause } from "../launch/controls.ts";
import { newRequestId } from "../launch/requests.ts";
import type { Operator, RequestOptions } from "../operator/operator.ts";
import type { Cluster } from "./cluster.ts";
import { readClusterJobs } from "./cluster-jobs.ts";
import { refuseName } from "./refuse-name.ts";

/** `pause --json`. */
export interface PauseResult {
  readonly job: string;
  readonly paused: true;
  /** ISO 8601 in UTC. */
  readonly since: string;
  /** False where the job was paused already. */
  readonly changed: boolean;
}

/** `resume --json`. */
export interface ResumeResult {
  readonly job: string;
  readonly paused: false;
  /** False where the job was not paused. */
  readonly changed: boolean;
}

/** A result, and the pause that was in force before; null where there was none. */
export interface Changed<R> {
  readonly result: R;
  readonly before: Pause | null;
}

/** From now on no tick of the job is launched. Throws BW_JOB_UNKNOWN. */
export async function pauseJob(
  cluster: Cluster,
  name: string,
  request: RequestOptions = {},
): Promise<Changed<PauseResult>> {
  const job = await cluster.knownJob(name);
  return cluster.act(request, ({ operator, requestId }) => pause(operator, job.name, requestId));
}

/** The job's ticks are launched again. Throws BW_JOB_UNKNOWN. */
export async function resumeJob(
  cluster: Cluster,
  name: string,
  request: RequestOptions = {},
): Promise<Changed<ResumeResult>> {
  const job = await cluster.knownJob(name);
  return cluster.act(request, ({ operator, requestId }) => resume(operator, job.name, requestId));
}

/** Pauses each job whose name the pattern matches. */
export function pauseJobs(cluster: Cluster, pattern: string, request: RequestOptions = {}) {
  return eachJob(cluster, pattern, request, pause);
}

/** Resumes each job whose name the pattern matches. */
export function resumeJobs(cluster: Cluster, pattern: string, request: RequestOptions = {}) {
  return eachJob(cluster, pattern, request, resume);
}

/** Job by job, each in a request of its own: given again with the same id, it goes on where it was interrupted. */
async function eachJob<R>(
  cluster: Cluster,
  pattern: string,
  { requestId = newRequestId() }: RequestOptions,
  act: (operator: Operator, job: string, requestId: string) => Promise<R>,
): Promise<readonly R[]> {
  const names = await matchingNames(cluster, pattern);
  return cluster.act({ requestId }, async ({ operator }) => {
    const results: R[] = [];
    for (const name of names) results.push(await act(operator, name, `${requestId}/${name}`));
    return results;
  });
}

/** The jobs that the cluster carries, and those of the configuration. Throws BW_JOB_UNKNOWN where none matches. */
async function matchingNames(cluster: Cluster, pattern: string): Promise<readonly string[]> {
  const carried = await cluster.read((redis, keys) =>
    readClusterJobs(redis, keys, cluster.config?.jobs ?? [], []),
  );
  const names = [...new Set([...cluster.localNames(), ...carried.jobs.map(({ name }) => name)])];
  const matches = patternOf(pattern);
  const found = names.filter(name => matches.test(name));
  return found.length === 0 ? refuseName(pattern, names) : found;
}

/** `*` is any text; the other characters of a job's name mean themselves. */
function patternOf(pattern: string): RegExp {
  const parts = pattern.split("*").map(part => part.replace(/[^\w-]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

async function pause(operator: Operator, job: string, requestId: string): Promise<Changed<PauseResult>> {
  const done = await operator.pause({ name: job }, { requestId });
  const changed = done.outcome === "paused";
  const since = new Date(changed ? done.atMs : done.pause.atMs).toISOString();
  return { result: { job, paused: true, since, changed }, before: changed ? null : done.pause };
}

async function resume(operator: Operator, job: string, requestId: string): Promise<Changed<ResumeResult>> {
  const done = await operator.resume({ name: job }, { requestId });
  const changed = done.outcome === "resumed";
  return { result: { job, paused: false, changed }, before: changed ? done.pause : null };
}
