import { waitOverHttp } from "../client/http-wait.ts";
import { type RunResult, type StartOptions, startRun, waitForRun } from "../client/triggering.ts";
import { messageOf } from "../errors.ts";
import { either, type OperatorOptions, print, withCluster } from "./cluster-session.ts";
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
  const timeoutMs = options.timeout === undefined ? undefined : options.timeout * 1_000;
  const told = async ({ run, queue, wait }: Started) => {
    const line = `started ${run} on queue ${queue}`;
    if (!options.wait) {
      print(io, options, line, { run });
      return EXIT.done;
    }
    if (!options.json) io.out(`${line}\n`);
    const ended = await wait();
    print(io, options, `completed: ${JSON.stringify(ended.result)}`, ended);
    return EXIT.done;
  };
  return either(
    options,
    io,
    async api => {
      const { run } = await api.trigger(jobName, data);
      const { queue } = await api.job(jobName);
      return await told({ run, queue, wait: () => waitOverHttp(api, run, timeoutMs) });
    },
    () =>
      withCluster(options, io, async cluster => {
        const started = await startRun(cluster, jobName, { data });
        const wait = () => waitForRun(cluster, started, { timeoutMs });
        return await told({ run: started.run, queue: started.queue.name, wait });
      }),
  );
}

interface Started {
  readonly run: string;
  readonly queue: string;
  readonly wait: () => Promise<RunResult>;
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
