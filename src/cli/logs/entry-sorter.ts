import type { FileHandle } from "node:fs/promises";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { messageOf } from "../../errors.ts";
import { CliFailure } from "../io.ts";
import { readLines } from "./line-reader.ts";
import type { LogEntry } from "./log-entry.ts";

interface Placed {
  readonly entry: LogEntry;
  /** How many lines were read before it. */
  readonly index: number;
}

/** A sorted part of the file. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/**
 * Sorts any number of lines by time. `kubectl logs` of several pods prints one pod after the other, so no window of
 * lines would do. What exceeds the limit goes into a temporary file in sorted runs, which are merged at the end. The
 * file is removed as soon as it is open: no end of the process leaves it behind.
 */
export class EntrySorter {
  readonly #limitBytes: number;
  readonly #runs: Run[] = [];
  #held: Placed[] = [];
  #heldBytes = 0;
  #count = 0;
  #file: FileHandle | null = null;

  constructor({ limitBytes = 64 * MIB } = {}) {
    this.#limitBytes = limitBytes;
  }

  async add(entry: LogEntry): Promise<void> {
    this.#held.push({ entry, index: this.#count++ });
    this.#heldBytes += OBJECT_BYTES + entry.text.length;
    if (this.#heldBytes > this.#limitBytes) await this.#writeRun().catch(explain);
  }

  async *sorted(): AsyncGenerator<LogEntry> {
    const rest = this.#held.sort(comparePlaces);
    const file = this.#file;
    if (file === null) {
      for (const { entry } of rest) yield entry;
      return;
    }
    yield* merge([...this.#runs.map(run => readRun(file, run)), inMemory(rest)]);
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #writeRun(): Promise<void> {
    this.#file ??= await openUnnamed();
    const start = this.#runs.at(-1)?.end ?? 0;
    let end = start;
    const held = this.#held.sort(comparePlaces);
    for (let from = 0; from < held.length; from += LINES_A_WRITE) {
      const lines = held.slice(from, from + LINES_A_WRITE).map(placed => `${JSON.stringify(placed)}\n`);
      const bytes = Buffer.from(lines.join(""));
      await this.#file.writeFile(bytes);
      end += bytes.length;
    }
    this.#runs.push({ start, end });
    this.#held = [];
    this.#heldBytes = 0;
  }
}

const MIB = 1024 * 1024;
const OBJECT_BYTES = 250;
const LINES_A_WRITE = 1_000;
const BLOCK_BYTES = 64 * 1024;

/** Lines without a time are first; those of one moment stay in the order in which they were read. */
export function comparePlaces(a: Placed, b: Placed): number {
  const byTime = (a.entry.atMs ?? Number.NEGATIVE_INFINITY) - (b.entry.atMs ?? Number.NEGATIVE_INFINITY);
  return byTime || a.entry.rank - b.entry.rank || a.index - b.index;
}

function explain(error: unknown): never {
  const where = `in a temporary file in ${tmpdir()}`;
  throw new CliFailure(`large logs are sorted ${where}: ${messageOf(error)}. TMPDIR names another folder`);
}

async function openUnnamed(): Promise<FileHandle> {
  const dir = await mkdtemp(path.join(tmpdir(), "bellwether-logs-"));
  try {
    return await open(path.join(dir, "sorted"), "wx+", 0o600);
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function* readRun(file: FileHandle, run: Run): AsyncGenerator<Placed> {
  for await (const { text } of readLines(readBytes(file, run), Number.MAX_SAFE_INTEGER))
    yield JSON.parse(text) as Placed;
}

async function* readBytes(file: FileHandle, { start, end }: Run): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; ) {
    const block = Buffer.alloc(Math.min(BLOCK_BYTES, end - at));
    const { bytesRead } = await file.read(block, 0, block.length, at);
    if (bytesRead === 0) throw new Error("BUG: the file of sorted lines is shorter than what was written");
    at += bytesRead;
    yield block.subarray(0, bytesRead);
  }
}

async function* inMemory(placed: readonly Placed[]): AsyncGenerator<Placed> {
  yield* placed;
}

async function* merge(runs: readonly AsyncGenerator<Placed>[]): AsyncGenerator<LogEntry> {
  const heads = new Map<AsyncGenerator<Placed>, Placed>();
  const advance = async (run: AsyncGenerator<Placed>) => {
    const next = await run.next();
    if (next.done) heads.delete(run);
    else heads.set(run, next.value);
  };
  for (const run of runs) await advance(run);
  while (heads.size > 0) {
    const [run, { entry }] = [...heads].reduce((a, b) => (comparePlaces(b[1], a[1]) < 0 ? b : a));
    yield entry;
    await advance(run);
  }
}
