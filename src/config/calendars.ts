import path from "node:path";
import { Calendar } from "../schedule/calendar.ts";
import type { Stretch } from "../schedule/exception.ts";
import { dateStretch } from "../schedule/parse-exception.ts";
import type { ConfigIssue, Path } from "./document/config-issue.ts";
import type { ConfigDocument } from "./document/document.ts";
import { readBytes, shownPath } from "./document/files.ts";
import { calendarSchema } from "./schemas/job-schema.ts";
import { validate } from "./validate.ts";

export interface CalendarsResult {
  /** Every calendar that is defined; one with mistakes has no stretches. */
  readonly byName: ReadonlyMap<string, Calendar>;
  readonly issues: readonly ConfigIssue[];
  /** The files that calendars name, each once, also one that cannot be read. Absolute. */
  readonly files: readonly string[];
}

/** Reads the calendars of all jobs files; names are unique over all of them, and every job can use every one. */
export async function readCalendars(
  documents: readonly ConfigDocument[],
  configDir: string,
): Promise<CalendarsResult> {
  const byName = new Map<string, Calendar>();
  const issues: ConfigIssue[] = [];
  const files = new Set<string>();
  const firstIn = new Map<string, ConfigDocument>();
  for (const document of documents) {
    for (const name of document.keysOf(["calendars"])) {
      const place = ["calendars", name];
      const other = firstIn.get(name)?.placeText(place);
      if (other) issues.push(...document.issueAt(place, `is defined already at ${other}`, "key"));
      else firstIn.set(name, document);
      const read = await readCalendar(document, place, configDir);
      if (read.file !== undefined) files.add(read.file);
      issues.push(...read.issues);
      byName.set(name, new Calendar({ name, stretches: read.stretches }));
    }
  }
  return { byName, issues, files: [...files] };
}

interface ReadCalendar {
  readonly stretches: readonly Stretch[];
  readonly issues: readonly ConfigIssue[];
  readonly file?: string;
}

async function readCalendar(document: ConfigDocument, place: Path, configDir: string): Promise<ReadCalendar> {
  const checked = validate({ schema: calendarSchema, document, path: place, file: "jobs" });
  if (!checked.ok) return { stretches: [], issues: checked.issues };
  if (Array.isArray(checked.value)) {
    return { stretches: checked.value.flatMap(date => dateStretch(date) ?? []), issues: [] };
  }
  const file = path.join(configDir, checked.value.file);
  const { MAX_ICS_BYTES, readIcs } = await import("../ical/ics.ts");
  const read = await readBytes(file, MAX_ICS_BYTES);
  const result = "problem" in read ? read : readIcs(read.bytes);
  if ("stretches" in result) return { stretches: result.stretches, issues: [], file };
  const origin = document.originOf([...place, "file"]);
  const problem = `${origin === null ? shownPath(file) : "the file"}: ${result.problem}`;
  return { stretches: [], issues: document.issueAt([...place, "file"], problem), file };
}
