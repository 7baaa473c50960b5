import { printable } from "../config/document/describe.ts";

/** What an importer makes of foreign schedules: the parts of a jobs.yaml, and the notes about it. */
export interface ImportedJobs {
  /** Where it all came from and what holds for all of it: comments at the head of the file. */
  readonly head: readonly string[];
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly jobs: readonly ImportedJob[];
  readonly notes: readonly ImportNote[];
}

export interface ImportedJob {
  readonly name: string;
  /** Where it came from: `crontab:12`. */
  readonly place: string;
  /** What it was there. */
  readonly source: string;
  /**
   * The keys of a job in jobs.yaml, absent where undefined. Values are meant as they are: no `${…}` in them is a reference.
   */
  readonly definition: Readonly<Record<string, unknown>>;
  /** What differs from what it was. */
  readonly notes: readonly string[];
}

export interface ImportNote {
  /** `crontab:12`, or what else names the place; null when it is about everything. */
  readonly place: string | null;
  readonly text: string;
  /** True when something that was scheduled is not in the output. */
  readonly isLost: boolean;
}

/** `crontab:12: …`, as it is shown to people. */
export function formatNote({ place, text, isLost }: ImportNote): string {
  return printable(`${place === null ? "" : `${place}: `}${isLost ? "not carried over: " : ""}${text}`);
}

/** The same jobs, none of which has a tick before that instant: the moment at which they take over. */
export function beginAt(imported: ImportedJobs, start: string): ImportedJobs {
  return { ...imported, jobs: imported.jobs.map(job => startedAt(job, start)) };
}

function startedAt(job: ImportedJob, start: string): ImportedJob {
  const { cron, every, start: own, ...others } = job.definition;
  if (typeof own === "string" && Date.parse(own) > Date.parse(start)) return job;
  return { ...job, definition: { cron, every, ...others, start } };
}
