import { printable } from "../../config/document/describe.ts";
import {
  formatLogRecord,
  formatPlainLine,
  type LineSource,
  type Paint,
  parseLogLine,
  replicaStyle,
} from "../log-line.ts";
import type { LogEntry, ParsedLine } from "./log-entry.ts";

/** Longer texts that are no records are cut: what a core dump or a binary file has is of no use on a screen. */
const PLAIN_LIMIT = 2_000;
const MAX_WIDTH = 48;
const SOURCES_LIMIT = 1_000;

/** Makes the lines that people read: those of `bellwether dev`, with the date where it changes. */
export class EntryPrinter {
  readonly #paint: Paint;
  readonly #sources = new Map<string, LineSource>();
  #day = "";
  #width = 16;

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** Makes the column of names wide enough before the first line is printed. */
  expect({ entry: { source }, record }: ParsedLine): void {
    const replica = record?.["replica"];
    const { length } = typeof replica === "string" ? replica : source;
    this.#width = Math.max(this.#width, Math.min(length, MAX_WIDTH));
  }

  print({ atMs, source, text, isRecord }: LogEntry): string {
    const at = atMs === null ? null : new Date(atMs);
    const record = isRecord ? parseLogLine(text) : null;
    const replica = record?.["replica"];
    const from = this.#sourceOf(typeof replica === "string" ? replica : source);
    const line = record
      ? formatLogRecord(record, from, this.#paint, at)
      : formatPlainLine(plainText(text), at, from, this.#paint);
    return `${this.#dayBefore(at)}${line}\n`;
  }

  #sourceOf(name: string): LineSource {
    const known = this.#sources.get(name);
    if (known) return { ...known, width: this.#width };
    const style = replicaStyle(this.#sources.size);
    if (this.#sources.size < SOURCES_LIMIT) this.#sources.set(name, { name, style });
    return { name, style, width: this.#width };
  }

  /** A heading with the date and the zone of the times below it. */
  #dayBefore(at: Date | null): string {
    if (at === null) return "";
    // Sweden's form is that of ISO 8601.
    const day = at.toLocaleDateString("sv-SE");
    if (day === this.#day) return "";
    this.#day = day;
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    return `${this.#paint("bold", `${day}, times in ${zone}`)}\n`;
  }
}

function plainText(text: string): string {
  const more = text.length - PLAIN_LIMIT;
  const shown = printable(text.slice(0, PLAIN_LIMIT).replaceAll("\t", "  "));
  return more > 0 ? `${shown}… (${more} characters more)` : shown;
}
