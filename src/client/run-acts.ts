import { BellwetherError } from "../errors.ts";
import type { RequestOptions } from "../operator/operator.ts";
import type { Cluster } from "./cluster.ts";
import { placeOfRun } from "./runs.ts";

/** What became of a run that was to be retried. */
export interface RetryResult {
  readonly run: string;
  readonly job: string;
  readonly retried: true;
}

/** What became of a run that was to be cancelled. */
export interface CancelResult {
  readonly run: string;
  readonly job: string;
  readonly cancelled: true;
}

/** Puts a run that has failed back into its queue. Throws BW_RUN_UNKNOWN, BW_RUN_NOT_FAILED and BW_RUN_REFUSED. */
export async function retryRun(
  cluster: Cluster,
  run: string,
  request: RequestOptions = {},
): Promise<RetryResult> {
  const { job, place } = await cluster.read((redis, keys) => placeOfRun(cluster, redis, keys, run));
  const answer = await cluster.act(request, ({ operator, requestId }) =>
    operator.retryRun({ job, place, run }, { requestId }),
  );
  if (answer.outcome === "unknown") throw new BellwetherError("BW_RUN_UNKNOWN", { run });
  if (answer.outcome === "other state") {
    throw new BellwetherError("BW_RUN_NOT_FAILED", { run, state: answer.state });
  }
  return { run, job, retried: true };
}

/** Removes a run from its queue that no worker has begun. Throws BW_RUN_UNKNOWN, BW_RUN_NOT_WAITING and BW_RUN_REFUSED. */
export async function cancelRun(
  cluster: Cluster,
  run: string,
  request: RequestOptions = {},
): Promise<CancelResult> {
  const { job, place } = await cluster.read((redis, keys) => placeOfRun(cluster, redis, keys, run));
  const answer = await cluster.act(request, ({ operator, requestId }) =>
    operator.cancelRun({ job, place, run }, { requestId }),
  );
  if (answer.outcome === "unknown") throw new BellwetherError("BW_RUN_UNKNOWN", { run });
  if (answer.outcome === "other state") {
    throw new BellwetherError("BW_RUN_NOT_WAITING", { run, state: answer.state });
  }
  return { run, job, cancelled: true };
}
