import { zoneOf } from "./zone.ts";

/** A moment at which the clocks of a zone are put forward or back. */
export interface ClockChange {
  /** The first instant of the new time. */
  readonly at: number;
  /** What to add to an instant to get the wall time, just before and from then on. */
  readonly offsetBefore: number;
  readonly offsetAfter: number;
}

/** The changes in (afterMs, upToMs], ascending. None for a zone that `Intl` does not know. */
export function clockChanges(timezone: string, afterMs: number, upToMs: number): ClockChange[] {
  const zone = zoneOf(timezone);
  const changes: ClockChange[] = [];
  for (let segment = zone?.segmentAt(afterMs); segment && segment.end <= upToMs; ) {
    const { end, offset, nextOffset } = segment;
    if (nextOffset !== offset) changes.push({ at: end, offsetBefore: offset, offsetAfter: nextOffset });
    segment = zone?.segmentAt(end);
  }
  return changes;
}
