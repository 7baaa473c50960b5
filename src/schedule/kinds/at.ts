import { z } from "zod";
import { instant, notEmpty } from "../../config/schemas/fields.ts";
import { countUntil } from "../count-until.ts";
import type { Tick, TickSource } from "../schedule.ts";
import type { KindTicks, ScheduleKind } from "../schedule-kind.ts";
import { isInstant } from "../time-units.ts";

const EXPECTED = "expected a list of times like [2026-12-24T18:00:00Z]";
const MAX_LISTED = 3;

/** Single instants: epoch milliseconds. */
export const atKind = {
  key: "at",
  field: "at",
  schema: z.array(instant(), { error: EXPECTED }).check(notEmpty(EXPECTED)).transform(inOrder),
  description: "Single instants.",
  stored: z.array(z.number()),
  asksWallClock: false,
  read(at, _rules, report): KindTicks {
    if (at.length === 0) report({ problem: "the list of instants is empty" });
    for (const [index, time] of at.entries()) {
      if (!isInstant(time)) report({ index, problem: `${time} is not an instant` });
    }
    const instants = inOrder(at);
    return { source: new AtSource(instants), canonical: instants };
  },
  text: at => `at ${listed(at)}`,
  describe: async at => [`At ${at.length} single instant${at.length === 1 ? "" : "s"}: ${listed(at)}.`],
  instants: at => at,
} as const satisfies ScheduleKind<readonly number[]>;

/** Ascending, each once. */
function inOrder(instants: readonly number[]): number[] {
  return [...new Set(instants)].sort((a, b) => a - b);
}

function listed(at: readonly number[]): string {
  const shown = at.slice(0, MAX_LISTED).map(instant => new Date(instant).toISOString().replace(".000Z", "Z"));
  const more = at.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Ticks at listed instants. */
class AtSource implements TickSource {
  readonly #instants: readonly number[];

  /** The instants ascending, each once. */
  constructor(instants: readonly number[]) {
    this.#instants = instants;
  }

  next(afterMs: number): Tick | null {
    return this.#tick(countUntil(this.#instants, Number, afterMs));
  }

  previous(atMs: number): Tick | null {
    return this.#tick(countUntil(this.#instants, Number, atMs) - 1);
  }

  #tick(index: number): Tick | null {
    const at = this.#instants[index];
    return at === undefined ? null : { at };
  }
}
