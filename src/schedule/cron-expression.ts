import type { CronFields } from "./cron-fields.ts";
import { passNote, shiftNote } from "./dst-note.ts";
import type { DstRule, Tick, TickSource } from "./schedule.ts";
import { EARLIEST_TICK_MS, floorToSecond, LATEST_TICK_MS, SECOND_MS } from "./time-units.ts";
import { WallPattern } from "./wall-pattern.ts";
import type { Zone, ZoneSegment } from "./zone.ts";

export interface CronExpressionOptions {
  readonly fields: CronFields;
  /** Text that is equal for equal `fields`. */
  readonly canonical: string;
  readonly zone: Zone;
  readonly dst: DstRule;
}

/** The ticks of one cron expression in one zone. */
export class CronExpression implements TickSource {
  /** Equal for two expressions that match the same wall times. */
  readonly canonical: string;
  readonly #pattern: WallPattern;
  readonly #zone: Zone;
  readonly #fixedHours: boolean;
  readonly #skipsGap: boolean;
  readonly #skipsSecondPass: boolean;

  constructor(options: CronExpressionOptions) {
    const { fields, canonical, zone, dst } = options;
    this.canonical = canonical;
    this.#pattern = new WallPattern(fields);
    this.#zone = zone;
    this.#fixedHours = !fields.isAnyHour;
    this.#skipsGap = fields.isAnyHour || dst.gap === "skip";
    this.#skipsSecondPass = this.#fixedHours && dst.overlap === "first";
  }

  next(afterMs: number): Tick | null {
    let after = floorToSecond(Math.max(afterMs, EARLIEST_TICK_MS - 1));
    while (after < LATEST_TICK_MS) {
      const segment = this.#zone.segmentAt(after + SECOND_MS);
      const tick = this.#firstIn(segment, after);
      if (tick !== null) return tick.at > LATEST_TICK_MS ? null : tick;
      after = segment.end - SECOND_MS;
    }
    return null;
  }

  previous(atMs: number): Tick | null {
    let at = floorToSecond(Math.min(atMs, LATEST_TICK_MS));
    while (at >= EARLIEST_TICK_MS) {
      const segment = this.#zone.segmentAt(at);
      const tick = this.#lastIn(segment, at);
      if (tick !== null) return tick.at < EARLIEST_TICK_MS ? null : tick;
      at = segment.start - SECOND_MS;
    }
    return null;
  }

  /** The segment's first tick after `after`, which is a whole second not before `segment.start` − 1 s. */
  #firstIn(segment: ZoneSegment, after: number): Tick | null {
    const from = Math.max(after, this.#firstRegular(segment) - SECOND_MS);
    const wall = this.#pattern.next(from + segment.offset);
    const regular = wall === null ? Number.POSITIVE_INFINITY : wall - segment.offset;
    const shifted = this.#firstShifted(segment, after);
    const at = Math.min(regular, shifted);
    return at < segment.end ? this.#tick(segment, at, at === shifted) : null;
  }

  /** The segment's last tick at or before `at`, which is inside the segment. */
  #lastIn(segment: ZoneSegment, at: number): Tick | null {
    const wall = this.#pattern.previous(at + segment.offset);
    const found = wall === null ? Number.NEGATIVE_INFINITY : wall - segment.offset;
    const regular = found >= this.#firstRegular(segment) ? found : Number.NEGATIVE_INFINITY;
    const shifted = this.#lastShifted(segment, at);
    const last = Math.max(regular, shifted);
    return last >= segment.start ? this.#tick(segment, last, last === shifted) : null;
  }

  /** Where ticks start that stand on the segment's own clock: after the second pass, if that does not count. */
  #firstRegular(segment: ZoneSegment): number {
    const repeated = segment.previousOffset - segment.offset;
    return this.#skipsSecondPass && repeated > 0 ? segment.start + repeated : segment.start;
  }

  /**
   * Ticks inside the gap, shifted by its length: read on the clock from before the gap, they fall on the right
   * instants of the segment's first `gap` milliseconds.
   */
  #firstShifted(segment: ZoneSegment, after: number): number {
    const gap = this.#gapBefore(segment);
    if (gap === 0 || after >= segment.start + gap) return Number.POSITIVE_INFINITY;
    const wall = this.#pattern.next(Math.max(after, segment.start - SECOND_MS) + segment.previousOffset);
    const at = wall === null ? Number.POSITIVE_INFINITY : wall - segment.previousOffset;
    return at < segment.start + gap ? at : Number.POSITIVE_INFINITY;
  }

  #lastShifted(segment: ZoneSegment, at: number): number {
    const gap = this.#gapBefore(segment);
    if (gap === 0) return Number.NEGATIVE_INFINITY;
    const lastInGap = Math.min(at, segment.start + gap - SECOND_MS);
    const wall = this.#pattern.previous(lastInGap + segment.previousOffset);
    const found = wall === null ? Number.NEGATIVE_INFINITY : wall - segment.previousOffset;
    return found >= segment.start ? found : Number.NEGATIVE_INFINITY;
  }

  /** The length of the gap whose ticks are to be shifted, else 0. */
  #gapBefore(segment: ZoneSegment): number {
    return this.#skipsGap ? 0 : Math.max(0, segment.offset - segment.previousOffset);
  }

  #tick(segment: ZoneSegment, at: number, isShifted: boolean): Tick {
    const note = isShifted ? shiftNote(segment, at) : passNote(segment, at);
    return note === null ? { at } : { at, note };
  }
}
