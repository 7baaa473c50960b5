import { messageOf } from "../errors.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { type OperatorOptions, print, withOperator } from "./operator-session.ts";
import { findJob, loadProject } from "./project.ts";

export interface TriggerOptions extends OperatorOptions {
  readonly data?: string;
}

/** Starts a run of the job now, beside its schedule. */
export async function trigger(jobName: string, options: TriggerOptions, io: Io): Promise<number> {
  const config = await loadProject(options, io);
  const job = findJob(config, jobName);
  const data = parseData(options.data);
  const result = await withOperator(config, options, io, ({ operator, requestId }) =>
    operator.trigger(job, data, { requestId }),
  );
  if (result.outcome === "skipped") {
    throw new CliFailure(
      `not started: ${result.blockedBy} has not ended, and ${job.name} has overlap: ${job.overlap}`,
    );
  }
  print(io, options, `started ${result.run} on queue ${job.queue}`, { run: result.run });
  return EXIT.done;
}

function parseData(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    const why = messageOf(error);
    throw new CliFailure(`--data: expected a JSON object, found text that is not JSON (${why})`, EXIT.usage);
  }
  if (typeof data !== "object" || data === null || Array.isArray(data)) {
    throw new CliFailure(`--data: expected a JSON object like {"format":"pdf"}, found ${text}`, EXIT.usage);
  }
  if ("_tick" in data) throw new CliFailure("--data: _tick is Bellwether's own; leave it out", EXIT.usage);
  return data as Record<string, unknown>;
}
