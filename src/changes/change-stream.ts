import type { Change } from "./change.ts";

/** A change with its place among the changes, which a client gives as `Last-Event-ID` to go on behind it. */
export type PlacedChange = Change & {
  readonly id: string;
  /** As server-sent events carry it; made once for all streams. */
  readonly frame: string;
};

type Result = IteratorResult<PlacedChange, undefined>;

/** Some minutes of a busy cluster. */
const BUFFER_LIMIT = 1_000;
const DONE: Result = { done: true, value: undefined };

/**
 * The changes of one client, for one `for await` loop. It ends when the replica stops, and when the client does not keep up: beyond
 * its buffer nothing is kept for it, and it has to connect again.
 */
export class ChangeStream implements AsyncIterableIterator<PlacedChange, undefined> {
  readonly #onEnd: (stream: ChangeStream) => void;
  #buffer: PlacedChange[] = [];
  /** Changes wait behind those from before its beginning, which are being read. */
  #hasBegun = false;
  #hasEnded = false;
  #reader: ((result: Result) => void) | null = null;

  /** `onEnd`: it takes no more changes. */
  constructor(onEnd: (stream: ChangeStream) => void) {
    this.#onEnd = onEnd;
  }

  /** Goes on with what came since, after what was before. */
  begin(before: readonly PlacedChange[]): void {
    this.#hasBegun = true;
    this.#buffer = [...before, ...this.#buffer];
    this.#wake();
  }

  push(change: PlacedChange): void {
    if (this.#hasEnded) return;
    this.#buffer.push(change);
    if (this.#buffer.length > BUFFER_LIMIT) this.close();
    else this.#wake();
  }

  /** Nothing comes any more. What waits can still be read. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#hasBegun = true;
    this.#onEnd(this);
    this.#wake();
  }

  /** The same, and drops what waits. */
  close(): void {
    this.#buffer = [];
    this.end();
  }

  next(): Promise<Result> {
    const { promise, resolve } = Promise.withResolvers<Result>();
    this.#reader = resolve;
    this.#wake();
    return promise;
  }

  /** The loop was left. */
  async return(): Promise<Result> {
    this.close();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wake(): void {
    if (this.#reader === null || !this.#hasBegun) return;
    const change = this.#buffer.shift();
    if (change === undefined && !this.#hasEnded) return;
    const reader = this.#reader;
    this.#reader = null;
    reader(change === undefined ? DONE : { done: false, value: change });
  }
}
