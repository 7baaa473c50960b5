import { isInstant } from "../config/fields.ts";
import { CliFailure, EXIT } from "./io.ts";

/** An instant that an option gives, as epoch ms; a date alone is midnight in UTC. */
export function parseInstant(option: string, text: string): number {
  const full = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text;
  if (isInstant(full)) return Date.parse(full);
  throw new CliFailure(`${option} ${text}: expected an instant like 2026-12-24T18:00:00Z`, EXIT.usage);
}
