import { codeIssue } from "../config/document/code-document.ts";
import type { ConfigIssue } from "../config/document/config-issue.ts";
import type { CodeHandler, CodeHandlers } from "./code-handlers.ts";
import { isSchema } from "./data-schema.ts";
import { schemaOf } from "./define-handler.ts";
import type { HandlerFunction } from "./handler.ts";

/** Jobs in code, as the loader takes them: each function is replaced by the name of its job. */
export interface CodeJobs {
  /** What mistakes show in place of a file. */
  readonly place: string;
  /** As a jobs file would be. */
  readonly value: unknown;
  readonly functions: CodeHandlers;
  readonly issues: readonly ConfigIssue[];
}

type Given = Readonly<Record<string, unknown>>;

/** Takes the functions and schemas out of jobs in code; all else is judged as if it were in a file. */
export function readCodeJobs(place: string, jobs: unknown): CodeJobs {
  const functions = new Map<string, CodeHandler>();
  const issues: ConfigIssue[] = [];
  const read = (name: string, job: unknown): unknown => {
    if (!isMapping(job)) return job;
    const { run, schema, ...definition } = job;
    const tell = (key: string, problem: string) =>
      issues.push(codeIssue(place, ["jobs", name, key], problem));
    if (run !== undefined && typeof run !== "function") tell("run", "expected a function");
    if (schema !== undefined && run === undefined) tell("schema", "belongs to a function: expected also run");
    if (schema !== undefined && !isSchema(schema)) {
      tell(
        "schema",
        "expected a schema of a library that follows Standard Schema, such as zod, valibot or arktype",
      );
    }
    if (typeof run !== "function") return run === undefined ? definition : { ...definition, run: name };
    functions.set(name, {
      run: run as HandlerFunction<never>,
      schema: isSchema(schema) ? schema : schemaOf(run),
    });
    return { ...definition, run: name };
  };
  const named = isMapping(jobs) ? Object.entries(jobs).map(([name, job]) => [name, read(name, job)]) : null;
  return { place, value: { jobs: named ? Object.fromEntries(named) : jobs }, functions, issues };
}

function isMapping(value: unknown): value is Given {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
