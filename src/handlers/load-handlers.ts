import { existsSync } from "node:fs";
import path from "node:path";
import type { HandlerRef, Job } from "../config/config.ts";
import { nearest } from "../config/nearest.ts";
import { CommandHandler } from "./command-handler.ts";
import { problemOfCommand } from "./find-program.ts";
import type { Handler } from "./handler.ts";
import { EXTENSIONS, findHandlerFile, listHandlerReferences } from "./handler-files.ts";
import { HttpHandler } from "./http-handler.ts";
import { explainImportError } from "./import-error.ts";
import { importHandler } from "./module-handler.ts";
import { resolveOwnPackage } from "./own-package.ts";

export interface LoadHandlersOptions {
  readonly jobs: readonly Pick<Job, "name" | "handler">[];
  /** Absolute. */
  readonly jobsDir: string;
  /** Where jobs are, by name: `config/jobs.yaml:3:3`. */
  readonly places?: Readonly<Record<string, string>>;
  /** How long a module's top level may take; 30 s by default. */
  readonly importLimitMs?: number;
}

export interface LoadedHandlers {
  /** By job name. A job with a problem is missing. */
  readonly handlers: ReadonlyMap<string, Handler>;
  /** In the order of the jobs. */
  readonly issues: readonly HandlerIssue[];
}

export interface HandlerIssue {
  /** The jobs that name the handler. */
  readonly jobs: readonly string[];
  /** One sentence: which jobs, which file, what was found, what to do. */
  readonly message: string;
}

type Loaded = { readonly handler: Handler } | { readonly problem: string };

const IMPORT_LIMIT_MS = 30_000;
const NAMED_JOBS = 3;

/** Finds, imports and checks the handlers of all jobs: each file once, and all problems together. Never rejects. */
export async function loadHandlers(options: LoadHandlersOptions): Promise<LoadedHandlers> {
  resolveOwnPackage();
  const groups = [...Map.groupBy(options.jobs, job => keyOf(job.handler)).values()];
  const loaded = await Promise.all(groups.map(jobs => loadGroup(jobs, options)));
  const handlers = new Map<string, Handler>();
  const issues: HandlerIssue[] = [];
  for (const [index, jobs] of groups.entries()) {
    const names = jobs.map(job => job.name);
    const result = loaded[index];
    if (result === undefined) continue;
    if ("handler" in result) for (const name of names) handlers.set(name, result.handler);
    else
      issues.push({
        jobs: names,
        message: `${placeOf(names, options)}${nameJobs(names)}: ${result.problem}`,
      });
  }
  return { handlers, issues };
}

/** Equal for references to the same handler. */
function keyOf(ref: HandlerRef): string {
  switch (ref.kind) {
    case "module":
      return `module ${path.normalize(ref.path)}`;
    case "command":
    case "http":
      return JSON.stringify(ref);
  }
}

async function loadGroup(jobs: LoadHandlersOptions["jobs"], options: LoadHandlersOptions): Promise<Loaded> {
  const ref = jobs[0]?.handler;
  if (ref === undefined) return { problem: "BUG: a group of no jobs" };
  switch (ref.kind) {
    case "module":
      return loadModule(ref.path, options);
    case "command": {
      const problem = await problemOfCommand(ref, process.env["PATH"]);
      return problem === null ? { handler: new CommandHandler(ref) } : { problem };
    }
    case "http":
      return { handler: new HttpHandler(ref) };
  }
}

async function loadModule(reference: string, options: LoadHandlersOptions): Promise<Loaded> {
  const { jobsDir, importLimitMs = IMPORT_LIMIT_MS } = options;
  const found = findHandlerFile(jobsDir, reference);
  switch (found.outcome) {
    case "outside":
      return {
        problem: `handler "${reference}" is not below ${shorten(jobsDir)}/: name the file's path from there`,
      };
    case "missing":
      return { problem: explainMissing(jobsDir, reference) };
    case "several":
      return {
        problem: `handler "${reference}" could be ${found.files.map(shorten).join(" or ")}: keep one of them`,
      };
    case "found":
      return importFile(found.file, importLimitMs);
  }
}

async function importFile(file: string, limitMs: number): Promise<Loaded> {
  const imported = await importHandler(file, limitMs);
  switch (imported.outcome) {
    case "handler":
      return { handler: imported.handler };
    case "hanging":
      return {
        problem: `${shorten(file)} did not finish loading within ${limitMs} ms: a top-level await does not settle; move it into the handler`,
      };
    case "threw":
      return {
        problem: `${shorten(file)} cannot be loaded: ${await explainImportError(imported.error, file, shorten)}`,
      };
    case "no handler":
      return {
        problem: `${shorten(file)} has ${imported.found}; expected export default defineHandler(async (data, run) => …), with defineHandler from "bellwether"`,
      };
  }
}

function explainMissing(jobsDir: string, reference: string): string {
  if (!existsSync(jobsDir))
    return `the jobs folder ${shorten(jobsDir)} does not exist, so handler "${reference}" is not in it`;
  const [first, ...others] = EXTENSIONS;
  const expected = `${shorten(path.join(jobsDir, reference))}${first} (or ${others.join(", ")})`;
  const extension = EXTENSIONS.find(ending => reference.endsWith(ending));
  if (extension)
    return `there is no ${expected}: leave the extension ${extension} out of handler "${reference}"`;
  const near = nearest(reference, listHandlerReferences(jobsDir));
  return `there is no ${expected}${near === null ? "" : `; did you mean handler: ${near}?`}`;
}

/** Of the first job, with a blank behind it. */
function placeOf([name = ""]: readonly string[], { places = {} }: LoadHandlersOptions): string {
  return Object.hasOwn(places, name) ? `${places[name]} ` : "";
}

function nameJobs(names: readonly string[]): string {
  const named = names.slice(0, NAMED_JOBS).map(name => `"${name}"`);
  const rest = names.length - named.length;
  return `${names.length === 1 ? "job" : "jobs"} ${named.join(", ")}${rest === 0 ? "" : ` and ${rest} more`}`;
}

/** Relative to the working folder where it is below, as people see it. */
function shorten(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative === "" || relative.startsWith("..") ? file : relative;
}
