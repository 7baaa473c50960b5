import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";

const MAIN = path.resolve(import.meta.dirname, "../../src/main.ts");

export interface LogLine {
  readonly event?: string;
  readonly level: string;
  readonly replica: string;
  readonly [field: string]: unknown;
}

/** A real replica in a process of its own, and what it logs. */
export class ReplicaProcess {
  readonly child: ChildProcess;
  readonly lines: LogLine[] = [];
  /** What was printed that is no JSON: crashes, mostly. */
  readonly noise: string[] = [];
  readonly #ended: Promise<unknown>;
  #isRead = false;
  readonly #waiting = new Set<() => void>();
  readonly #listeners = new Set<(line: LogLine) => void>();

  /** `command`: the program and the arguments before `args`, if it is not this checkout's `run`. */
  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    cwd?: string,
    command: readonly [string, ...string[]] = [process.execPath, MAIN, "run"],
  ) {
    const [program, ...first] = command;
    this.child = spawn(program, [...first, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(cwd === undefined ? {} : { cwd }),
    });
    // Not "exit": what it printed last may be read after that.
    this.#ended = once(this.child, "close").then(() => {
      this.#isRead = true;
      this.#notify();
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface({ input: stream }).on("line", line => this.#read(line));
    }
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves with the first such line, past or to come; rejects when the process ends without it. */
  when(event: string, matches: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      let checked = 0;
      const check = () => {
        const found = this.lines.slice(checked).find(line => line.event === event && matches(line));
        checked = this.lines.length;
        if (!found && !this.#isRead) return;
        this.#waiting.delete(check);
        if (found) resolve(found);
        else reject(new Error(`ended without ${event}:\n${this.noise.join("\n")}`));
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Hears each line of the log from now on, when it comes. */
  subscribe(listener: (line: LogLine) => void): void {
    this.#listeners.add(listener);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves with the exit code when the process has ended, for whatever reason, and all that it printed is here. */
  async ended(): Promise<number | null> {
    await this.#ended;
    return this.child.exitCode;
  }

  /** Sends the signal, if the process still runs, and waits for its end. Resolves with the exit code. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (!this.hasEnded) this.child.kill(signal);
    return await this.ended();
  }

  #read(line: string): void {
    const parsed = parseLine(line);
    if (parsed) {
      this.lines.push(parsed);
      for (const listener of this.#listeners) listener(parsed);
    } else {
      this.noise.push(line);
    }
    this.#notify();
  }

  #notify(): void {
    for (const check of [...this.#waiting]) check();
  }
}

function parseLine(line: string): LogLine | null {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return null;
  }
}
