import { formatNote, type ImportedJobs } from "../import/imported-jobs.ts";
import { writeJobsDocument } from "../import/jobs-document.ts";
import { checkTimezone } from "../schedule/zone.ts";
import { CliFailure, EXIT, type Io } from "./io.ts";

/** The jobs.yaml to stdout, what has to be said about it to stderr. 1 when something was lost on the way. */
export function printImported(imported: ImportedJobs, io: Io): number {
  const { text, notes } = writeJobsDocument(imported);
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
