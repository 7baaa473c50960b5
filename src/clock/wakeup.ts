/** Remembers a notification until it is consumed, also while there is no waiter. */
export class Wakeup {
  #notified = new AbortController();

  /** Aborts when it is notified. */
  get signal(): AbortSignal {
    return this.#notified.signal;
  }

  notify(): void {
    this.#notified.abort();
  }

  clear(): void {
    if (this.#notified.signal.aborted) this.#notified = new AbortController();
  }

  /** Whether it was notified since the last call. */
  consume(): boolean {
    const isNotified = this.#notified.signal.aborted;
    this.clear();
    return isNotified;
  }
}
