import { setImmediate } from "node:timers/promises";

/** Of a leader's event loop, which renews a lease and launches ticks meanwhile. */
const TURN_MS = 5;
/** Steps between two questions for the time. */
const STEPS = 64;

/** Cuts long work into short stretches, between which the event loop turns. */
export class Turns {
  #sinceMs = performance.now();
  #steps = 0;

  /** To be called before each of many small steps: whether it is time for a `turn`. */
  isOver(): boolean {
    this.#steps++;
    return this.#steps % STEPS === 0 && performance.now() - this.#sinceMs >= TURN_MS;
  }

  async turn(): Promise<void> {
    await setImmediate();
    this.#sinceMs = performance.now();
  }
}
