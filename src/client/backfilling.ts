import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import { firstUndecided } from "../launch/cursors.ts";
import type { RequestOptions } from "../operator/operator.ts";
import { MAX_BACKFILL, planBackfill } from "../operator/plan-backfill.ts";
import { readTimeMs } from "../redis/time.ts";
import { checkedCount, checkedDate, refuseArgument } from "./arguments.ts";
import type { Cluster } from "./cluster.ts";

/** `backfill --json`. Times are ISO 8601 in UTC. */
export interface BackfillResult {
  readonly job: string;
  readonly ticks: readonly string[];
  /** The run of each tick; empty where nothing was to be started (`dryRun`). */
  readonly runs: readonly string[];
}

export interface BackfillRange {
  /** The first tick or before it. */
  readonly from: Date;
  /** The last tick or after it. */
  readonly to: Date;
  /** Refuse to start more runs than this; 100 by default, at most 10,000. */
  readonly limit?: number | undefined;
}

/** How a backfill is asked for. */
export interface BackfillRequest extends BackfillRange, RequestOptions {
  readonly overlap?: "allow" | undefined;
  readonly dryRun?: boolean | undefined;
}

/** What a backfill would start. */
export interface PlannedBackfill {
  readonly job: Job;
  /** Epoch ms, ascending. */
  readonly ticks: readonly number[];
}

const LIMIT = 100;

/** Starts a run for each tick in the range, or says which ones it would start. */
export async function backfillJob(
  cluster: Cluster,
  job: string,
  request: BackfillRequest,
): Promise<BackfillResult> {
  // Before Redis is asked: it has nothing to say about a job that is not known.
  cluster.configuredJob(job, "backfill");
  const planned = planRuns(cluster, job, request, await cluster.read(readTimeMs));
  if (request.dryRun) {
    await checkDecided(cluster, planned);
    return resultOf(planned, []);
  }
  checkOverlap(planned, request.overlap);
  return await startRuns(cluster, planned, request);
}

/**
 * The runs that a backfill would start. Needs no server. `nowMs`: by Redis's clock where that is known.
 *
 * @throws BellwetherError BW_CONFIG_NEEDED, BW_JOB_UNKNOWN, BW_ARGUMENT_INVALID, BW_BACKFILL_EMPTY, BW_BACKFILL_TOO_MANY
 */
export function planRuns(
  cluster: Cluster,
  name: string,
  { from, to, limit = LIMIT }: BackfillRange,
  nowMs = Date.now(),
): PlannedBackfill {
  const job = cluster.configuredJob(name, "backfill");
  checkedDate("from", from);
  checkedDate("to", to);
  checkedCount("limit", limit);
  if (to < from)
    refuseArgument("to", iso(to), ` is before from (${iso(from)}): expected the older one first`);
  if (to.getTime() > nowMs)
    refuseArgument("to", iso(to), " is in the future: its ticks are launched when they are due");
  if (limit > MAX_BACKFILL) refuseArgument("limit", String(limit), `: expected at most ${MAX_BACKFILL}`);
  const plan = planBackfill(job, from.getTime(), to.getTime(), limit);
  switch (plan.outcome) {
    case "empty":
      throw new BellwetherError("BW_BACKFILL_EMPTY", { job: job.name, from: iso(from), to: iso(to) });
    case "too many": {
      const { count, isExact } = plan;
      const about = { job: job.name, count, isExact, limit, maximum: MAX_BACKFILL };
      throw new BellwetherError("BW_BACKFILL_TOO_MANY", about);
    }
    case "planned":
      return { job, ticks: plan.ticks };
  }
}

/** Throws BW_BACKFILL_UNDECIDED when a leader may still launch one of the ticks. */
export async function checkDecided(cluster: Cluster, { job, ticks }: PlannedBackfill): Promise<void> {
  const tickAtMs = await cluster.read((redis, keys) => firstUndecided(redis, keys, job, ticks));
  if (tickAtMs !== null) refuseUndecided(job, tickAtMs);
}

/** Throws BW_BACKFILL_OVERLAP when the runs may not run side by side and the caller has not accepted that. */
export function checkOverlap({ job }: PlannedBackfill, overlap: "allow" | undefined): void {
  if (job.overlap === "allow" || overlap === "allow") return;
  throw new BellwetherError("BW_BACKFILL_OVERLAP", { job: job.name, overlap: job.overlap });
}

/**
 * Starts a run for each tick, all or none.
 *
 * @throws BellwetherError BW_BACKFILL_UNDECIDED, BW_ARGUMENT_INVALID, BW_BACKFILL_REFUSED
 */
export async function startRuns(
  cluster: Cluster,
  { job, ticks }: PlannedBackfill,
  request: RequestOptions = {},
): Promise<BackfillResult> {
  const answer = await cluster.act(request, ({ operator, requestId }) =>
    operator.backfill(job, ticks, { requestId }),
  );
  if (answer.outcome === "undecided") refuseUndecided(job, answer.tickAtMs);
  if (answer.outcome === "not due") {
    const why = ` is in the future: by Redis's time it is ${iso(answer.nowMs)}, and this machine's clock is ahead`;
    refuseArgument("to", iso(ticks.at(-1) ?? 0), why);
  }
  return resultOf({ job, ticks }, answer.runs);
}

export function resultOf({ job, ticks }: PlannedBackfill, runs: readonly string[]): BackfillResult {
  return { job: job.name, ticks: ticks.map(iso), runs };
}

function refuseUndecided({ name: job }: Job, tickAtMs: number): never {
  throw new BellwetherError("BW_BACKFILL_UNDECIDED", { job, tick: iso(tickAtMs) });
}

function iso(at: Date | number): string {
  return new Date(at).toISOString();
}
