import { z } from "zod";
import type { HandlerRef } from "../handlers/handler-kinds.ts";
import { adviceOn } from "./advice.ts";
import type { Job } from "./config.ts";
import type { ConfigIssue } from "./document/config-issue.ts";
import { type ConfigDocument, isMapping } from "./document/document.ts";
import { handlerOf, type JobSurroundings, jobFields, readJob } from "./job.ts";
import { type PolicySources, policySources } from "./policy-sources.ts";
import { defaultsSchema, type JobPolicies, jobsFile } from "./schemas/job-schema.ts";
import { validate, validParts } from "./validate.ts";

export interface JobsResult {
  /** Complete only when there are no mistakes. */
  readonly jobs: readonly Job[];
  /** Of the jobs that have mistakes, those handlers that have none. */
  readonly otherHandlers: readonly NamedHandler[];
  readonly issues: readonly ConfigIssue[];
  /** What is valid and perhaps not meant, with its place. */
  readonly advice: () => readonly string[];
  /** Where the policies of the jobs come from, in the order of the jobs. */
  readonly sources: readonly PolicySources[];
}

export interface NamedHandler {
  /** The job's. */
  readonly name: string;
  readonly handler: HandlerRef;
}

const shellSchema = jobsFile({ defaults: z.unknown(), calendar: z.unknown(), job: z.unknown() });

/** Reads all jobs files; names are unique over all of them. */
export function readJobs(documents: readonly ConfigDocument[], surroundings: JobSurroundings): JobsResult {
  const jobs: Job[] = [];
  const otherHandlers: NamedHandler[] = [];
  const issues: ConfigIssue[] = [];
  const firstIn = new Map<string, ConfigDocument>();
  const sources: PolicySources[] = [];
  for (const document of documents) {
    issues.push(...document.issues);
    const shell = validate({ schema: shellSchema, document, path: [], file: "jobs" });
    if (!shell.ok) issues.push(...shell.issues);
    const defaults = readDefaults(document, issues);
    const fields = jobFields(document.isCode);
    const sourcesOf = policySources(document);
    for (const name of document.keysOf(["jobs"])) {
      const path = ["jobs", name];
      const other = firstIn.get(name)?.placeText(path);
      if (other) issues.push(...document.issueAt(path, `the job is defined already at ${other}`, "key"));
      else firstIn.set(name, document);
      const read = readJob({ document, name, defaults, fields, ...surroundings });
      if (read.ok) {
        jobs.push(read.value);
        sources.push(sourcesOf(name));
        continue;
      }
      issues.push(...read.issues);
      const handler = handlerOf({ document, name, queues: surroundings.queues });
      if (handler !== null) otherHandlers.push({ name, handler });
    }
  }
  return {
    jobs,
    otherHandlers,
    advice: () => documents.flatMap(adviceIn),
    sources,
    issues: [...issues, ...(surroundings.isPartial ? [] : emptyScheduleIssues(documents))],
  };
}

function adviceIn(document: ConfigDocument): string[] {
  return document.keysOf(["jobs"]).flatMap(name => adviceOn(document, ["jobs", name]));
}

/** A configuration without jobs that wins the election would stop every job in silence. */
function emptyScheduleIssues(documents: readonly ConfigDocument[]): ConfigIssue[] {
  const [first] = documents;
  const isAllowed = documents.some(document => document.get(["allowEmpty"]) === true);
  const isEmpty = documents.every(document => {
    const jobs = document.get(["jobs"]);
    return jobs === undefined || (isMapping(jobs) && Object.keys(jobs).length === 0);
  });
  if (first === undefined || isAllowed || !isEmpty) return [];
  return first.issueAt(["jobs"], "there are no jobs, expected at least one (or allowEmpty: true)", "key");
}

function readDefaults(document: ConfigDocument, issues: ConfigIssue[]): JobPolicies {
  if (!document.has(["defaults"])) return {};
  const place = { document, path: ["defaults"], file: "jobs" } as const;
  const checked = validate({ schema: defaultsSchema, ...place });
  if (checked.ok) return checked.value;
  issues.push(...checked.issues);
  return validParts({ shape: defaultsSchema.shape, ...place });
}
