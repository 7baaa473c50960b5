import type { BellwetherEvent } from "./event-map.ts";

/** In place of events that were dropped: the loop that reads them did not keep up. */
export interface EventsDropped {
  readonly name: "events.dropped";
  /** How many. */
  readonly dropped: number;
}

export type StreamedEvent = BellwetherEvent | EventsDropped;

export interface EventStreamOptions {
  /** Ends the stream; what was not read yet is dropped. */
  readonly signal?: AbortSignal | undefined;
  /** The most events that wait to be read; 1,000 by default. Beyond it the oldest ones are dropped. */
  readonly bufferLimit?: number | undefined;
}

type Result = IteratorResult<StreamedEvent, undefined>;

const BUFFER_LIMIT = 1_000;
const DONE: Result = { done: true, value: undefined };

/** Events in the order in which they were emitted, for one `for await` loop. It has all of them from its creation on. */
export class EventStream implements AsyncIterator<StreamedEvent, undefined>, AsyncIterable<StreamedEvent> {
  readonly #limit: number;
  readonly #onEnd: (stream: EventStream) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #waiting: ((result: Result) => void)[] = [];
  #buffer: BellwetherEvent[] = [];
  #dropped = 0;
  #hasEnded = false;

  /** `onEnd`: it takes no more events. */
  constructor(
    { signal, bufferLimit = BUFFER_LIMIT }: EventStreamOptions,
    onEnd: (stream: EventStream) => void,
  ) {
    this.#limit = bufferLimit;
    this.#onEnd = onEnd;
    this.#signal = signal;
    signal?.addEventListener("abort", this.#abort, { once: true });
    if (signal?.aborted) this.#abort();
  }

  push(event: BellwetherEvent): void {
    if (this.#hasEnded) return;
    const reader = this.#waiting.shift();
    if (reader) {
      reader({ done: false, value: event });
      return;
    }
    if (this.#buffer.length >= this.#limit) {
      this.#buffer.shift();
      this.#dropped += 1;
    }
    if (this.#limit > 0) this.#buffer.push(event);
  }

  /** No event comes any more. What waits can still be read. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#signal?.removeEventListener("abort", this.#abort);
    for (const reader of this.#waiting.splice(0)) reader(DONE);
    this.#onEnd(this);
  }

  async next(): Promise<Result> {
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      return { done: false, value: { name: "events.dropped", dropped } };
    }
    const event = this.#buffer.shift();
    if (event) return { done: false, value: event };
    if (this.#hasEnded) return DONE;
    const { promise, resolve } = Promise.withResolvers<Result>();
    this.#waiting.push(resolve);
    return promise;
  }

  /** The loop was left. */
  async return(): Promise<Result> {
    this.#abort();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #abort = (): void => {
    this.#buffer = [];
    this.#dropped = 0;
    this.end();
  };
}
