import { printableLines } from "../config/document/describe.ts";

/** For programs, and safe on a terminal: in JSON an escape is the character itself. */
export function jsonText(value: unknown, indent?: number): string {
  return `${printableLines(JSON.stringify(value, null, indent))}\n`;
}
