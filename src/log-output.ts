import { writeSync } from "node:fs";

/** A time during which lines could not be written. `error`: why, in the words of the system. */
export interface LogGap {
  readonly dropped: number;
  readonly forMs: number;
  readonly error: string;
}

interface OpenGap {
  readonly sinceMs: number;
  error: string;
  dropped: number;
  /** The code of the error that was reported to listeners. */
  told: string | null;
}

/** How much waits for a reader that is slow, such as a log collector that restarts. */
const WAITING_LIMIT_BYTES = 1024 * 1024;
const SLOW_READER_RETRY_MS = 20;
const FAILURE_RETRY_MS = 500;
/** How long a slow reader may hold up the end of the process. */
const EXIT_LIMIT_MS = 500;
const EXIT_PAUSE_MS = 10;

/**
 * Writes lines to a file descriptor, and neither throws nor waits: a log that cannot be written must not fail a run,
 * block the event loop or end the process. Each line is written immediately, so what was logged before a crash is on
 * record.
 *
 * - The reader of a pipe does not keep up (EAGAIN): up to 1 MiB waits, and newer lines are dropped.
 * - Any other error (ENOSPC, EIO, EPIPE, EBADF): one line waits, and newer ones are dropped. It may have been written in
 *   part; its rest is written first, so that no line is cut.
 *
 * It tries again with each line and on a timer. The gap is reported to listeners when everything that waited is written.
 */
export class LogOutput {
  readonly #fd: number;
  readonly #listeners = new Set<(gap: LogGap) => void>();
  readonly #failureListeners = new Set<(error: NodeJS.ErrnoException) => void>();
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #openGap: OpenGap | null = null;
  /** The gap that is being reported to listeners; it goes on if their own line cannot be written. */
  #reported: OpenGap | null = null;
  #retry: NodeJS.Timeout | null = null;
  #isOpen = false;
  /** Whether the last error was that of a reader that does not keep up. */
  #isReaderSlow = false;
  #dropped = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** How many lines were dropped since the process started. */
  get dropped(): number {
    return this.#dropped;
  }

  write(text: string | Buffer): void {
    if (!this.#isOpen) this.#open();
    const line = typeof text === "string" ? Buffer.from(text) : text;
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#flush();
  }

  /** Calls the listener at the end of each gap in which lines were dropped. Returns the function that ends that. */
  onGap(listener: (gap: LogGap) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls the listener with the first error of each kind in a gap; with that of a slow reader when lines begin to be dropped. */
  onFailure(listener: (error: NodeJS.ErrnoException) => void): void {
    this.#failureListeners.add(listener);
  }

  #open(): void {
    this.#isOpen = true;
    // Node.js makes a pipe or socket non-blocking when it creates the stream for it.
    if (this.#fd === 1) void process.stdout;
    if (this.#fd === 2) void process.stderr;
    process.on("exit", () => this.#drain());
  }

  #flush(): void {
    for (;;) {
      const [line] = this.#waiting;
      if (line === undefined) break;
      try {
        const written = writeSync(this.#fd, line);
        this.#waitingBytes -= written;
        if (written < line.length) this.#waiting[0] = line.subarray(written);
        else this.#waiting.shift();
      } catch (error) {
        this.#giveWay(error as NodeJS.ErrnoException);
        return;
      }
    }
    this.#recover();
  }

  #giveWay(error: NodeJS.ErrnoException): void {
    const isSlowReader = error.code === "EAGAIN";
    this.#isReaderSlow = isSlowReader;
    this.#openGap ??= this.#reported ?? {
      sinceMs: performance.now(),
      error: error.message,
      dropped: 0,
      told: null,
    };
    const openGap = this.#openGap;
    const limit = isSlowReader ? WAITING_LIMIT_BYTES : 0;
    while (this.#waiting.length > 1 && this.#waitingBytes > limit) {
      this.#waitingBytes -= this.#waiting.pop()?.length ?? 0;
      openGap.dropped += 1;
      this.#dropped += 1;
    }
    this.#retry ??= setTimeout(
      () => {
        this.#retry = null;
        this.#flush();
      },
      isSlowReader ? SLOW_READER_RETRY_MS : FAILURE_RETRY_MS,
    ).unref();
    const code = error.code ?? error.message;
    if (openGap.told === code || (isSlowReader && openGap.dropped === 0)) return;
    openGap.told = code;
    openGap.error = isSlowReader ? `${error.message}: its reader does not keep up` : error.message;
    for (const listener of this.#failureListeners) listener(error);
  }

  #recover(): void {
    const openGap = this.#openGap;
    if (openGap === null) return;
    this.#openGap = null;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    if (openGap.dropped === 0) return;
    const { dropped, sinceMs, error } = openGap;
    const gap = { forMs: Math.round(performance.now() - sinceMs), dropped, error };
    this.#reported = openGap;
    for (const listener of this.#listeners) listener(gap);
    this.#reported = null;
  }

  /** The last lines of a process that ends, for a reader that is slow. */
  #drain(): void {
    const endMs = performance.now() + EXIT_LIMIT_MS;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    this.#flush();
    while (this.#waiting.length > 0 && this.#isReaderSlow && performance.now() < endMs) {
      Atomics.wait(pause, 0, 0, EXIT_PAUSE_MS);
      this.#flush();
    }
  }
}

/** The log of this process. */
export const stdoutLines = new LogOutput(1);
/** What people read when there is no log. */
export const stderrLines = new LogOutput(2);

stdoutLines.onFailure(error => stderrLines.write(`the log cannot be written: ${error.message}\n`));
