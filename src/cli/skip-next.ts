import { CliFailure, EXIT, type Io } from "./io.ts";
import { formatLocal } from "./local-time.ts";
import { type OperatorOptions, print, withOperator } from "./operator-session.ts";
import { findJob, loadProject } from "./project.ts";

export interface SkipNextOptions extends OperatorOptions {
  readonly undo?: boolean;
}

/** Skips the job's next tick; again, the one after it too. With `undo`, takes back what has not happened yet. */
export async function skipNext(jobName: string, options: SkipNextOptions, io: Io): Promise<number> {
  const config = await loadProject(options, io);
  const job = findJob(config, jobName);
  const iso = (at: number) => new Date(at).toISOString();
  if (options.undo) {
    const done = await withOperator(config, options, io, ({ operator, requestId }) =>
      operator.keepNext(job, { requestId }),
    );
    if (done.outcome !== "kept") throw new CliFailure(`no tick of ${job.name} is to be skipped`);
    const ticks = done.ticks.map(iso);
    print(io, options, `${job.name} keeps ${ticks.join(", ")}`, { job: job.name, keeps: ticks });
    return EXIT.done;
  }
  const done = await withOperator(config, options, io, ({ operator, requestId }) =>
    operator.skipNext(job, { requestId }),
  );
  if (done.outcome !== "skipped") throw new CliFailure(`${job.name} has no tick to come`);
  const tick = iso(done.tickAtMs);
  const line = `${job.name} skips ${tick} (${formatLocal(done.tickAtMs, job.spec.timezone)}); --undo takes it back`;
  print(io, options, line, { job: job.name, skips: tick });
  return EXIT.done;
}
