import type { Candidate, Schedule, Tick, TickCount } from "./schedule.ts";

/** A schedule that was in force until `untilMs`: it has no tick after that. */
export class BoundedSchedule implements Schedule {
  readonly jitterMs: number;
  readonly fingerprint: string;
  readonly #schedule: Schedule;
  readonly #untilMs: number;

  constructor(schedule: Schedule, untilMs: number) {
    this.jitterMs = schedule.jitterMs;
    this.fingerprint = schedule.fingerprint;
    this.#schedule = schedule;
    this.#untilMs = untilMs;
  }

  next(afterMs: number): Tick | null {
    return this.#within(this.#schedule.next(afterMs));
  }

  previous(atMs: number): Tick | null {
    return this.#schedule.previous(Math.min(atMs, this.#untilMs));
  }

  count(afterMs: number, upToMs: number, limit: number): TickCount {
    return this.#schedule.count(afterMs, Math.min(upToMs, this.#untilMs), limit);
  }

  candidate(afterMs: number): Candidate | null {
    return this.#within(this.#schedule.candidate(afterMs));
  }

  jitterOf(tickAtMs: number): number {
    return this.#schedule.jitterOf(tickAtMs);
  }

  #within<T extends Tick>(tick: T | null): T | null {
    return tick !== null && tick.at <= this.#untilMs ? tick : null;
  }
}
