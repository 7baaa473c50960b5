import { setImmediate as turn } from "node:timers/promises";
import { styleText } from "node:util";
import { nearest } from "../../config/nearest.ts";
import { EVENT_RULES } from "../../event-rules.ts";
import { CliFailure, EXIT, type Io } from "../io.ts";
import { EntryPrinter } from "./entry-printer.ts";
import { EntrySorter } from "./entry-sorter.ts";
import { HandoffOrder } from "./handoff-order.ts";
import { renderHandoffs } from "./handoff-table.ts";
import { Handoffs } from "./handoffs.ts";
import { openInputs } from "./inputs.ts";
import { LiveOrder } from "./live-order.ts";
import type { LogEntry, ParsedLine } from "./log-entry.ts";
import { type FilterOptions, LogFilter } from "./log-filter.ts";
import { readEntries } from "./read-entries.ts";

export interface LogsOptions extends FilterOptions {
  readonly handoffs?: boolean;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Merges the logs of any number of replicas, or shows the handoffs in them. Needs no server and no configuration. */
export async function printLogs(files: readonly string[], options: LogsOptions, io: Io): Promise<number> {
  const filter = new LogFilter(options, Date.now());
  if (options.follow && files.some(file => file !== "-"))
    throw new CliFailure("--follow reads stdin only: tail -F FILE | bellwether logs --follow", EXIT.usage);
  const lines = readEntries(await openInputs(files, io));
  if (options.handoffs) await printHandoffs(lines, options, filter, io);
  else {
    const output = new LogsOutput(options, filter, io);
    await (options.follow ? printLive(lines, output) : printSorted(lines, output, io));
  }
  return EXIT.done;
}

type Lines = AsyncIterable<ParsedLine>;

async function printHandoffs(
  lines: Lines,
  { job, json }: LogsOptions,
  filter: LogFilter,
  io: Io,
): Promise<void> {
  const handoffs = new Handoffs(job);
  let others = 0;
  for await (const { record } of lines) {
    if (record === null) others += 1;
    else handoffs.add(record);
  }
  const rows = handoffs.rows().filter(row => filter.isSince(Date.parse(row.at)));
  if (json) io.out(`${JSON.stringify(rows, null, 2)}\n`);
  else io.out(rows.length === 0 ? "no handoff is in these logs\n" : renderHandoffs(rows));
  if (others > 0) io.err(leftOutText(others));
  if (!json && rows.length > 0 && rows.every(row => row.lateTicks === null))
    io.err("late ticks are not counted: replicas log each launch only with `log: { level: debug }`\n");
}

async function printSorted(lines: Lines, output: LogsOutput, io: Io): Promise<void> {
  const sorter = new EntrySorter();
  const hint = setTimeout(() => io.err(STILL_READING), HINT_MS).unref();
  try {
    const order = new HandoffOrder();
    for await (const parsed of output.wanted(lines)) {
      const entry = order.take(parsed);
      if (entry) await sorter.add(entry);
    }
    for (const entry of order.rest()) await sorter.add(entry);
    clearTimeout(hint);
    for await (const entry of sorter.sorted()) {
      output.add(entry);
      if (output.isFull) await output.write();
      if (io.unread?.aborted) return;
    }
    await output.write();
    output.end();
  } finally {
    clearTimeout(hint);
    await sorter.close();
  }
}

async function printLive(lines: Lines, output: LogsOutput): Promise<void> {
  const order = new LiveOrder(entries => {
    for (const entry of entries) output.add(entry);
    void output.write();
  });
  try {
    for await (const { entry } of output.wanted(lines)) order.add(entry);
    order.flush();
  } finally {
    order.close();
  }
}

const HINT_MS = 5_000;
const STILL_READING =
  "reading to the end before anything is printed; --follow prints lines of stdin as they come\n";
const WRITE_LENGTH = 64 * 1024;

/** Prints lines for people, or with `--json` the records. */
class LogsOutput {
  readonly #io: Io;
  readonly #filter: LogFilter;
  readonly #json: boolean;
  readonly #printer: EntryPrinter;
  #text = "";
  #printed = 0;
  #leftOut = 0;

  constructor({ json }: LogsOptions, filter: LogFilter, io: Io) {
    this.#io = io;
    this.#filter = filter;
    this.#json = json ?? false;
    this.#printer = new EntryPrinter((style, text) => styleText(style, text, { stream: process.stdout }));
  }

  /** Those that the filter lets through. Each is known before it is printed, so that the columns are wide enough. */
  async *wanted(lines: Lines): AsyncGenerator<ParsedLine> {
    for await (const parsed of lines) {
      if (!this.#filter.wants(parsed)) continue;
      this.#printer.expect(parsed);
      yield parsed;
    }
  }

  add(entry: LogEntry): void {
    if (this.#json && !entry.isRecord) this.#leftOut += 1;
    else this.#text += this.#json ? `${entry.text}\n` : this.#printer.print(entry);
    this.#printed += 1;
  }

  /** Whether there is enough for one write. */
  get isFull(): boolean {
    return this.#text.length > WRITE_LENGTH;
  }

  /** Writes what was added, and lets an error of the output be heard. */
  async write(): Promise<void> {
    this.#io.out(this.#text);
    this.#text = "";
    await turn();
  }

  /** What the reader has to know about what was printed. */
  end(): void {
    if (this.#leftOut > 0) this.#io.err(leftOutText(this.#leftOut));
    if (this.#printed > 0) return;
    const unknown = (this.#filter.events ?? []).filter(name => !Object.hasOwn(EVENT_RULES, name));
    const guesses = unknown
      .map(name => nearest(name, Object.keys(EVENT_RULES)))
      .filter(guess => guess !== null);
    this.#io.err(`${["no line matches", ...guesses.map(guess => `did you mean ${guess}?`)].join("; ")}\n`);
  }
}

function leftOutText(count: number): string {
  return `left out, because they are no log lines of a replica: ${count === 1 ? "1 line" : `${count} lines`}\n`;
}
