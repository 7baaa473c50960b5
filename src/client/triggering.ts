import { sleep } from "../clock/sleep.ts";
import { Aborted, unlessAborted } from "../clock/unless-aborted.ts";
import { BellwetherError } from "../errors.ts";
import { placeOfJob } from "../launch/queue-place.ts";
import { type RunEnd, type RunPlace, readRunEnd } from "../launch/run-end.ts";
import type { RequestOptions } from "../operator/operator.ts";
import { checkedData, checkedTimeout } from "./arguments.ts";
import type { Cluster } from "./cluster.ts";

/** `trigger --json`. */
export interface TriggerResult {
  readonly run: string;
}

/** `trigger --wait --json`. */
export interface RunResult extends TriggerResult {
  /** What the handler returned, as JSON keeps it; null where it returned nothing. */
  readonly result: unknown;
  readonly attempts: number;
}

export interface StartOptions extends RequestOptions {
  /** Replaces fields of the job's own data. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

export interface WaitOptions {
  /** The wait ends after this; the run goes on. For ever by default. */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait with the signal's reason; the run goes on. */
  readonly signal?: AbortSignal | undefined;
}

const FIRST_LOOK_MS = 50;
const LAST_LOOK_MS = 1_000;
/** Where BullMQ removes a run with its end, the record of the end follows: a leader reads those of other programs twice a second. */
const RECORDED_MS = 5_000;
/** setTimeout takes more for 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Starts a run of the job now, beside its schedule.
 *
 * @throws BellwetherError BW_CONFIG_NEEDED, BW_JOB_UNKNOWN, BW_ARGUMENT_INVALID, BW_DATA_INVALID, BW_RUN_UNFINISHED,
 * BW_TRIGGER_REFUSED
 */
export async function startRun(
  cluster: Cluster,
  name: string,
  { data = {}, requestId }: StartOptions = {},
): Promise<RunPlace> {
  const job = cluster.configuredJob(name, "trigger");
  checkedData(data);
  await cluster.checkData(job, data);
  const answer = await cluster.act({ ...(requestId !== undefined && { requestId }) }, acting =>
    acting.operator.trigger(job, data, { requestId: acting.requestId }),
  );
  if (answer.outcome === "skipped") {
    const about = { job: job.name, run: answer.blockedBy, overlap: job.overlap };
    throw new BellwetherError("BW_RUN_UNFINISHED", about);
  }
  return { job: job.name, queue: placeOfJob(cluster.keys, job), run: answer.run };
}

/** Throws where there can be no such wait: before the run is started. */
export function checkWait({ timeoutMs, signal }: WaitOptions): void {
  checkedTimeout("timeoutMs", timeoutMs);
  signal?.throwIfAborted();
}

/**
 * Resolves when the run has completed, whichever replica does it.
 *
 * @throws BellwetherError BW_RUN_FAILED when no attempt is left, with the handler's error as `cause`; BW_RUN_REMOVED,
 * BW_WAIT_TIMEOUT; BW_REDIS_LOST when Redis is away for more than 5 s
 */
export async function waitForRun(
  cluster: Cluster,
  place: RunPlace,
  { timeoutMs, signal }: WaitOptions = {},
): Promise<RunResult> {
  const limit =
    timeoutMs === undefined ? [] : [AbortSignal.timeout(Math.ceil(Math.min(timeoutMs, MAX_TIMER_MS)))];
  const ending = AbortSignal.any([...(signal ? [signal] : []), ...limit]);
  let goneMs: number | null = null;
  try {
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, LAST_LOOK_MS)) {
      const end = await unlessAborted(endOf(cluster, place), ending);
      goneMs = end?.outcome === "gone" ? (goneMs ?? performance.now()) : null;
      const mayFollow = goneMs !== null && performance.now() - goneMs < RECORDED_MS;
      if (end !== null && !mayFollow) return resultOf(place.run, end);
      await sleep(pauseMs, ending);
    }
  } catch (error) {
    if (!(error instanceof Aborted)) throw error;
    signal?.throwIfAborted();
    throw new BellwetherError("BW_WAIT_TIMEOUT", { run: place.run, timeoutMs: timeoutMs ?? 0 });
  }
}

/** Over the connection that acts: a replica of Redis may not have the run yet, which would look like a removed one. */
function endOf(cluster: Cluster, place: RunPlace): Promise<RunEnd | null> {
  return cluster.act({}, ({ redis }) => readRunEnd(redis, cluster.keys, place));
}

function resultOf(run: string, end: RunEnd): RunResult {
  switch (end.outcome) {
    case "completed":
      return { run, result: end.result, attempts: end.attempts };
    case "gone":
    case "removed":
      throw new BellwetherError("BW_RUN_REMOVED", { run });
    case "failed": {
      const { attempts, error, stack } = end;
      const cause = new Error(error);
      if (stack !== null) cause.stack = stack;
      throw new BellwetherError("BW_RUN_FAILED", { run, attempts, error }, { cause });
    }
  }
}
