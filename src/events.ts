import { errorOf } from "./errors.ts";
import type { BellwetherEvent, EventMap, EventName } from "./event-map.ts";
import { EventStream, type EventStreamOptions, type StreamedEvent } from "./event-stream.ts";

export type Subscriber = <K extends EventName>(name: K, fields: EventMap[K]) => unknown;
export type EventListener<K extends EventName> = (event: BellwetherEvent<K>) => unknown;

/**
 * The events of a replica. Each goes to every subscriber, in the order of subscription, and then to the listeners of its
 * name and to the loops. A subscriber or listener that throws or rejects must not stop what emitted the event, nor hide the
 * event from the others: `listener.failed` reports it once for each event's name. No listener is waited for.
 *
 * `for await (const event of events)` reads all of them; see `stream`.
 */
export class Events implements AsyncIterable<StreamedEvent> {
  readonly #subscribers = new Set<Subscriber>();
  readonly #listeners = new Map<EventName, Set<EventListener<never>>>();
  readonly #streams = new Set<EventStream>();
  readonly #reported = new Set<EventName>();
  #hasEnded = false;

  emit<K extends EventName>(name: K, fields: EventMap[K]): void {
    for (const subscriber of this.#subscribers) this.#call(name, () => subscriber(name, fields));
    const listeners = this.#listeners.get(name) ?? [];
    const event = { name, ...fields } as unknown as BellwetherEvent;
    for (const listener of listeners) this.#call(name, () => listener(event as never));
    for (const stream of this.#streams) stream.push(event);
  }

  /** Calls the listener with each event of that name from now on; the same listener only once. Returns what ends that. */
  on<K extends EventName>(name: K, listener: EventListener<K>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => this.off(name, listener);
  }

  /** Ends `on`; without effect where there is none. */
  off<K extends EventName>(name: K, listener: EventListener<K>): void {
    this.#listeners.get(name)?.delete(listener);
  }

  /**
   * All events from now on, for one `for await` loop. It ends when the replica has stopped (after `replica.stopped`) or could
   * not start, when the loop is left, and when the signal aborts. After the replica's end it has no events. A loop that does not
   * keep up loses the oldest events beyond the buffer's limit, and reads `{ name: "events.dropped", dropped }` in their place.
   */
  stream(
    options: EventStreamOptions = {},
  ): AsyncIterator<StreamedEvent, undefined> & AsyncIterable<StreamedEvent> {
    const stream = new EventStream(options, ended => this.#streams.delete(ended));
    if (this.#hasEnded) stream.end();
    else if (!options.signal?.aborted) this.#streams.add(stream);
    return stream;
  }

  [Symbol.asyncIterator](): AsyncIterator<StreamedEvent, undefined> {
    return this.stream();
  }

  /**
   * Ends the loops over the events; they still read what was emitted before. A loop that begins later ends immediately. A
   * replica calls it when it has stopped.
   */
  endStreams(): void {
    this.#hasEnded = true;
    for (const stream of this.#streams) stream.end();
  }

  /** Calls the subscriber with every event, its name and its fields apart. Returns the function that ends the subscription. */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  #call(name: EventName, call: () => unknown): void {
    try {
      const result = call();
      if (isThenable(result)) result.then(undefined, (error: unknown) => this.#report(name, error));
    } catch (error) {
      this.#report(name, error);
    }
  }

  /** A subscriber that fails at the report itself is reported on standard error only: another report would never end. */
  #report(failed: EventName, error: unknown): void {
    if (this.#reported.has(failed)) return;
    this.#reported.add(failed);
    const why = explain(error);
    if (failed === "listener.failed")
      process.stderr.write(`a subscriber of Bellwether's events failed: ${why}\n`);
    else this.emit("listener.failed", { at: failed, error: why, thrown: errorOf(error) });
  }
}

/** What a subscriber threw may be unreadable: a getter that throws, a revoked Proxy. */
function explain(error: unknown): string {
  try {
    return String(error instanceof Error ? (error.stack ?? error.message) : error);
  } catch {
    return "an error that cannot be read";
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
