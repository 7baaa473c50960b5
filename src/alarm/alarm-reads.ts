import type { Clock } from "../clock/clock.ts";
import type { Events } from "../events.ts";
import { isErrorReply } from "../redis/refusal.ts";
import { withoutArguments } from "../redis/server-facts.ts";

/** A server that has just started or lost its role refuses more briefly. */
const GRACE_MS = 5_000;

export interface AlarmReadsOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly events: Events;
  /** What an alarm reads. */
  readonly what: string;
  /** What the alarm cannot do without. */
  readonly loss: string;
}

/**
 * The reads of an alarm. Where Redis answers and refuses them, it reports why: once for each reason, until a read succeeds.
 * Where Redis does not answer, `redis.unreachable` reports it.
 */
export class AlarmReads {
  readonly #options: AlarmReadsOptions;
  readonly #told = new Set<string>();
  #sinceMs: number | null = null;

  constructor(options: AlarmReadsOptions) {
    this.#options = options;
  }

  /** What the read comes to; null where it fails. */
  async read<T>(read: () => Promise<T>): Promise<T | null> {
    try {
      const found = await read();
      this.#sinceMs = null;
      this.#told.clear();
      return found;
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  #fail(error: unknown): void {
    if (!isErrorReply(error)) {
      // Another server may answer next, or the same one after a restart.
      this.#sinceMs = null;
      return;
    }
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
}
