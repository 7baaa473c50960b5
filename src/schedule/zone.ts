import { DAY_MS, EARLIEST_TICK_MS, LATEST_TICK_MS, SECOND_MS } from "./time-units.ts";
import { isZoneName, problemOfZoneName } from "./zone-names.ts";

/** A stretch of time in which a zone's clocks run evenly: wall time = instant + offset. */
export interface ZoneSegment {
  /** First instant of the segment. */
  readonly start: number;
  /** First instant after the segment. */
  readonly end: number;
  readonly offset: number;
  /** The offset just before `start`. Larger: the segment begins by repeating wall time. Smaller: with a gap. */
  readonly previousOffset: number;
  /** The offset from `end` on. */
  readonly nextOffset: number;
}

/** Transitions are looked up for this long at a time. */
const CHUNK_MS = 400 * DAY_MS;

/**
 * How densely offsets are sampled when looking for transitions. Two transitions that undo each other within
 * this time would be missed; the shortest such pair since 1970 is a week long (Boa Vista, October 2000).
 */
const SAMPLE_MS = 4 * DAY_MS;

/** Segments that a zone keeps. */
const MAX_FOUND = 8;

/** A clock on a wall somewhere. */
export interface WallClock {
  /** What to add to the instant to get the wall time, in milliseconds. */
  offsetAt(instant: number): number;
  /**
   * The instant at which the wall clock shows the time. Of two instants it is the first; a time inside a gap is read on
   * the clock from before the gap (RFC 5545, 3.3.5).
   */
  instantOf(wall: number): number;
}

/** `instantOf` for a clock that changes at most once within a day and a night. */
export function instantOnClock(wall: number, offsetAt: (instant: number) => number): number {
  const before = wall - offsetAt(wall - DAY_MS);
  const after = wall - offsetAt(wall + DAY_MS);
  const isRight = (instant: number) => instant + offsetAt(instant) === wall;
  return !isRight(before) && isRight(after) ? after : before;
}

/** The wall clock of a time zone: when its offset from UTC changes, found through `Intl` and remembered. */
export class Zone implements WallClock {
  readonly #format: Intl.DateTimeFormat;
  readonly #transitions = new Map<number, readonly number[]>();
  #recent: ZoneSegment | undefined;
  /** What was found, newest first: jobs of one zone ask for few stretches, but in turn. */
  #found: readonly ZoneSegment[] = [];

  /** @throws RangeError when `Intl` does not know the zone. */
  constructor(name: string) {
    this.#format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  }

  offsetAt(instant: number): number {
    return this.segmentAt(instant).offset;
  }

  instantOf(wall: number): number {
    return instantOnClock(wall, instant => this.offsetAt(instant));
  }

  /** The segment that contains the instant. Its ends are transitions, or places far from any transition. */
  segmentAt(instant: number): ZoneSegment {
    const recent = this.#recent;
    if (recent !== undefined && instant >= recent.start && instant < recent.end) return recent;
    const known = this.#found.find(({ start, end }) => instant >= start && instant < end);
    const segment = known ?? this.#findSegment(clamp(instant));
    if (known === undefined) this.#found = [segment, ...this.#found.slice(0, MAX_FOUND - 1)];
    this.#recent = segment;
    return segment;
  }

  /**
   * Searches one chunk further on both sides. An end which is no transition then has none within a chunk's length, so
   * callers need not check whether a gap or a repeated hour reaches across it.
   */
  #findSegment(instant: number): ZoneSegment {
    const chunk = Math.floor(instant / CHUNK_MS);
    const here = this.#transitionsOf(chunk);
    const start =
      here.findLast(at => at <= instant) ?? this.#transitionsOf(chunk - 1).at(-1) ?? chunk * CHUNK_MS;
    const end = here.find(at => at > instant) ?? this.#transitionsOf(chunk + 1)[0] ?? (chunk + 1) * CHUNK_MS;
    return {
      start,
      end,
      offset: this.#readOffset(instant),
      previousOffset: this.#readOffset(start - SECOND_MS),
      nextOffset: this.#readOffset(end),
    };
  }

  #transitionsOf(chunk: number): readonly number[] {
    const known = this.#transitions.get(chunk);
    if (known !== undefined) return known;
    const found: number[] = [];
    const last = (chunk + 1) * CHUNK_MS - SECOND_MS;
    for (let from = chunk * CHUNK_MS - SECOND_MS; from < last; from += SAMPLE_MS) {
      const to = Math.min(from + SAMPLE_MS, last);
      if (this.#readOffset(from) !== this.#readOffset(to)) found.push(this.#bisect(from, to));
    }
    this.#transitions.set(chunk, found);
    return found;
  }

  /** The first whole second in (from, to] whose offset is not that of `from`. */
  #bisect(from: number, to: number): number {
    const before = this.#readOffset(from);
    let [low, high] = [from / SECOND_MS, to / SECOND_MS];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#readOffset(middle * SECOND_MS) === before) low = middle;
      else high = middle;
    }
    return high * SECOND_MS;
  }

  /** `Intl` writes "1/1/2026, GMT+05:45", with seconds for some old offsets and bare "GMT" for zero. */
  #readOffset(instant: number): number {
    const text = this.#format.format(instant);
    const [, sign, hours, minutes, seconds = "0"] = /GMT([+-])(\d+):(\d+)(?::(\d+))?$/.exec(text) ?? [];
    if (sign === undefined) return 0;
    const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * SECOND_MS;
    return sign === "-" ? -offset : offset;
  }
}

const zones = new Map<string, Zone>();

/**
 * The zone of that name, shared by everything that asks for it, or null when it is no name of the IANA database or
 * `Intl` does not know it.
 */
export function zoneOf(name: string): Zone | null {
  const known = zones.get(name);
  if (known !== undefined) return known;
  if (!isZoneName(name)) return null;
  try {
    const zone = new Zone(name);
    zones.set(name, zone);
    return zone;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** What is wrong with the name of a time zone, or null when nothing is. */
export function checkTimezone(name: string): string | null {
  return zoneOf(name) === null ? problemOfZoneName(name) : null;
}

function clamp(instant: number): number {
  return Math.min(Math.max(instant, EARLIEST_TICK_MS), LATEST_TICK_MS);
}
