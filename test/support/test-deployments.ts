import { type LogLine, ReplicaProcess } from "./replica-process.ts";
import type { TestDeployment } from "./test-deployment.ts";

/** A replica of the deployment that reads another configuration folder of the project, or has more in its environment. */
export function startWith(
  deployment: TestDeployment,
  { configDir = deployment.project.configDir, env = {}, args = [] }: StartOptions,
): ReplicaProcess {
  const { dir } = deployment.project;
  const replica = new ReplicaProcess(["--config", configDir, ...args], { DEPLOYMENT_DIR: dir, ...env }, dir);
  deployment.replicas.push(replica);
  return replica;
}

export interface StartOptions {
  readonly configDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** The replica that was elected last, once there is a leader. */
export async function leaderOf(deployment: TestDeployment): Promise<ReplicaProcess> {
  await deployment.when("leader.elected");
  const elected = deployment.replicas
    .flatMap(replica =>
      replica.lines.filter(isElection).map(line => ({ replica, term: Number(line["term"]) })),
    )
    .toSorted((a, b) => a.term - b.term)
    .at(-1);
  if (!elected) throw new Error("BUG: an election that nobody won");
  return elected.replica;
}

/** The next such line of any replica, from now on. */
export function next(
  deployment: TestDeployment,
  event: string,
  matches: (line: LogLine) => boolean = () => true,
): Promise<LogLine> {
  const known = new Set(deployment.replicas.flatMap(replica => replica.lines));
  return deployment.when(event, line => !known.has(line) && matches(line));
}

/** Waits for this many more launched ticks of a job. */
export async function launches(deployment: TestDeployment, job: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await next(deployment, "tick.launched", line => line["job"] === job);
}

/** Ends every replica that still runs, so that nothing is decided any more. */
export async function shutDown(
  deployment: TestDeployment,
  signal: NodeJS.Signals = "SIGTERM",
): Promise<void> {
  await Promise.all(deployment.replicas.map(replica => replica.end(signal)));
}

function isElection(line: LogLine): boolean {
  return line.event === "leader.elected";
}
