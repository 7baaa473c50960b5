import { createHash } from "node:crypto";
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
    this.canonical = `calendar ${digestOf([this.#wall, this.#instants])}`;
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

/** The stretch that holds the moment, found by halving. */
function holding(stretches: readonly Stretch[], moment: number): Stretch | null {
  let [low, high] = [0, stretches.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[middle]?.start ?? 0) <= moment) low = middle + 1;
    else high = middle;
  }
  const last = stretches[low - 1];
  return last !== undefined && moment < last.end ? last : null;
}

/** Depends on the time that is covered, not on how it is cut into events. */
function digestOf(clocks: readonly (readonly Stretch[])[]): string {
  const covered = clocks.map(stretches => {
    const ends: number[] = [];
    for (const { start, end } of stretches) {
      if (ends.at(-1) === start) ends.pop();
      else ends.push(start);
      ends.push(end);
    }
    return ends;
  });
  return createHash("sha256").update(JSON.stringify(covered)).digest("hex").slice(0, 16);
}
