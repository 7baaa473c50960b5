import {
  checkDecided,
  checkOverlap,
  type PlannedBackfill,
  planRuns,
  resultOf,
  startRuns,
} from "../client/backfilling.ts";
import type { Cluster } from "../client/cluster.ts";
import type { HttpClient } from "../client/http-client.ts";
import { formatLocal } from "../client/local-time.ts";
import { isRedisFailure } from "../client/redis-session.ts";
import { messageOf } from "../errors.ts";
import { either, type OperatorOptions, print, withCluster } from "./cluster-session.ts";
import { parseInstant } from "./instant.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { withProgress } from "./progress.ts";
import { renderTable } from "./table.ts";

interface BackfillOptions extends OperatorOptions {
  readonly from: string;
  readonly to: string;
  readonly limit: number;
  readonly dryRun?: boolean;
  readonly overlap?: "allow";
}

const SHOWN = 20;

/** Starts a run for each tick of the past in a range, all or none; shows them first. */
export function backfill(jobName: string, options: BackfillOptions, io: Io): Promise<number> {
  return either(
    options,
    io,
    api => backfillOverHttp(api, jobName, options, io),
    () => backfillOverRedis(jobName, options, io),
  );
}

async function backfillOverHttp(
  api: HttpClient,
  jobName: string,
  options: BackfillOptions,
  io: Io,
): Promise<number> {
  const { limit, overlap } = options;
  const request = { ...rangeOf(options), limit, overlap };
  const planned = await api.backfill(jobName, { ...request, dryRun: true });
  const { timezone, queue } = await api.job(jobName);
  const ticks = planned.ticks.map(tick => Date.parse(tick));
  if (!options.json) io.out(preview(ticks, timezone));
  if (options.dryRun) {
    print(io, options, "nothing was started (--dry-run)", planned);
    return EXIT.done;
  }
  const result = await withProgress(`starting ${ticks.length} runs`, () => api.backfill(jobName, request));
  print(io, options, `started ${result.runs.length} runs on queue ${queue}`, result);
  return EXIT.done;
}

function rangeOf(options: BackfillOptions): { readonly from: Date; readonly to: Date } {
  const from = new Date(parseInstant("--from", options.from));
  const to = new Date(parseInstant("--to", options.to));
  if (to >= from) return { from, to };
  const why = `is before --from ${options.from}: expected the older one first`;
  throw new CliFailure(`--to ${options.to} ${why}`, EXIT.usage);
}

function backfillOverRedis(jobName: string, options: BackfillOptions, io: Io): Promise<number> {
  return withCluster(options, io, async cluster => {
    cluster.configuredJob(jobName, "backfill");
    const planned = planRuns(cluster, jobName, { ...rangeOf(options), limit: options.limit });
    if (!options.json) io.out(preview(planned.ticks, planned.job.spec.timezone));
    if (options.dryRun) {
      await checkWherePossible(cluster, planned, io);
      print(io, options, "nothing was started (--dry-run)", resultOf(planned, []));
      return EXIT.done;
    }
    checkOverlap(planned, options.overlap);
    const result = await withProgress(`starting ${planned.ticks.length} runs`, () =>
      startRuns(cluster, planned),
    );
    print(io, options, `started ${result.runs.length} runs on queue ${planned.job.queue}`, result);
    return EXIT.done;
  });
}

/** As far as Redis can be asked: a preview needs no server. */
async function checkWherePossible(cluster: Cluster, planned: PlannedBackfill, io: Io): Promise<void> {
  try {
    await checkDecided(cluster, planned);
  } catch (error) {
    if (!isRedisFailure(error)) throw error;
    io.err(`not checked whether all ticks are decided: ${messageOf(error)}\n`);
  }
}

function preview(ticks: readonly number[], timezone: string): string {
  const rows = ticks.slice(0, SHOWN).map(at => [iso(at), formatLocal(at, timezone)]);
  const more = ticks.length - rows.length;
  const rest = more > 0 ? `… and ${more} more, up to ${iso(ticks.at(-1) ?? 0)}\n` : "";
  return `${renderTable(["TICK (UTC)", "LOCAL"], rows)}${rest}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
