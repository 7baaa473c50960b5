import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../src/clock/clock.ts";

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** Time that moves only when a test moves it. */
export class ManualClock implements Clock {
  #monotonicMs = 1_000_000;
  #offsetMs: number;
  #sleepers: Sleeper[] = [];

  constructor(startMs: number = Date.UTC(2026, 10, 23, 7)) {
    this.#offsetMs = startMs - this.#monotonicMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  nowMs(): number {
    return this.#monotonicMs + this.#offsetMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise(resolve => {
      const sleeper = { untilMs: this.#monotonicMs + Math.max(ms, 0), wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener(
        "abort",
        () => {
          this.#sleepers = this.#sleepers.filter(other => other !== sleeper);
          resolve();
        },
        { once: true },
      );
    });
  }

  /** Moves time on, waking sleepers in their order and letting each do what it does before the next. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settle();
    for (;;) {
      const next = this.#sleepers.toSorted((a, b) => a.untilMs - b.untilMs)[0];
      if (!next || next.untilMs > endMs) break;
      this.#sleepers = this.#sleepers.filter(sleeper => sleeper !== next);
      this.#monotonicMs = Math.max(this.#monotonicMs, next.untilMs);
      next.wake();
      await settle();
    }
    this.#monotonicMs = endMs;
    await settle();
  }

  /** Moves time on immediately, as for a process that was stopped: a caller that wakes finds it later than expected. */
  async freeze(ms: number): Promise<void> {
    this.#monotonicMs += ms;
    const overdue = this.#sleepers.filter(sleeper => sleeper.untilMs <= this.#monotonicMs);
    this.#sleepers = this.#sleepers.filter(sleeper => sleeper.untilMs > this.#monotonicMs);
    for (const sleeper of overdue) sleeper.wake();
    await settle();
  }
}

/**
 * Lets every promise that can resolve without time or I/O do so. No event says that code has nothing more to do: a test that knows
 * what is to come waits for that, and this is for tests that expect nothing to come. Ten turns, because a timer or a stream
 * of Node.js needs one for each step.
 */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await turn();
}
