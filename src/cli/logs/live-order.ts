import { comparePlaces } from "./entry-sorter.ts";
import type { LogEntry } from "./log-entry.ts";

/** How long a line waits for earlier ones of other replicas, which come over other connections. */
const HOLD_MS = 1_000;
const TURN_MS = 250;

/** Sorts lines that come while they are written: prints each one after a second, and what is earlier before it. */
export class LiveOrder {
  readonly #print: (entries: readonly LogEntry[]) => void;
  readonly #timer: NodeJS.Timeout;
  #held: { readonly entry: LogEntry; readonly index: number; readonly cameMs: number }[] = [];
  #count = 0;

  constructor(print: (entries: readonly LogEntry[]) => void) {
    this.#print = print;
    this.#timer = setInterval(() => this.flush(performance.now() - HOLD_MS), TURN_MS);
  }

  add(entry: LogEntry): void {
    this.#held.push({ entry, index: this.#count++, cameMs: performance.now() });
  }

  /** Prints what came before this moment, and all that is earlier than that. */
  flush(cameBeforeMs = Number.POSITIVE_INFINITY): void {
    const held = this.#held.sort(comparePlaces);
    const end = held.findLastIndex(({ cameMs }) => cameMs < cameBeforeMs) + 1;
    this.#held = held.slice(end);
    if (end > 0) this.#print(held.slice(0, end).map(({ entry }) => entry));
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
