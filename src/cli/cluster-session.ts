import { Cluster } from "../client/cluster.ts";
import { brokenLine } from "../client/redis-session.ts";
import type { Io } from "./io.ts";
import { loadProject, loadReadingProject, type ProjectOptions, type ReadingProject } from "./project.ts";

/** What every command that acts on the cluster takes. */
export interface OperatorOptions extends ProjectOptions {
  readonly by?: string;
  readonly json?: boolean;
}

/** For commands that act: they need a valid configuration. */
export async function withCluster<T>(
  options: OperatorOptions,
  io: Io,
  act: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const config = await loadProject(options, io);
  return await within({ connection: config, config }, options.by, io, act);
}

/** For commands that show what the cluster does: a local configuration with mistakes is no obstacle to them. */
export async function withReadCluster<T>(
  options: ProjectOptions,
  io: Io,
  read: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  return await within(await loadReadingProject(options, io), undefined, io, read);
}

async function within<T>(
  place: ReadingProject,
  by: string | undefined,
  io: Io,
  act: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const onBroken = (where: string) => io.err(brokenLine(where));
  const { connection, config } = place;
  const cluster = new Cluster({ connection, config: () => config, by, name: "bellwether-cli", onBroken });
  try {
    return await act(cluster);
  } finally {
    cluster.close();
  }
}

/** One line for people, or the same as JSON. */
export function print(io: Io, options: OperatorOptions, line: string, json: object): void {
  io.out(options.json ? `${JSON.stringify(json)}\n` : `${line}\n`);
}
