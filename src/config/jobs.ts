import { z } from "zod";
import type { Calendar } from "../schedule/calendar.ts";
import { adviceOn } from "./advice.ts";
import type { HandlerRef, Job } from "./config.ts";
import { type ConfigDocument, isMapping } from "./document.ts";
import { type DeclaredQueues, handlerOf, readJob } from "./job.ts";
import { defaultsSchema, type JobPolicies, jobsFile } from "./job-schema.ts";
import type { Mistake } from "./mistake.ts";
import { validate, validParts } from "./validate.ts";

export interface JobsResult {
  /** Complete only when there are no mistakes. */
  readonly jobs: readonly Job[];
  /** Of the jobs that have mistakes, those handlers that have none. */
  readonly otherHandlers: readonly NamedHandler[];
  readonly mistakes: readonly Mistake[];
  /** What is valid and perhaps not meant, with its place. */
  readonly advice: readonly string[];
  /** `config/jobs.yaml:3:3` by the job's name. */
  readonly places: ReadonlyMap<string, string>;
}

export interface NamedHandler {
  /** The job's. */
  readonly name: string;
  readonly handler: HandlerRef;
}

const shellSchema = jobsFile({ defaults: z.unknown(), calendar: z.unknown(), job: z.unknown() });

/** What jobs may refer to. */
export interface JobSurroundings {
  readonly queues: DeclaredQueues;
  readonly calendars: ReadonlyMap<string, Calendar>;
  /** True when a jobs file cannot be read: what is missing here may be in it. */
  readonly isPartial?: boolean;
}

/** Reads all jobs files; names are unique over all of them. */
export function readJobs(
  documents: readonly ConfigDocument[],
  { queues, calendars, isPartial = false }: JobSurroundings,
): JobsResult {
  const jobs: Job[] = [];
  const otherHandlers: NamedHandler[] = [];
  const mistakes: Mistake[] = [];
  const advice: string[] = [];
  const firstPlace = new Map<string, string>();
  for (const document of documents) {
    mistakes.push(...document.mistakes);
    const shell = validate({ schema: shellSchema, document, path: [], file: "jobs" });
    if (!shell.ok) mistakes.push(...shell.mistakes);
    const defaults = readDefaults(document, mistakes);
    for (const name of jobNames(document)) {
      const path = ["jobs", name];
      const other = firstPlace.get(name);
      if (other)
        mistakes.push(...some(document.mistake(path, `the job is defined already at ${other}`, "key")));
      else firstPlace.set(name, document.placeText(path));
      advice.push(...adviceOn(document, path));
      const read = readJob({ document, name, defaults, queues, calendars, isPartial });
      if (read.ok) {
        jobs.push(read.value);
        continue;
      }
      mistakes.push(...read.mistakes);
      const handler = handlerOf({ document, name, queues });
      if (handler !== null) otherHandlers.push({ name, handler });
    }
  }
  return {
    jobs,
    otherHandlers,
    advice,
    places: firstPlace,
    mistakes: [...mistakes, ...(isPartial ? [] : mistakesOfEmptiness(documents))],
  };
}

function jobNames(document: ConfigDocument): string[] {
  const jobs = document.get(["jobs"]);
  return isMapping(jobs) ? Object.keys(jobs) : [];
}

/** A configuration without jobs that wins the election would stop every job in silence. */
function mistakesOfEmptiness(documents: readonly ConfigDocument[]): Mistake[] {
  const [first] = documents;
  const isAllowed = documents.some(document => document.get(["allowEmpty"]) === true);
  const isEmpty = documents.every(document => {
    const jobs = document.get(["jobs"]);
    return jobs === undefined || (isMapping(jobs) && Object.keys(jobs).length === 0);
  });
  if (first === undefined || isAllowed || !isEmpty) return [];
  return some(
    first.mistake(["jobs"], "there are no jobs, expected at least one (or allowEmpty: true)", "key"),
  );
}

function readDefaults(document: ConfigDocument, mistakes: Mistake[]): JobPolicies {
  if (!document.has(["defaults"])) return {};
  const place = { document, path: ["defaults"], file: "jobs" } as const;
  const checked = validate({ schema: defaultsSchema, ...place });
  if (checked.ok) return checked.value;
  mistakes.push(...checked.mistakes);
  return validParts({ shape: defaultsSchema.shape, ...place });
}

function some(mistake: Mistake | null): Mistake[] {
  return mistake === null ? [] : [mistake];
}
