import type { Clock } from "../clock/clock.ts";
import type { Events } from "../events.ts";

/**
 * Says that nobody leads: first after two TTLs without an answer about a leader (one is what a normal takeover
 * after a freeze may take), then at doubling intervals while it lasts, so that the log shows it without drowning.
 */
export class AbsenceAlarm {
  readonly #clock: Clock;
  readonly #events: Events;
  readonly #graceMs: number;
  #sinceMs: number | null = null;
  #nextMs = 0;

  constructor(clock: Clock, events: Events, leaseTtlMs: number) {
    this.#clock = clock;
    this.#events = events;
    this.#graceMs = 2 * leaseTtlMs;
  }

  /** To be called whenever no leader is known; `error` is why. */
  check(error: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#sinceMs === null) {
      this.#sinceMs = nowMs;
      this.#nextMs = nowMs + this.#graceMs;
    }
    if (nowMs < this.#nextMs) return;
    const forMs = Math.round(nowMs - this.#sinceMs);
    this.#nextMs = nowMs + forMs;
    this.#events.emit("leader.absent", { forMs, error });
  }

  /** For how long no leader has been known; 0 while one is. */
  get forMs(): number {
    return this.#sinceMs === null ? 0 : this.#clock.monotonicMs() - this.#sinceMs;
  }

  /** To be called whenever a leader is known. */
  clear(): void {
    this.#sinceMs = null;
  }
}
