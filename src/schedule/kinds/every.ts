import { z } from "zod";
import { duration } from "../../config/schemas/fields.ts";
import { durationText } from "../duration.ts";
import type { Tick, TickSource } from "../schedule.ts";
import type { KindTicks, ScheduleKind } from "../schedule-kind.ts";

/** A fixed interval in milliseconds. */
export const everyKind = {
  key: "every",
  field: "everyMs",
  schema: duration("100ms", "366d"),
  description: "A fixed interval, aligned to the epoch so that all replicas agree.",
  stored: z.number(),
  asksWallClock: false,
  read(everyMs, _rules, report): KindTicks {
    if (!(Number.isSafeInteger(everyMs) && everyMs > 0)) {
      report({ problem: `${everyMs} ms is not a period: expected whole milliseconds above 0` });
    }
    return { source: new EverySource(everyMs), canonical: everyMs };
  },
  text: everyMs => `every ${durationText(everyMs)}`,
  describe: async everyMs => [
    `Every ${durationText(everyMs)}, counted from 1970-01-01T00:00:00Z: no clock on a wall is asked.`,
  ],
} as const satisfies ScheduleKind<number>;

/** Ticks at the multiples of a period since the epoch, so that all replicas agree without talking. */
class EverySource implements TickSource {
  readonly #periodMs: number;

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  next(afterMs: number): Tick {
    return { at: (Math.floor(afterMs / this.#periodMs) + 1) * this.#periodMs };
  }

  previous(atMs: number): Tick {
    return { at: Math.floor(atMs / this.#periodMs) * this.#periodMs };
  }

  countBetween(afterMs: number, upToMs: number): number {
    return Math.max(0, Math.floor(upToMs / this.#periodMs) - Math.floor(afterMs / this.#periodMs));
  }
}
