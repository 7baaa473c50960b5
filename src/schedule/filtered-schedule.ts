import { createHash } from "node:crypto";
import type { Exception } from "./exception.ts";
import type { Candidate, Exclusion, Schedule, Tick, TickCount, TickSource } from "./schedule.ts";
import type { ScheduleSpec } from "./spec.ts";
import { DAY_MS } from "./time-units.ts";
import type { Zone } from "./zone.ts";

/**
 * How many excepted stretches a search passes before it concludes that everything is excepted. Days are
 * passed whole, so this is 50 years of excepted days.
 */
const STRETCH_LIMIT = 20_000;

/** The calendar repeats after 400 years, so what a cron expression excepts for this long it excepts for ever. */
const CALENDAR_CYCLE_MS = 146_097 * DAY_MS;
/** Single instants and the events of a calendar may be farther apart than that, but not this many of them. */
const MIN_STRETCHES = 100;

function isHopeless(passed: number, distanceMs: number): boolean {
  return passed >= STRETCH_LIMIT || (passed >= MIN_STRETCHES && distanceMs > CALENDAR_CYCLE_MS);
}

export interface FilteredScheduleOptions {
  readonly spec: Pick<ScheduleSpec, "startMs" | "endMs" | "jitterMs" | "seed">;
  readonly source: TickSource;
  readonly exceptions: readonly Exception[];
  /** Whose wall clock the exceptions name. */
  readonly zone: Zone;
  readonly fingerprint: string;
}

/** The ticks of a source that lie between start and end and are not excepted, with their jitter. */
export class FilteredSchedule implements Schedule {
  readonly jitterMs: number;
  readonly fingerprint: string;
  readonly #seed: string;
  readonly #source: TickSource;
  readonly #exceptions: readonly Exception[];
  readonly #zone: Zone;
  readonly #startMs: number;
  readonly #endMs: number;
  /** From here on there is no tick, as far as a search got: spares a fruitless search its repetition. */
  #exhaustedAfter = Number.POSITIVE_INFINITY;

  constructor({ spec, source, exceptions, zone, fingerprint }: FilteredScheduleOptions) {
    this.jitterMs = spec.jitterMs;
    this.fingerprint = fingerprint;
    this.#seed = spec.seed;
    this.#source = source;
    this.#exceptions = exceptions;
    this.#zone = zone;
    this.#startMs = spec.startMs ?? Number.NEGATIVE_INFINITY;
    this.#endMs = spec.endMs ?? Number.POSITIVE_INFINITY;
  }

  next(afterMs: number): Tick | null {
    if (afterMs >= this.#exhaustedAfter) return null;
    const first = Math.max(afterMs, this.#startMs - 1);
    let after = first;
    for (let passed = 0; !isHopeless(passed, after - first); passed++) {
      const tick = this.#source.next(after);
      if (tick === null || tick.at > this.#endMs) break;
      const excepted = this.#exceptedAround(tick.at);
      if (excepted === null) return tick;
      after = excepted.end - 1;
    }
    this.#exhaustedAfter = afterMs;
    return null;
  }

  previous(atMs: number): Tick | null {
    const last = Math.min(atMs, this.#endMs);
    let at = last;
    for (let passed = 0; !isHopeless(passed, last - at); passed++) {
      const tick = this.#source.previous(at);
      if (tick === null || tick.at < this.#startMs) return null;
      const excepted = this.#exceptedAround(tick.at);
      if (excepted === null) return tick;
      at = excepted.start - 1;
    }
    return null;
  }

  count(afterMs: number, upToMs: number, limit: number): TickCount {
    if (this.#source.countBetween && this.#exceptions.length === 0) {
      const after = Math.max(afterMs, this.#startMs - 1);
      const last = Math.min(upToMs, this.#endMs);
      return { count: this.#source.countBetween(after, last), isExact: true };
    }
    let count = 0;
    for (let tick = this.next(afterMs); tick !== null && tick.at <= upToMs; tick = this.next(tick.at)) {
      if (count === limit) return { count, isExact: false };
      count += 1;
    }
    return { count, isExact: true };
  }

  candidate(afterMs: number): Candidate | null {
    const tick = this.#source.next(afterMs);
    if (tick === null) return null;
    const exclusion = this.#exclusionOf(tick.at);
    return exclusion === null ? tick : { ...tick, exclusion };
  }

  jitterOf(tickAtMs: number): number {
    if (this.jitterMs <= 0) return 0;
    const digest = createHash("sha256").update(`${this.#seed}@${tickAtMs}`).digest();
    return digest.readUIntBE(0, 6) % this.jitterMs;
  }

  #exclusionOf(tickAtMs: number): Exclusion | null {
    if (tickAtMs < this.#startMs) {
      return {
        reason: `before start ${isoText(this.#startMs)}`,
        lastAt: this.#lastBefore(this.#startMs, tickAtMs),
      };
    }
    if (tickAtMs > this.#endMs) {
      return { reason: `after end ${isoText(this.#endMs)}`, lastAt: Number.POSITIVE_INFINITY };
    }
    const [excepted] = this.#exceptedAt(tickAtMs);
    if (excepted === undefined) return null;
    const lastAt = this.#lastBefore(Math.min(excepted.end, this.#endMs + 1), tickAtMs);
    return { reason: excepted.reason, lastAt };
  }

  #lastBefore(endMs: number, tickAtMs: number): number {
    return this.#source.previous(endMs - 1)?.at ?? tickAtMs;
  }

  /** The excepted instants [start, end) around a tick: the longest stretch that any exception gives. */
  #exceptedAround(tickAtMs: number): { start: number; end: number } | null {
    const excepted = this.#exceptedAt(tickAtMs);
    if (excepted.length === 0) return null;
    const start = Math.min(...excepted.map(stretch => stretch.start));
    return { start, end: Math.max(...excepted.map(stretch => stretch.end)) };
  }

  /** What each exception takes away around a tick, as instants; of wall time as far as the zone's offset holds. */
  #exceptedAt(tickAtMs: number): { reason: string; start: number; end: number }[] {
    if (this.#exceptions.length === 0) return [];
    const segment = this.#zone.segmentAt(tickAtMs);
    return this.#exceptions.flatMap(exception => {
      const stretch = exception.stretchAt(tickAtMs, tickAtMs + segment.offset);
      if (stretch === null) return [];
      const reason = stretch.name === undefined ? exception.label : `${exception.label} (${stretch.name})`;
      if (stretch.clock === "instant") return { reason, start: stretch.start, end: stretch.end };
      const start = Math.max(stretch.start - segment.offset, segment.start);
      return { reason, start, end: Math.min(stretch.end - segment.offset, segment.end) };
    });
  }
}

function isoText(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}
