import { CliFailure, EXIT } from "./io.ts";

const ISO = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?<offset>Z|[+-]\d{2}:\d{2})?)?$/i;

/** The instant that an option names: a date (its midnight in UTC), or a time with its offset. */
export function parseInstant(option: string, text: string): number {
  const match = ISO.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(text);
  const fail = (found: string, expected: string) =>
    new CliFailure(`${option} ${text}: ${found}expected ${expected}`, EXIT.usage);
  if (Number.isNaN(ms) || !isOfCalendar(text)) throw fail("", "an instant like 2026-12-24T18:00:00Z");
  if (text.length > 10 && match?.groups?.["offset"] === undefined) {
    throw fail("the time has no offset, ", `one, like ${text}Z or ${text}+01:00`);
  }
  return ms;
}

/** `Date.parse` takes the 30th of February for the 2nd of March. */
function isOfCalendar(text: string): boolean {
  const date = text.slice(0, 10);
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}
