import { BellwetherError } from "../errors.ts";
import type { RequestOptions } from "../operator/operator.ts";
import type { Cluster } from "./cluster.ts";

/** `skip-next --json`: the tick that is to be skipped, ISO 8601 in UTC. */
export interface SkipResult {
  readonly job: string;
  readonly skips: string;
}

/** `skip-next --undo --json`: the ticks that are not to be skipped any more. */
export interface KeepResult {
  readonly job: string;
  readonly keeps: readonly string[];
}

/** Skips the job's next tick; again, the one after it too. Throws BW_JOB_UNKNOWN and BW_NO_TICK. */
export async function skipNextTick(
  cluster: Cluster,
  name: string,
  request: RequestOptions = {},
): Promise<SkipResult> {
  const job = await cluster.knownJob(name);
  const done = await cluster.act(request, ({ operator, requestId }) => operator.skipNext(job, { requestId }));
  if (done.outcome !== "skipped") throw new BellwetherError("BW_NO_TICK", { job: job.name });
  return { job: job.name, skips: new Date(done.tickAtMs).toISOString() };
}

/** Takes back what has not been skipped yet. Throws BW_JOB_UNKNOWN and BW_NO_SKIP. */
export async function keepNextTicks(
  cluster: Cluster,
  name: string,
  request: RequestOptions = {},
): Promise<KeepResult> {
  const job = await cluster.knownJob(name);
  const done = await cluster.act(request, ({ operator, requestId }) => operator.keepNext(job, { requestId }));
  if (done.outcome !== "kept") throw new BellwetherError("BW_NO_SKIP", { job: job.name });
  return { job: job.name, keeps: done.ticks.map(at => new Date(at).toISOString()) };
}
