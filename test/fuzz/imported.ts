import { formatIssue } from "../../src/config/document/config-issue.ts";
import { parseConfigDocument } from "../../src/config/document/parse-document.ts";
import { readJobs } from "../../src/config/jobs.ts";
import { formatNote, type ImportedJobs } from "../../src/import/imported-jobs.ts";
import { writeJobsDocument } from "../../src/import/jobs-document.ts";

const QUEUES = { file: "bellwether.yaml", names: null, refusedHandlers: [] };

/** What an import writes is valid and reads nothing from the environment; its notes are lines that steer no terminal. */
export function checkImported(imported: ImportedJobs): void {
  const { text, notes } = writeJobsDocument(imported);
  for (const note of notes.map(formatNote)) {
    if (/\p{Cc}/u.test(note)) throw new Error(`control characters: ${JSON.stringify(note)}`);
  }
  if (text === null) return;
  const parsed = parseConfigDocument({ file: "jobs.yaml", text, env: {} });
  const read = parsed.ok ? readJobs([parsed.document], { calendars: new Map(), queues: QUEUES }) : parsed;
  if (read.issues.length === 0) return;
  throw new Error(`${read.issues.map(formatIssue).join("\n")}\nin\n${text}`);
}
