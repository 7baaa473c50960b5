/** The time by the clock of Redis, which decides about ticks; the clock of this machine may be minutes off. */
import { signal } from "@preact/signals";

let offsetMs = 0;

/** Moves once a second. Read it only where something counts, so that nothing else renders again. */
export const nowMs = signal(Date.now());

setInterval(tick, 1_000);

/** `clock`: what the server said the time was, in an answer to a question of `sentAtMs` (of performance.now()). */
export function setClock(clock: string, sentAtMs: number): void {
  const halfMs = (performance.now() - sentAtMs) / 2;
  offsetMs = Date.parse(clock) + halfMs - Date.now();
  tick();
}

export function clockNow(): number {
  return Date.now() + offsetMs;
}

function tick(): void {
  nowMs.value = clockNow();
}
