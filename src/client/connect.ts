import type { z } from "zod";
import type { Config } from "../config/config.ts";
import type { Connection } from "../config/connection.ts";
import { codeDocument } from "../config/document/code-document.ts";
import type { ConfigIssue } from "../config/document/config-issue.ts";
import { describe } from "../config/document/describe.ts";
import { isMapping } from "../config/document/document.ts";
import { formatIssue, loadConfig } from "../config/load.ts";
import type { bellwetherSchema } from "../config/schemas/schema.ts";
import { ABSENT_SETTINGS, readSettings } from "../config/settings.ts";
import { BellwetherError } from "../errors.ts";
import { Client } from "./client.ts";
import { Cluster } from "./cluster.ts";
import { localDataCheck } from "./local-data-check.ts";

const OPTIONS = ["config", "checkData", "redis", "namespace", "by"];

/** As the section `redis` of bellwether.yaml. */
export type RedisSettings = NonNullable<z.input<typeof bellwetherSchema>["redis"]>;

/** Who acts. */
export interface Acts {
  /** Who acts, for the record (`audit`); `user@host` by default. */
  readonly by?: string;
}

/** The configuration of the replicas: the client knows their jobs from it. */
export interface ConnectByConfig extends Acts {
  /** The folder of bellwether.yaml and jobs.yaml, or what `loadConfig` has read. */
  readonly config: string | Config;
  /**
   * Whether `trigger` checks data by the schema of the handler, where the jobs' modules are here: it imports the module of
   * the job. True by default.
   */
  readonly checkData?: boolean;
  readonly redis?: never;
  readonly namespace?: never;
}

/** Only where the cluster's data is: the client knows the jobs as the leader has stored them. */
export interface ConnectByAddress extends Acts {
  readonly config?: never;
  readonly checkData?: never;
  /** Its URL, or the section; as without bellwether.yaml by default: REDIS_URL, else redis://127.0.0.1:6379. */
  readonly redis?: string | RedisSettings;
  /** As without bellwether.yaml by default: BELLWETHER_NAMESPACE, else bellwether. */
  readonly namespace?: string;
}

export type ConnectOptions = ConnectByConfig | ConnectByAddress;

/**
 * A client of a cluster of replicas, for programs that ask and act as operators do. It runs no job and never leads. It opens
 * its connections with the first call that needs them, so it also resolves while Redis is away. Close it when it is not
 * needed any more: connections keep the process alive.
 *
 * @throws BellwetherError BW_CONFIG_INVALID with every mistake of the configuration or of the options
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const mistakes = mistakesOf(options);
  if (mistakes.length > 0) throw new BellwetherError("BW_CONFIG_INVALID", { mistakes });
  const { connection, config } = await placeOf(options);
  const checkData = config === null || options.checkData === false ? undefined : localDataCheck(config);
  const about = { by: options.by, name: "bellwether-client" };
  return new Client(new Cluster({ connection, config: () => config, checkData, ...about }));
}

async function placeOf(options: ConnectOptions): Promise<{ connection: Connection; config: Config | null }> {
  const { config: given } = options;
  if (given === undefined) return { connection: connectionOf(options), config: null };
  const config = typeof given === "string" ? await configIn(given) : given;
  return { connection: config, config };
}

async function configIn(configDir: string): Promise<Config> {
  const result = await loadConfig({ configDir, env: process.env });
  if (result.ok) return result.config;
  throw new BellwetherError("BW_CONFIG_INVALID", { mistakes: result.issues.map(formatIssue) });
}

/** An option that is not read would lead to another cluster than the one that was meant. */
function mistakesOf(options: unknown): readonly string[] {
  if (!isMapping(options)) return [`connect(): ${describe(options)}, expected an object of options`];
  const unknown = Object.keys(options).filter(name => !OPTIONS.includes(name));
  const { config, checkData, redis, namespace, by } = options;
  const isBoth = config !== undefined && (redis !== undefined || namespace !== undefined);
  return [
    ...unknown.map(name => `${name}: there is no such option (expected ${OPTIONS.join(", ")})`),
    ...(config === undefined || typeof config === "string" || isMapping(config)
      ? []
      : [`config: ${describe(config)}, expected the path of a folder, or what loadConfig has read`]),
    ...(isBoth ? ["config: it has redis and namespace, expected it or these"] : []),
    ...(checkData === undefined || typeof checkData === "boolean"
      ? []
      : [`checkData: ${describe(checkData)}, expected true or false`]),
    ...(by === undefined || typeof by === "string" ? [] : [`by: ${describe(by)}, expected a text`]),
  ].map(problem => `connect(): ${problem}`);
}

/** Checked by the rules of bellwether.yaml, whose form the options have. */
function connectionOf({ redis, namespace }: ConnectByAddress): Connection {
  const settings = { redis: typeof redis === "string" ? { url: redis } : redis, namespace };
  const parsed = codeDocument({
    place: "connect",
    value: settings,
    env: process.env,
    absent: ABSENT_SETTINGS,
  });
  const read = parsed.ok ? readSettings(parsed.document) : parsed;
  if (read.ok) return read.value;
  throw new BellwetherError("BW_CONFIG_INVALID", { mistakes: read.issues.map(mistakeOf) });
}

function mistakeOf({ key, problem }: ConfigIssue): string {
  return `connect(): ${key === "" ? problem : `${key}: ${problem}`}`;
}
