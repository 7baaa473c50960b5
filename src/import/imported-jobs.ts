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
  /** The keys of a job in jobs.yaml. Values are meant as they are: no `${…}` in them is a reference. */
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
