import type { Config, Job } from "../config/config.ts";
import { firstUndecided } from "../launch/cursors.ts";
import { MAX_BACKFILL, planBackfill } from "../operator/plan-backfill.ts";
import { parseInstant } from "./instant.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { formatLocal } from "./local-time.ts";
import { type OperatorOptions, print, withOperator } from "./operator-session.ts";
import { withProgress } from "./progress.ts";
import { findJob, loadProject } from "./project.ts";
import { withRedis } from "./redis-session.ts";
import { renderTable } from "./table.ts";

export interface BackfillOptions extends OperatorOptions {
  readonly from: string;
  readonly to: string;
  readonly limit: number;
  readonly dryRun?: boolean;
  readonly overlap?: string;
}

const SHOWN = 20;

/** Starts a run for each tick of the past in a range, all or none; shows them first. */
export async function backfill(jobName: string, options: BackfillOptions, io: Io): Promise<number> {
  const config = await loadProject(options, io);
  const job = findJob(config, jobName);
  const ticks = ticksOf(job, options);
  if (!options.json) io.out(preview(job, ticks));
  if (options.dryRun) {
    await checkDecided(config, job, ticks, io);
    print(io, options, "nothing was started (--dry-run)", { job: job.name, ticks: ticks.map(iso), runs: [] });
    return EXIT.done;
  }
  const runs = await start(config, job, ticks, options, io);
  print(io, options, `started ${runs.length} runs on queue ${job.queue}`, {
    job: job.name,
    ticks: ticks.map(iso),
    runs,
  });
  return EXIT.done;
}

/** As far as Redis can be asked: a preview needs no server. */
async function checkDecided(config: Config, job: Job, ticks: readonly number[], io: Io): Promise<void> {
  try {
    const tickAtMs = await withRedis(config, io, (redis, keys) => firstUndecided(redis, keys, job, ticks));
    if (tickAtMs !== null) throw new UndecidedTick(job, tickAtMs);
  } catch (error) {
    if (error instanceof UndecidedTick || !(error instanceof CliFailure)) throw error;
    io.err(`not checked whether all ticks are decided: ${error.message}\n`);
  }
}

class UndecidedTick extends CliFailure {
  constructor({ name }: Job, tickAtMs: number) {
    super(
      `${name} has ticks in that range that are not decided yet, the first at ${iso(tickAtMs)}: a leader may still launch them (they are held by jitter, a pause, overlap or catching up); end the range before it (--to), or wait until \`bellwether history ${name}\` shows them`,
    );
  }
}

async function start(
  config: Config,
  job: Job,
  ticks: readonly number[],
  options: BackfillOptions,
  io: Io,
): Promise<readonly string[]> {
  if (job.overlap !== "allow" && options.overlap !== "allow") {
    throw new CliFailure(
      `${job.name} has overlap: ${job.overlap}, and the runs of a backfill run side by side: accept that with --overlap allow`,
    );
  }
  const answer = await withProgress(`starting ${ticks.length} runs`, () =>
    withOperator(config, options, io, ({ operator, requestId }) =>
      operator.backfill(job, ticks, { requestId }),
    ),
  );
  if (answer.outcome === "started") return answer.runs;
  if (answer.outcome === "undecided") throw new UndecidedTick(job, answer.tickAtMs);
  throw new CliFailure(
    `--to ${options.to} is in the future: by Redis's time it is ${iso(answer.nowMs)}, and this machine's clock is ahead`,
    EXIT.usage,
  );
}

function ticksOf(job: Job, { from, to, limit }: BackfillOptions): readonly number[] {
  const fromMs = parseInstant("--from", from);
  const toMs = parseInstant("--to", to);
  if (toMs < fromMs) {
    throw new CliFailure(`--to ${to} is before --from ${from}: expected the older one first`, EXIT.usage);
  }
  if (toMs > Date.now()) {
    throw new CliFailure(`--to ${to} is in the future: its ticks are launched when they are due`, EXIT.usage);
  }
  if (limit > MAX_BACKFILL) {
    throw new CliFailure(`--limit ${limit}: expected at most ${MAX_BACKFILL}`, EXIT.usage);
  }
  const plan = planBackfill(job, fromMs, toMs, limit);
  switch (plan.outcome) {
    case "empty":
      throw new CliFailure(`${job.name} has no tick from ${from} to ${to}`);
    case "too many":
      throw new CliFailure(
        `${job.name} has ${plan.isExact ? plan.count : `more than ${plan.count}`} ticks in that range, and the limit is ${limit}: narrow the range, or raise --limit (at most ${MAX_BACKFILL})`,
      );
    case "planned":
      return plan.ticks;
  }
}

function preview(job: Job, ticks: readonly number[]): string {
  const rows = ticks.slice(0, SHOWN).map(at => [iso(at), formatLocal(at, job.spec.timezone)]);
  const more = ticks.length - rows.length;
  const rest = more > 0 ? `… and ${more} more, up to ${iso(ticks.at(-1) ?? 0)}\n` : "";
  return `${renderTable(["TICK (UTC)", "LOCAL"], rows)}${rest}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
