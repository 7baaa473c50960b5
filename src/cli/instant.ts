import { isInstant } from "../config/fields.ts";
import { CliFailure, EXIT } from "./io.ts";

/** The instant that an option names, as epoch ms: a date, or a time; in UTC unless it has an offset of its own. */
export function parseInstant(option: string, text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text;
  const full = /(Z|[+-]\d{2}:\d{2})$/.test(time) ? time : `${time}Z`;
  if (isInstant(full)) return Date.parse(full);
  throw new CliFailure(`${option} ${text}: expected an instant like 2026-12-24T18:00:00Z`, EXIT.usage);
}
