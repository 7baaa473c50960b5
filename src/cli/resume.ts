import { EXIT, type Io } from "./io.ts";
import { type OperatorOptions, print, withOperator } from "./operator-session.ts";
import { findJob, loadProject } from "./project.ts";

/** The job's ticks are launched again. A job that is not paused stays as it is: no failure. */
export async function resume(jobName: string, options: OperatorOptions, io: Io): Promise<number> {
  const config = await loadProject(options, io);
  const job = findJob(config, jobName);
  const done = await withOperator(config, options, io, ({ operator, requestId }) =>
    operator.resume(job, { requestId }),
  );
  const isResumed = done.outcome === "resumed";
  const line = isResumed
    ? `resumed ${job.name}, which ${done.pause.by} paused at ${new Date(done.pause.atMs).toISOString()}`
    : `${job.name} is not paused`;
  print(io, options, line, { job: job.name, paused: false, changed: isResumed });
  return EXIT.done;
}
