import { Cluster } from "../client/cluster.ts";
import { HttpClient } from "../client/http-client.ts";
import { localDataCheck } from "../client/local-data-check.ts";
import { brokenLine } from "../client/redis-session.ts";
import { printable, printableLines } from "../config/document/describe.ts";
import { maskUrl } from "../config/mask-url.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";
import { jsonText } from "./json-text.ts";
import { loadProject, loadReadingProject, type ProjectOptions, type ReadingProject } from "./project.ts";

/** What every command takes that can ask the HTTP API. */
export interface ClusterOptions extends ProjectOptions {
  readonly url?: string;
  readonly token?: string;
}

/** What every command that acts on the cluster takes. */
export interface OperatorOptions extends ClusterOptions {
  readonly by?: string;
  readonly json?: boolean;
}

/** Over the HTTP API with `--url`, which needs no configuration; else over Redis. */
export function either<T>(
  options: OperatorOptions,
  io: Io,
  overHttp: (api: HttpClient) => Promise<T>,
  overRedis: () => Promise<T>,
): Promise<T> {
  const { url, token = io.env["BELLWETHER_TOKEN"], by } = options;
  if (url === undefined) {
    if (options.token === undefined) return overRedis();
    throw new CliFailure("--token is for --url: add it, or leave out --token", EXIT.usage);
  }
  const { username, password, search, hash } = URL.canParse(url) ? new URL(url) : { search: "?" };
  if (!/^https?:\/\//.test(url) || username || password || search || hash) {
    const expected = "expected an address like http://127.0.0.1:8081, with no user, no ? and no #";
    throw new CliFailure(printable(`--url ${maskUrl(url)}: ${expected}`), EXIT.usage);
  }
  // fetch would put it into its error.
  if (token !== undefined && !/^[\x21-\x7e]*$/.test(token))
    throw new CliFailure("the token has a character that no token has: expected printable ASCII", EXIT.usage);
  if (by !== undefined)
    throw new CliFailure("--by: with --url the record has the token's name; leave it out", EXIT.usage);
  return overHttp(new HttpClient({ url, token }));
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
  const checkData = config === null ? undefined : localDataCheck(config);
  const about = { by, name: "bellwether-cli", onBroken };
  const cluster = new Cluster({ connection, config: () => config, checkData, ...about });
  try {
    return await act(cluster);
  } finally {
    cluster.close();
  }
}

/** One line for people, or the same as JSON. */
export function print(io: Io, options: OperatorOptions, line: string, json: object): void {
  io.out(options.json ? jsonText(json) : `${printableLines(line)}\n`);
}
