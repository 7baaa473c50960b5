/** Remembers that something may have changed, also while nobody was waiting for it. */
export class Hint {
  #given = new AbortController();

  /** Aborts when the hint is given. */
  get signal(): AbortSignal {
    return this.#given.signal;
  }

  give(): void {
    this.#given.abort();
  }

  clear(): void {
    if (this.#given.signal.aborted) this.#given = new AbortController();
  }

  /** Whether one was given; from now on another one is waited for. */
  take(): boolean {
    const isGiven = this.#given.signal.aborted;
    this.clear();
    return isGiven;
  }
}
