import { z } from "zod";
import type { HandlerRef } from "../handlers/handler-kinds.ts";
import { adviceOn } from "./advice.ts";
import { AlikeJobs } from "./alike-jobs.ts";
import type { Job } from "./config.ts";
import type { ConfigIssue } from "./document/config-issue.ts";
import { type ConfigDocument, isMapping } from "./document/document.ts";
import { handlerOf, type JobSurroundings, jobFields, readJob } from "./job.ts";
import { type PolicySources, policySources } from "./policy-sources.ts";
import { defaultsSchema, JOB_NAME_FORM, type JobPolicies, jobsFile } from "./schemas/job-schema.ts";
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
    issues.push(...shellIssues(document));
    const defaults = readDefaults(document, issues);
    const fields = jobFields(document.isCode);
    const sourcesOf = policySources(document);
    const alike = new AlikeJobs(fields);
    // Values of code are compared by no text, and a mistake in a reference is no mistake of another job.
    const mayBeAlike = !document.isCode && document.issues.length === 0;
    for (const name of document.keysOf(["jobs"])) {
      const path = ["jobs", name];
      const section = document.get(path);
      const other = firstIn.get(name)?.placeText(path);
      if (other) issues.push(...document.issueAt(path, `the job is defined already at ${other}`, "key"));
      else if (document !== documents.at(-1)) firstIn.set(name, document);
      const known = mayBeAlike ? alike.read(name, section) : null;
      if (known !== null) {
        jobs.push(known.job);
        sources.push(known.sources);
        continue;
      }
      const read = readJob({ document, name, defaults, fields, ...surroundings });
      if (read.ok) {
        const kind = { job: read.value, sources: sourcesOf(name) };
        alike.remember(section, kind);
        jobs.push(kind.job);
        sources.push(kind.sources);
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

/** Mistakes outside of the jobs, and in their names. */
function shellIssues(document: ConfigDocument): readonly ConfigIssue[] {
  const value = document.get([]);
  if (!document.isCode && isMapping(value) && isMapping(value["jobs"])) {
    // Zod takes a third of a second for the names of 100,000 jobs.
    const areNames = Object.keys(value["jobs"]).every(name => JOB_NAME_FORM.test(name));
    if (areNames && shellSchema.safeParse({ ...value, jobs: {} }).success) return [];
  }
  const shell = validate({ schema: shellSchema, document, path: [], file: "jobs" });
  return shell.ok ? [] : shell.issues;
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
