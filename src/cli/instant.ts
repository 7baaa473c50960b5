import { CliFailure, EXIT } from "./io.ts";

const ISO = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?<offset>Z|[+-]\d{2}:\d{2})?)?$/i;

/** The instant that an option names, as epoch ms: a date, or a time; in UTC unless it has an offset of its own. */
export function parseInstant(option: string, text: string): number {
  const match = ISO.exec(text);
  const isTimeInUtc = text.length > 10 && match?.groups?.["offset"] === undefined;
  const ms = match === null ? Number.NaN : Date.parse(isTimeInUtc ? `${text}Z` : text);
  if (!Number.isNaN(ms) && isOfCalendar(text)) return ms;
  throw new CliFailure(`${option} ${text}: expected an instant like 2026-12-24T18:00:00Z`, EXIT.usage);
}

/** `Date.parse` takes the 30th of February for the 2nd of March. */
function isOfCalendar(text: string): boolean {
  const date = text.slice(0, 10);
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}
