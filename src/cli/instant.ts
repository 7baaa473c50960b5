import { isInstant } from "../config/schemas/fields.ts";
import { CliFailure, EXIT } from "./io.ts";

/** The instant that an option names, as epoch ms: a date (its midnight in UTC), or a time with its offset from UTC. */
export function parseInstant(option: string, text: string): number {
  const full = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  if (isInstant(full)) return Date.parse(full);
  throw new CliFailure(`${option} ${text}: expected an instant like 2026-12-24T18:00:00Z`, EXIT.usage);
}
