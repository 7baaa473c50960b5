import type { Registry } from "prom-client";
import { nearest } from "./config/nearest.ts";
import { BellwetherError } from "./errors.ts";
import type { Role } from "./event-map.ts";
import { type GivenLogger, isLogger } from "./given-log.ts";
import type { JobInCode, JobWithoutFunction } from "./handlers/define-job.ts";
import type { Context, Register } from "./handlers/register.ts";
import type { GivenConnection } from "./redis/given-connection.ts";

/** Options that each program may give. */
export interface BaseOptions {
  /**
   * A folder with bellwether.yaml and jobs files, `./config` by default; or an object with the keys of both, which the same
   * schemas judge. Of an object the strings are taken as they are: `${NAME}` is read in files only.
   */
  readonly config?: string | Readonly<Record<string, unknown>>;
  /** Where handler modules are; `jobs` beside the folder `config`, else `./jobs`, by default. */
  readonly jobsDir?: string;
  /** Jobs by name, beside those of `config`. A name that is there too is a mistake. */
  readonly jobs?: Readonly<Record<string, JobInCode | JobWithoutFunction>>;
  /**
   * A pino logger, 8 or newer: events go to a child of it at their levels, and handlers log through its children. Nothing is
   * written to stdout then, and its own level counts. Without it the log is JSON lines on stdout.
   */
  readonly logger?: GivenLogger;
  /** Options of ioredis, or a function that makes connections; in place of `redis` in the configuration. */
  readonly connection?: GivenConnection;
  /** Where Bellwether's metrics are made, also with `http: false`. Each Bellwether of a process needs one of its own. */
  readonly registry?: Registry;
  /** Both by default. */
  readonly roles?: readonly Role[];
  /** A name for people, the host's by default. `bellwether.id` adds what makes it unique per process start. */
  readonly id?: string;
  /** In place of `generation` in the configuration. */
  readonly generation?: number;
  /** False: a change of the folder `config` is not applied while it runs. */
  readonly reload?: boolean;
}

/** Handlers get it as `run.context`. A program that has declared its type (`Register`) has to give it. */
export type ContextOption = Register extends { readonly context: unknown }
  ? { readonly context: Context }
  : { readonly context?: Context };

export type BellwetherOptions = BaseOptions & ContextOption;

type Given = BaseOptions & { readonly context?: unknown };

/** What an option must be, and what to write. */
const CHECKS: Readonly<Record<keyof Given, (value: unknown) => string | null>> = {
  config: value => (isText(value) || isMapping(value) ? null : "expected the path of a folder, or an object"),
  jobsDir: value => (isText(value) ? null : "expected the path of a folder"),
  jobs: value => (isMapping(value) ? null : "expected an object of jobs by name"),
  context: () => null,
  logger: value =>
    isLogger(value) ? null : "expected a pino logger: it has child, debug, info, warn and error",
  connection: value =>
    typeof value === "function" || isMapping(value)
      ? null
      : "expected options of ioredis, or a function that returns a new Redis",
  registry: value => (isRegistry(value) ? null : "expected a Registry of prom-client"),
  roles: value =>
    Array.isArray(value) && value.length > 0 && value.every(role => role === "scheduler" || role === "worker")
      ? null
      : 'expected a list of "scheduler", "worker" or both',
  id: value => (isText(value) ? null : "expected a text"),
  generation: value =>
    Number.isSafeInteger(value) && Number(value) >= 0 ? null : "expected a whole number from 0",
  reload: value => (typeof value === "boolean" ? null : "expected true or false"),
};

/** Throws BW_USAGE with every option that cannot be used. */
export function checkOptions(options: unknown): void {
  if (!isMapping(options)) throw usage(["new Bellwether(): expected an object of options"]);
  const names = Object.keys(CHECKS);
  const problems = Object.entries(options).flatMap(([name, value]) => {
    if (!Object.hasOwn(CHECKS, name)) {
      const near = nearest(name, names);
      return `${name}: there is no such option${near === null ? ` (expected ${names.join(", ")})` : ` (did you mean ${near}?)`}`;
    }
    // An option that is absent has its default, but a context that is not there was meant to be.
    if (value === undefined)
      return name === "context" ? `${name}: found undefined, expected what handlers get` : [];
    const problem = CHECKS[name as keyof Given](value);
    return problem === null ? [] : `${name}: ${problem}`;
  });
  if (problems.length > 0) throw usage(problems.map(problem => `new Bellwether({ … }) ${problem}`));
}

function usage(problems: readonly string[]): BellwetherError {
  return new BellwetherError("BW_USAGE", { problem: problems.join("\n") });
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** Not by class: a program may have a copy of prom-client of its own. */
function isRegistry(value: unknown): boolean {
  const has = (name: string) => typeof (value as Record<string, unknown>)[name] === "function";
  return (
    isMapping(value) && ["registerMetric", "getSingleMetric", "removeSingleMetric", "metrics"].every(has)
  );
}
