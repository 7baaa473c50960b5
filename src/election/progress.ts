import type { Clock } from "../clock/clock.ts";

/** A leader that should have launched something and has not for this long may have a broken launch connection. */
const STALL_MS = 2_000;

/** For how long a leader has got nowhere, and why as far as that is known. */
export interface Stall {
  readonly sinceMs: number;
  readonly error: string;
}

/**
 * What the leader's work says about its progress. The lease is only renewed for a leader that makes progress (LeaseKeeper):
 * one that hangs, or whose launch connection alone is broken, would keep it for ever and launch nothing.
 *
 * Work that never reports is not watched.
 */
export class Progress {
  readonly #clock: Pick<Clock, "monotonicMs">;
  #steppedMs: number | null = null;
  #failure: Stall | null = null;
  /** Null from a failure or refusal until something succeeds. */
  #healthySinceMs: number | null;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
    this.#healthySinceMs = clock.monotonicMs();
  }

  /** A step has ended, so the work does not hang. */
  step(): void {
    const nowMs = this.#clock.monotonicMs();
    const hung = nowMs - (this.#steppedMs ?? nowMs) >= STALL_MS;
    if (hung && this.#healthySinceMs !== null) this.#healthySinceMs = nowMs;
    this.#steppedMs = nowMs;
  }

  /** A launch has succeeded, or nothing is due. */
  succeed(): void {
    this.#failure = null;
    this.step();
    this.#healthySinceMs ??= this.#clock.monotonicMs();
  }

  /** Redis has refused: the connection works, and another replica would get the same answer. */
  refuse(): void {
    this.#failure = null;
    this.#healthySinceMs = null;
    this.step();
  }

  /** A step had no answer. Repeated failures without a success between them are one stall. */
  fail(error: string): void {
    this.#failure = { sinceMs: this.#failure?.sinceMs ?? this.#clock.monotonicMs(), error };
    this.#healthySinceMs = null;
    this.step();
  }

  /** Monotonic; since when there has been no failure, or infinity while there is one. */
  get healthySinceMs(): number {
    return this.stall === null
      ? (this.#healthySinceMs ?? Number.POSITIVE_INFINITY)
      : Number.POSITIVE_INFINITY;
  }

  /** Monotonic; when the work counts as stalled unless something succeeds until then. */
  get stallsAtMs(): number {
    return (this.#failure?.sinceMs ?? this.#steppedMs ?? Number.POSITIVE_INFINITY) + STALL_MS;
  }

  /** Null while the work makes progress. */
  get stall(): Stall | null {
    const nowMs = this.#clock.monotonicMs();
    if (this.#steppedMs === null || nowMs < this.stallsAtMs) return null;
    return this.#failure ?? { sinceMs: this.#steppedMs, error: "a step of the leader's work has not ended" };
  }
}
