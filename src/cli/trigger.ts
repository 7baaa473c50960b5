import { type StartOptions, startRun, waitForRun } from "../client/triggering.ts";
import { messageOf } from "../errors.ts";
import { type OperatorOptions, print, withCluster } from "./cluster-session.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";

interface TriggerOptions extends OperatorOptions {
  readonly data?: string;
  readonly wait?: boolean;
  readonly timeout?: number;
}

/** Starts a run of the job now, beside its schedule. */
export function trigger(jobName: string, options: TriggerOptions, io: Io): Promise<number> {
  const data = parseData(options.data);
  if (options.timeout !== undefined && !options.wait) {
    throw new CliFailure("--timeout is for --wait: add it, or leave out --timeout", EXIT.usage);
  }
  return withCluster(options, io, async cluster => {
    const started = await startRun(cluster, jobName, { data });
    const { run, queue } = started;
    const line = `started ${run} on queue ${queue.name}`;
    if (!options.wait) {
      print(io, options, line, { run });
      return EXIT.done;
    }
    if (!options.json) io.out(`${line}\n`);
    const timeoutMs = options.timeout === undefined ? undefined : options.timeout * 1_000;
    const ended = await waitForRun(cluster, started, { timeoutMs });
    print(io, options, `completed: ${JSON.stringify(ended.result)}`, ended);
    return EXIT.done;
  });
}

function parseData(text: string | undefined): StartOptions["data"] {
  if (text === undefined) return undefined;
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
  return data as Record<string, unknown>;
}
