import { printable } from "../config/document/describe.ts";
import { isInstant } from "../config/schemas/fields.ts";
import { CliFailure, EXIT } from "./io.ts";

/**
 * The instant that an option names, as epoch ms: a date (its midnight in UTC), or a time with its offset from UTC. `orElse`:
 * what the option takes as well, for the message.
 */
export function parseInstant(option: string, text: string, orElse = ""): number {
  const full = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  if (isInstant(full)) return Date.parse(full);
  const expected = `${orElse}an instant like 2026-12-24T18:00:00Z`;
  throw new CliFailure(printable(`${option} ${text}: expected ${expected}`), EXIT.usage);
}
