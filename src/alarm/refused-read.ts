import type { Clock } from "../clock/clock.ts";
import type { Events } from "../events.ts";
import { isErrorReply } from "../redis/refusal.ts";
import { withoutArguments } from "../redis/server-facts.ts";

/** A server that has just started or lost its role refuses more briefly. */
const GRACE_MS = 5_000;

export interface RefusedReadOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly events: Events;
  /** What an alarm reads. */
  readonly what: string;
  /** What the alarm cannot do without. */
  readonly loss: string;
}

/**
 * Reports why Redis answers, and refuses what an alarm reads: once for each reason, until a read succeeds. Where Redis does
 * not answer, `redis.unreachable` reports it.
 */
export class RefusedRead {
  readonly #options: RefusedReadOptions;
  readonly #told = new Set<string>();
  #sinceMs: number | null = null;

  constructor(options: RefusedReadOptions) {
    this.#options = options;
  }

  /** To be called with what a read failed with. */
  fail(error: unknown): void {
    if (!isErrorReply(error)) return;
    const { clock, events, what, loss } = this.#options;
    this.#sinceMs ??= clock.monotonicMs();
    const why = withoutArguments(error.message);
    if (clock.monotonicMs() - this.#sinceMs < GRACE_MS || this.#told.has(why)) return;
    this.#told.add(why);
    events.emit("redis.warning", {
      problem: `Redis refuses to show ${what} (${why}), so ${loss}`,
      advice:
        "correct what it names: a right of the user, a key of another program, a script that does not end",
    });
  }

  /** To be called when a read has succeeded. */
  succeed(): void {
    this.#sinceMs = null;
    this.#told.clear();
  }
}
