import type { Cluster } from "../client/cluster.ts";
import type { Changed } from "../client/pausing.ts";
import { type OperatorOptions, print, withCluster } from "./cluster-session.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";

export interface ChangeOptions extends OperatorOptions {
  readonly all?: boolean;
}

/** What a command does to one job, or to those whose names match a pattern. */
export interface JobChange<R extends object> {
  one(cluster: Cluster, job: string): Promise<Changed<R>>;
  many(cluster: Cluster, pattern: string): Promise<readonly Changed<R>[]>;
  lineOf(done: Changed<R>): string;
}

/** The action of such a command. */
export function jobChange<R extends object>(change: JobChange<R>) {
  return (job: string | undefined, options: ChangeOptions, io: Io): Promise<number> =>
    changeJobs(change, targetOf(job, options), options, io);
}

async function changeJobs<R extends object>(
  { one, many, lineOf }: JobChange<R>,
  target: string,
  options: ChangeOptions,
  io: Io,
): Promise<number> {
  // No name of a job has a star.
  if (!target.includes("*")) {
    const done = await withCluster(options, io, cluster => one(cluster, target));
    print(io, options, lineOf(done), done.result);
    return EXIT.done;
  }
  const done = await withCluster(options, io, cluster => many(cluster, target));
  const results = done.map(({ result }) => result);
  print(io, options, done.map(lineOf).join("\n"), results);
  return EXIT.done;
}

function targetOf(job: string | undefined, { all = false }: ChangeOptions): string {
  if (all && job !== undefined) {
    throw new CliFailure(`--all is every job: leave out ${job}, or --all`, EXIT.usage);
  }
  if (all) return "*";
  if (job === undefined) throw new CliFailure("expected the name of a job, or --all", EXIT.usage);
  return job;
}
