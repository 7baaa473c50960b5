import { Turns } from "../clock/turns.ts";
import type { Job } from "../config/config.ts";
import type { CodeHandlers } from "./code-handlers.ts";
import type { Handler } from "./handler.ts";
import type { HandlerKind, LoadedHandler } from "./handler-kind.ts";
import { HANDLER_KINDS, type HandlerRef } from "./handler-kinds.ts";
import { loadOwnPackage } from "./own-package.ts";

export interface LoadHandlersOptions {
  readonly jobs: readonly (Pick<Job, "name" | "handler"> & Partial<Pick<Job, "data">>)[];
  /** Absolute. */
  readonly jobsDir: string;
  /** Where jobs are: `config/jobs.yaml:3:3`. */
  readonly places?: { of(job: string): string | null };
  /** Of the jobs in code; none by default. */
  readonly functions?: CodeHandlers;
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

const IMPORT_LIMIT_MS = 30_000;
const NAMED_JOBS = 3;

/**
 * Finds, imports and checks the handlers of all jobs that have one: each file once, and all problems together. Never
 * rejects.
 */
export async function loadHandlers(options: LoadHandlersOptions): Promise<LoadedHandlers> {
  if (options.jobs.some(job => job.handler?.kind === "module")) await loadOwnPackage();
  const groups = await groupsOf(options.jobs);
  const loaded = await Promise.all(
    [...groups.values()].flatMap(jobs => {
      const handler = jobs[0]?.handler ?? null;
      return handler === null ? [] : [loadGroup(handler, options).then(result => ({ jobs, result }))];
    }),
  );
  const handlers = new Map<string, Handler>();
  const issues: HandlerIssue[] = [];
  const tell = (jobs: readonly string[], problem: string) =>
    issues.push({ jobs, message: `${placeOf(jobs, options)}${nameJobs(jobs)}: ${problem}` });
  const turns = new Turns();
  for (const { jobs, result } of loaded) {
    if ("problem" in result) {
      tell(
        jobs.map(job => job.name),
        result.problem,
      );
      continue;
    }
    for (const { name, data = {} } of jobs) {
      const problems = result.handler.check?.(data) ?? [];
      if (problems.length === 0) handlers.set(name, result.handler);
      else tell([name], `its data does not fit its schema: ${problems.join("; ")}`);
      if (turns.isOver()) await turns.turn();
    }
  }
  return { handlers, issues };
}

type NamedJob = LoadHandlersOptions["jobs"][number];

/** The jobs by handler, those with equal ones together. */
async function groupsOf(jobs: readonly NamedJob[]): Promise<ReadonlyMap<string, NamedJob[]>> {
  const groups = new Map<string, NamedJob[]>();
  /** Most jobs of a large configuration share the object. */
  const byHandler = new Map<HandlerRef, NamedJob[]>();
  const turns = new Turns();
  for (const job of jobs) {
    if (turns.isOver()) await turns.turn();
    if (job.handler === null) continue;
    let group = byHandler.get(job.handler);
    if (group === undefined) {
      const text = JSON.stringify(job.handler);
      group = groups.get(text) ?? [];
      groups.set(text, group);
      byHandler.set(job.handler, group);
    }
    group.push(job);
  }
  return groups;
}

async function loadGroup(
  handler: HandlerRef,
  { jobsDir, functions = new Map(), importLimitMs = IMPORT_LIMIT_MS }: LoadHandlersOptions,
): Promise<LoadedHandler> {
  const kind: HandlerKind = HANDLER_KINDS[handler.kind];
  return kind.load(handler, { jobsDir, importLimitMs, functions });
}

/** Of the first job, with a blank behind it. */
function placeOf([name = ""]: readonly string[], { places }: LoadHandlersOptions): string {
  const place = places?.of(name) ?? null;
  return place === null ? "" : `${place} `;
}

function nameJobs(names: readonly string[]): string {
  const named = names.slice(0, NAMED_JOBS).map(name => `"${name}"`);
  const rest = names.length - named.length;
  return `${names.length === 1 ? "job" : "jobs"} ${named.join(", ")}${rest === 0 ? "" : ` and ${rest} more`}`;
}
