import { createHash } from "node:crypto";
import { countUntil } from "./count-until.ts";
import type { Exception, Stretch } from "./exception.ts";

/** Nothing that a calendar repeats is looked at outside these years: ticks there are not excepted by repetition. */
export const CALENDAR_YEARS = { first: 1970, last: 2099 } as const;

export interface CalendarOptions {
  readonly name: string;
  readonly stretches: readonly Stretch[];
}

/** Named stretches of time without ticks. Shared by all schedules that except it. */
export class Calendar implements Exception {
  readonly canonical: string;
  readonly label: string;
  readonly #wall: readonly Stretch[];
  readonly #instants: readonly Stretch[];

  constructor({ name, stretches }: CalendarOptions) {
    this.label = `calendar ${name}`;
    this.#wall = disjoint(stretches.filter(stretch => stretch.clock === "wall"));
    this.#instants = disjoint(stretches.filter(stretch => stretch.clock === "instant"));
    this.canonical = `calendar ${digestOf(this.coverage)}`;
  }

  /** The calendar with that `coverage`: equal to the one that it came from, but for the names of its events. */
  static covering(name: string, coverage: readonly (readonly number[])[]): Calendar {
    const stretches = (["wall", "instant"] as const).flatMap((clock, i) => {
      const ends = coverage[i] ?? [];
      return Array.from({ length: Math.floor(ends.length / 2) }, (_, at): Stretch => {
        return { clock, start: ends[2 * at] ?? 0, end: ends[2 * at + 1] ?? 0 };
      });
    });
    return new Calendar({ name, stretches });
  }

  /**
   * The time that is covered, on the wall clock and as instants: each a list of starts and ends in turn. It does not
   * depend on how the time is cut into events.
   */
  get coverage(): readonly (readonly number[])[] {
    return [this.#wall, this.#instants].map(coverageOf);
  }

  /** What it was made of, without overlaps: a calendar that is made of these is equal, also in the names of its events. */
  get stretches(): readonly Stretch[] {
    return [...this.#wall, ...this.#instants];
  }

  stretchAt(instant: number, wall: number): Stretch | null {
    return holding(this.#wall, wall) ?? holding(this.#instants, instant);
  }

  /** In the hash of a configuration only the time counts, not what the events are called. */
  toJSON(): string {
    return this.canonical;
  }
}

/** The same time in stretches that do not overlap, ascending: where two do, it belongs to the one that began first. */
function disjoint(stretches: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const stretch of stretches.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (stretch.end <= end) continue;
    result.push(stretch.start >= end ? stretch : { ...stretch, start: end });
    end = stretch.end;
  }
  return result;
}

/** The stretch that holds the moment. */
function holding(stretches: readonly Stretch[], moment: number): Stretch | null {
  const last = stretches[countUntil(stretches, ({ start }) => start, moment) - 1];
  return last !== undefined && moment < last.end ? last : null;
}

function coverageOf(stretches: readonly Stretch[]): number[] {
  const ends: number[] = [];
  for (const { start, end } of stretches) {
    if (ends.at(-1) === start) ends.pop();
    else ends.push(start);
    ends.push(end);
  }
  return ends;
}

function digestOf(coverage: readonly (readonly number[])[]): string {
  return createHash("sha256").update(JSON.stringify(coverage)).digest("hex").slice(0, 16);
}
