import type { Window } from "./judge/windows.ts";

const INTERVAL_MS = 100;
const STALL_MS = 50;
/** What was held up as well must catch up, one after the other: this many times as long. */
const AFTERMATH = 3;

/** Notices when the machine holds this process up: the others are late then too, and not by their own fault. */
export class StallWatch {
  readonly stalls: Window[] = [];
  readonly #timer: NodeJS.Timeout;
  #lastMs = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const nowMs = performance.now();
    const stalledMs = nowMs - this.#lastMs - INTERVAL_MS;
    this.#lastMs = nowMs;
    if (stalledMs < STALL_MS) return;
    const untilMs = Date.now();
    this.stalls.push({ fromMs: untilMs - stalledMs, untilMs: untilMs + AFTERMATH * stalledMs });
  }
}
