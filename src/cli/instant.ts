import { CliFailure, EXIT } from "./io.ts";

/** An instant that an option gives, as epoch ms; a date alone is midnight in UTC. */
export function parseInstant(option: string, text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}(T.*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new CliFailure(`${option} ${text}: expected an instant like 2026-12-24T18:00:00Z`, EXIT.usage);
}
