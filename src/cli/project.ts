import path from "node:path";
import { refuseName } from "../client/refuse-name.ts";
import type { Config, Job } from "../config/config.ts";
import type { Connection } from "../config/connection.ts";
import { formatIssue, type LoadResult, loadConfig } from "../config/load.ts";
import { maskUrl } from "../config/mask-url.ts";
import type { RedisAddress } from "../config/redis-address.ts";
import type { ConfigLoader } from "../config/reload/config-loader.ts";
import { ADMIN_DEFAULTS } from "../config/schemas/admin-schema.ts";
import { parseRedisUrl } from "../config/schemas/redis-url.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";

export interface ProjectOptions {
  readonly config: string;
  readonly jobs?: string;
}

/** An environment variable: the URL of the Redis to use, whatever the configuration says. `dev` sets it. */
export const REDIS_OVERRIDE = "BELLWETHER_REDIS_URL";

/** An environment variable, `1`: take free ports, whatever the configuration says. `dev` sets it for its replicas. */
export const FREE_PORTS = "BELLWETHER_FREE_PORTS";

/** Loads the configuration, or fails with all mistakes together (exit code 2). Warnings go to stderr. */
export async function loadProject(options: ProjectOptions, io: Io): Promise<Config> {
  return configOf(await readProject(options, io), io);
}

/** What a command works with that only reads: where the cluster is, and the local configuration where that is valid. */
export interface ReadingProject {
  readonly connection: Connection;
  readonly config: Config | null;
}

/**
 * For commands that show what the cluster does: a local configuration with mistakes is no obstacle to them, as long as it is
 * certain where the cluster is. Then one line on stderr says so; else it fails with every mistake (exit code 2).
 */
export async function loadReadingProject(options: ProjectOptions, io: Io): Promise<ReadingProject> {
  const result = await readProject(options, io);
  if (result.ok) {
    const config = configOf(result, io);
    return { connection: config, config };
  }
  const { namespace, redis } = result.usable.connection;
  const address = overriddenRedis(io.env) ?? redis;
  if (namespace === null || address === null) return { connection: configOf(result, io), config: null };
  const [first, ...others] = result.issues.map(formatIssue);
  const more = others.length === 0 ? "" : ` (and ${others.length} more: \`bellwether check\` lists them)`;
  io.err(`the local configuration has mistakes, and is not needed to show the cluster: ${first}${more}\n`);
  return { connection: { namespace, redis: address }, config: null };
}

/** The configuration of a result, or a failure with all mistakes together (exit code 2). Warnings go to stderr. */
export function configOf(result: LoadResult, io: Io): Config {
  if (!result.ok) throw new CliFailure(result.issues.map(formatIssue).join("\n"), EXIT.usage);
  for (const warning of result.warnings) io.err(`${warning}\n`);
  return result.config;
}

/** Loads the configuration, or says what is wrong with it. `loader`: of a process that reads it again and again. */
export async function readProject(
  options: ProjectOptions,
  io: Io,
  loader: Pick<ConfigLoader, "load"> = { load: loadConfig },
): Promise<LoadResult> {
  const result = await loader.load({
    configDir: configDirOf(options, io),
    env: io.env,
    ...(options.jobs === undefined ? {} : { jobsDir: path.resolve(io.cwd, options.jobs) }),
  });
  return result.ok ? { ...result, config: override(result.config, io.env) } : result;
}

function override(config: Config, env: Io["env"]): Config {
  const { redis, http, admin } = config;
  const freePort = env[FREE_PORTS] === "1" ? { port: 0 } : {};
  return {
    ...config,
    redis: overriddenRedis(env) ?? redis,
    http: http && { ...http, ...freePort },
    admin: env[FREE_PORTS] === "1" && admin !== false ? { ...(admin ?? ADMIN_DEFAULTS), port: 0 } : admin,
  };
}

function overriddenRedis(env: Io["env"]): RedisAddress | null {
  const url = env[REDIS_OVERRIDE];
  if (!url) return null;
  const parsed = parseRedisUrl(url);
  if (!parsed.ok)
    throw new CliFailure(`${REDIS_OVERRIDE}: found ${maskUrl(url)}, ${parsed.problem}`, EXIT.usage);
  return { kind: "url", url };
}

export function configDirOf(options: ProjectOptions, io: Io): string {
  return path.resolve(io.cwd, options.config);
}

/** The job of that name, or a failure that names the nearest one (exit code 2). */
export function findJob(config: Config, name: string): Job {
  const job = config.jobs.find(job => job.name === name);
  return (
    job ??
    refuseName(
      name,
      config.jobs.map(job => job.name),
    )
  );
}
