import path from "node:path";
import type { Config, Job } from "../config/config.ts";
import { formatMistake, type LoadResult, loadConfig } from "../config/load.ts";
import { maskUrl } from "../config/mask-url.ts";
import { nearest } from "../config/nearest.ts";
import { parseRedisUrl } from "../config/redis-url.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";

export interface ProjectOptions {
  readonly config: string;
  readonly jobs?: string;
}

/** An environment variable: the URL of the Redis to use, whatever the configuration says. `dev` sets it. */
export const REDIS_OVERRIDE = "BELLWETHER_REDIS_URL";

/** An environment variable, `1`: take free ports, whatever the configuration says. `dev` sets it for its replicas. */
export const FREE_PORTS = "BELLWETHER_FREE_PORTS";

/** Loads the configuration, or fails with every mistake at once (exit code 2). Warnings go to stderr. */
export async function loadProject(options: ProjectOptions, io: Io): Promise<Config> {
  return configOf(await readProject(options, io), io);
}

/** The configuration of a result, or a failure with every mistake at once (exit code 2). Warnings go to stderr. */
export function configOf(result: LoadResult, io: Io): Config {
  if (!result.ok) throw new CliFailure(result.mistakes.map(formatMistake).join("\n"), EXIT.usage);
  for (const warning of result.warnings) io.err(`${warning}\n`);
  return result.config;
}

/** Loads the configuration, or says what is wrong with it. */
export async function readProject(options: ProjectOptions, io: Io): Promise<LoadResult> {
  const result = await loadConfig({
    configDir: configDirOf(options, io),
    env: io.env,
    ...(options.jobs === undefined ? {} : { jobsDir: path.resolve(io.cwd, options.jobs) }),
  });
  return result.ok ? { ...result, config: override(result.config, io.env) } : result;
}

function override(config: Config, env: Io["env"]): Config {
  const url = env[REDIS_OVERRIDE];
  const parsed = url ? parseRedisUrl(url) : null;
  if (parsed && !parsed.ok)
    throw new CliFailure(`${REDIS_OVERRIDE}: found ${maskUrl(url ?? "")}, ${parsed.problem}`, EXIT.usage);
  const { redis, http, admin } = config;
  const freePort = env[FREE_PORTS] === "1" ? { port: 0 } : {};
  return {
    ...config,
    redis: url ? { kind: "url", url } : redis,
    http: http && { ...http, ...freePort },
    admin: admin && { ...admin, ...freePort },
  };
}

export function configDirOf(options: ProjectOptions, io: Io): string {
  return path.resolve(io.cwd, options.config);
}

/** The job of that name, or a failure that names the nearest one (exit code 2). */
export function findJob(config: Config, name: string): Job {
  const job = config.jobs.find(job => job.name === name);
  if (job) return job;
  const names = config.jobs.map(job => job.name);
  const guess = nearest(name, names);
  const hint = guess ? `did you mean ${guess}?` : `the jobs are: ${names.join(", ")}`;
  throw new CliFailure(`no job is named ${name} (${hint})`, EXIT.usage);
}
