import { EXIT, type Io } from "./io.ts";
import { type OperatorOptions, print, withOperator } from "./operator-session.ts";
import { findJob, loadProject } from "./project.ts";

/** No tick of the job is launched until it is resumed. A job that is paused already stays paused: no failure. */
export async function pause(jobName: string, options: OperatorOptions, io: Io): Promise<number> {
  const config = await loadProject(options, io);
  const job = findJob(config, jobName);
  const done = await withOperator(config, options, io, ({ operator, requestId }) =>
    operator.pause(job, { requestId }),
  );
  const since = new Date(done.outcome === "paused" ? done.atMs : done.pause.atMs).toISOString();
  const line =
    done.outcome === "paused"
      ? `paused ${job.name}; its ticks are skipped, or kept by catchUp: ${job.catchUp}, until it is resumed`
      : `${job.name} is paused already, since ${since}, by ${done.pause.by}`;
  print(io, options, line, { job: job.name, paused: true, since, changed: done.outcome === "paused" });
  return EXIT.done;
}
