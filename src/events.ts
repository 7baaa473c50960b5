import type { EventMap, EventName } from "./event-map.ts";

type Listener = <K extends EventName>(name: K, fields: EventMap[K]) => unknown;

/**
 * Hands each event to every subscriber, in the order of subscription. A subscriber that throws or rejects must not stop
 * what emitted the event, nor hide the event from the others: it is reported once for each event's name.
 */
export class Events {
  readonly #listeners = new Set<Listener>();
  readonly #reported = new Set<EventName>();

  emit<K extends EventName>(name: K, fields: EventMap[K]): void {
    for (const listener of this.#listeners) {
      try {
        const result = listener(name, fields);
        if (isThenable(result)) result.then(undefined, error => this.#report(name, error));
      } catch (error) {
        this.#report(name, error);
      }
    }
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A subscriber that fails at the report itself is reported on standard error only: another report would never end. */
  #report(failed: EventName, error: unknown): void {
    if (this.#reported.has(failed)) return;
    this.#reported.add(failed);
    const why = explain(error);
    if (failed === "listener.failed")
      process.stderr.write(`a subscriber of Bellwether's events failed: ${why}\n`);
    else this.emit("listener.failed", { at: failed, error: why });
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
