import type { LogInput } from "./inputs.ts";
import { readLines } from "./line-reader.ts";
import { type LogEntry, type ParsedLine, parseEntry } from "./log-entry.ts";

/** Longer than any line of a replica. */
const LINE_LIMIT_BYTES = 1024 * 1024;
const SOURCES_LIMIT = 1_000;

/** The lines of all inputs, one input after the other. A line without a time has that of the line before it. */
export async function* readEntries(inputs: readonly LogInput[]): AsyncGenerator<ParsedLine> {
  for (const { name, chunks } of inputs) {
    const last = new Map<string, Pick<LogEntry, "atMs" | "rank">>();
    for await (const { text, cutBytes } of readLines(chunks, LINE_LIMIT_BYTES)) {
      if (text === "") continue;
      const parsed = parseEntry(cutBytes === 0 ? text : `${text}… (${cutBytes} bytes more)`, name);
      const { entry } = parsed;
      const { source, atMs, rank } = entry;
      if (atMs === null) yield { ...parsed, entry: { ...entry, ...last.get(source) } };
      else {
        if (last.size < SOURCES_LIMIT || last.has(source)) last.set(source, { atMs, rank });
        yield parsed;
      }
    }
  }
}
