import type { Redis } from "ioredis";
import type { Pause } from "../launch/controls.ts";
import { newRequestId } from "../launch/requests.ts";
import type { Operator, PauseRequest, RequestOptions } from "../operator/operator.ts";
import { readTimeMs } from "../redis/time.ts";
import { checkedDate, refuseArgument } from "./arguments.ts";
import type { Acting, Cluster } from "./cluster.ts";
import { readClusterJobs } from "./cluster-jobs.ts";
import { isoOf } from "./iso.ts";
import { refuseName } from "./refuse-name.ts";
import { firstNames } from "./request-memory.ts";

/** A reason is for people, in lists and logs. */
const REASON_LIMIT = 500;

/** How a job is paused. */
export interface PauseOptions {
  /** When the job resumes by itself, by Redis's clock; without it the job stays paused until it is resumed. */
  readonly until?: Date | undefined;
  /** Why, for the record. */
  readonly reason?: string | undefined;
}

/** `pause --json`. */
export interface PauseResult {
  readonly job: string;
  readonly paused: true;
  /** ISO 8601 in UTC. */
  readonly since: string;
  /** When the job resumes by itself, ISO 8601 in UTC; null: it stays paused until it is resumed. */
  readonly until: string | null;
  readonly reason: string | null;
  /** False where the job was paused already: then the pause that is in force stays as it is. */
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

/** From now on no tick of the job is launched. Throws BW_JOB_UNKNOWN and BW_ARGUMENT_INVALID. */
export async function pauseJob(
  cluster: Cluster,
  name: string,
  request: RequestOptions & PauseOptions = {},
): Promise<Changed<PauseResult>> {
  const job = await cluster.knownJob(name);
  return await cluster.act(request, async ({ operator, requestId, redis }) => {
    const about = await pauseAbout(redis, request);
    return await pause(operator, job.name, { ...about, requestId });
  });
}

/** By Redis's clock: this machine's may be wrong. */
async function pauseAbout(redis: Redis, { until, reason }: PauseOptions): Promise<PauseRequest> {
  if (reason !== undefined && typeof reason !== "string") refuseArgument("reason", "", ": expected a text");
  if ((reason?.length ?? 0) > REASON_LIMIT) {
    refuseArgument("reason", "", `: expected at most ${REASON_LIMIT} characters`);
  }
  const about = reason === undefined || reason === "" ? {} : { reason };
  if (until === undefined) return about;
  const untilMs = checkedDate("until", until).getTime();
  const nowMs = await readTimeMs(redis);
  if (untilMs <= nowMs) {
    const why = ` is in the past (by Redis's clock it is ${isoOf(nowMs)}): expected a later instant`;
    refuseArgument("until", isoOf(untilMs), why);
  }
  return { ...about, untilMs };
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
export function pauseJobs(
  cluster: Cluster,
  pattern: string,
  request: RequestOptions & PauseOptions = {},
): Promise<readonly Changed<PauseResult>[]> {
  return eachJob(cluster, pattern, request, async ({ operator, redis }, job, requestId) => {
    return await pause(operator, job, { ...(await pauseAbout(redis, request)), requestId });
  });
}

/** Resumes each job whose name the pattern matches. */
export function resumeJobs(cluster: Cluster, pattern: string, request: RequestOptions = {}) {
  return eachJob(cluster, pattern, request, ({ operator }, job, requestId) =>
    resume(operator, job, requestId),
  );
}

/**
 * Job by job, each in a request of its own: given again with the same id, it goes on where it was interrupted, with the jobs that
 * the pattern has found first.
 */
async function eachJob<R>(
  cluster: Cluster,
  pattern: string,
  { requestId: given }: RequestOptions,
  act: (acting: Acting, job: string, requestId: string) => Promise<R>,
): Promise<readonly R[]> {
  const requestId = given ?? newRequestId();
  const found = await matchingNames(cluster, pattern);
  const target = `jobs that match ${JSON.stringify(pattern)}`;
  return cluster.act({ requestId }, async acting => {
    const names =
      given === undefined
        ? found
        : await firstNames(acting.redis, cluster.keys, { requestId, target, found });
    const results: R[] = [];
    for (const name of names) results.push(await act(acting, name, `${requestId}/${name}`));
    return results;
  });
}

/** The jobs that the cluster carries, and those of the configuration. Throws BW_JOB_UNKNOWN where none matches. */
async function matchingNames(cluster: Cluster, pattern: string): Promise<readonly string[]> {
  const carried = await cluster.read((redis, keys) => readClusterJobs(cluster, redis, keys, []));
  const names = [...new Set([...cluster.localNames(), ...carried.jobs.map(({ name }) => name)])];
  const found = names.filter(matcherOf(pattern));
  return found.length === 0 ? refuseName(pattern, names) : found;
}

/** `*` is any text; the other characters of a job's name mean themselves. */
export function matcherOf(pattern: string): (name: string) => boolean {
  const [start = "", ...rest] = pattern.split("*");
  const end = rest.pop();
  return name => {
    if (end === undefined) return name === start;
    if (!name.startsWith(start) || !name.endsWith(end)) return false;
    let at = start.length;
    for (const part of rest) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at + end.length <= name.length;
  };
}

async function pause(operator: Operator, job: string, request: PauseRequest): Promise<Changed<PauseResult>> {
  const done = await operator.pause({ name: job }, request);
  const { untilMs = null, reason = null } = done.outcome === "paused" ? request : done.pause;
  const changed = done.outcome === "paused";
  const since = isoOf(changed ? done.atMs : done.pause.atMs);
  const until = untilMs === null ? null : isoOf(untilMs);
  return {
    result: { job, paused: true, since, until, reason, changed },
    before: changed ? null : done.pause,
  };
}

async function resume(operator: Operator, job: string, requestId: string): Promise<Changed<ResumeResult>> {
  const done = await operator.resume({ name: job }, { requestId });
  const changed = done.outcome === "resumed";
  return { result: { job, paused: false, changed }, before: changed ? done.pause : null };
}
