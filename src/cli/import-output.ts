import { instant } from "../config/schemas/fields.ts";
import { beginAt, formatNote, type ImportedJobs } from "../import/imported-jobs.ts";
import { writeJobsDocument } from "../import/jobs-document.ts";
import { checkTimezone } from "../schedule/zone.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";

export interface ImportOptions {
  /** The jobs take over at this instant. */
  readonly start?: string;
}

/** The jobs.yaml to stdout, what has to be said about it to stderr. 1 when something was lost on the way. */
export function printImported(imported: ImportedJobs, { start }: ImportOptions, io: Io): number {
  if (start !== undefined && !instant().safeParse(start).success)
    throw new CliFailure(`--start ${start}: expected an instant like 2026-12-24T18:00:30Z`, EXIT.usage);
  const { text, notes } = writeJobsDocument(start === undefined ? imported : beginAt(imported, start));
  for (const note of notes) io.err(`${formatNote(note)}\n`);
  if (text !== null) io.out(text);
  return text === null || notes.some(note => note.isLost) ? EXIT.failed : EXIT.done;
}

/** Fails on a zone that is none. */
export function requireTimezone(given: string): string {
  const problem = checkTimezone(given);
  if (problem !== null) throw new CliFailure(`--timezone: ${problem}`, EXIT.usage);
  return given;
}
