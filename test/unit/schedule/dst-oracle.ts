import type { DstRule } from "../../../src/schedule/schedule.ts";

/**
 * The rules of daylight saving a second time, written from docs/schedules.md and slow: a walk through every minute of
 * the real clock, reading the wall clock with `Intl` only. Shares nothing with the implementation.
 */
export interface OracleExpression {
  readonly text: string;
  isMinute(minute: number): boolean;
  isHour(hour: number): boolean;
  isDay(date: WallDate): boolean;
  readonly isAnyHour: boolean;
}

export interface WallDate {
  readonly day: number;
  readonly month: number;
  readonly daysInMonth: number;
  readonly weekday: number;
}

interface WallMinute {
  readonly minute: number;
  readonly hour: number;
  readonly date: WallDate;
}

interface FilmMinute extends WallMinute {
  readonly at: number;
  /** Whether the wall clock shows this minute once, or which time it is. */
  pass: "only" | "first" | "second";
}

/** A minute that the wall clock jumps over. */
interface MissingMinute extends WallMinute {
  /** When the minute comes that is as much later as the clock jumped. */
  readonly shiftedTo: number;
}

/** What the wall clock of a zone shows in each minute of a stretch of real time. */
export interface Film {
  readonly fromMs: number;
  readonly minutes: readonly FilmMinute[];
  readonly missing: readonly MissingMinute[];
}

/** The minutes of a film that an expression matches, whatever becomes of them. */
export type Matches = Pick<Film, "minutes" | "missing"> & { readonly isAnyHour: boolean };

export interface OracleTick {
  readonly at: number;
  readonly kind: "plain" | "shifted" | "first pass" | "second pass";
}

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

/** `fromMs` is a whole quarter of an hour. */
export function film(zone: string, fromMs: number, minutes: number): Film {
  const dates = new Map<number, WallDate>();
  const read = (wall: number) => minuteOf(wall, dates);
  const shown: FilmMinute[] = [];
  const missing: MissingMinute[] = [];
  const repeated = new Set<number>();
  const walls = wallMinutes(zone, fromMs, minutes);
  let newest = Number.NEGATIVE_INFINITY;
  for (const [index, wall] of walls.entries()) {
    const at = fromMs + index * MINUTE;
    for (let skipped = newest + MINUTE; skipped < wall && index > 0; skipped += MINUTE) {
      missing.push({ ...read(skipped), shiftedTo: at + skipped - newest - MINUTE });
    }
    if (wall <= newest) repeated.add(wall);
    shown.push({ at, ...read(wall), pass: wall <= newest ? "second" : "only" });
    newest = Math.max(newest, wall);
  }
  for (const [index, minute] of shown.entries()) {
    if (minute.pass === "only" && repeated.has(walls[index] ?? 0)) minute.pass = "first";
  }
  return { fromMs, minutes: shown, missing };
}

/** The minutes that the expression matches, gaps and passes left aside. */
export function matchesIn({ minutes, missing }: Film, expression: OracleExpression): Matches {
  const isMinute = Array.from({ length: 60 }, (_, minute) => expression.isMinute(minute));
  const isHour = Array.from({ length: 24 }, (_, hour) => expression.isHour(hour));
  const isDay = new Map<WallDate, boolean>();
  const matches = ({ minute, hour, date }: WallMinute) => {
    if (!isMinute[minute] || !isHour[hour]) return false;
    const known = isDay.get(date) ?? expression.isDay(date);
    isDay.set(date, known);
    return known;
  };
  return {
    minutes: minutes.filter(matches),
    missing: missing.filter(matches),
    isAnyHour: expression.isAnyHour,
  };
}

/** The ticks in a film. Its first and last days are only there to see gaps and repetitions coming. */
export function oracleTicks({ minutes, missing, isAnyHour }: Matches, dst: DstRule): OracleTick[] {
  const ticks = new Map<number, OracleTick["kind"]>();
  for (const { at, pass } of minutes) {
    if (pass === "second" && !isAnyHour && dst.overlap === "first") continue;
    ticks.set(at, pass === "only" ? "plain" : `${pass} pass`);
  }
  if (!isAnyHour && dst.gap === "run") {
    for (const { shiftedTo } of missing) ticks.set(shiftedTo, "shifted");
  }
  return [...ticks].map(([at, kind]) => ({ at, kind })).sort((a, b) => a.at - b.at);
}

/**
 * Wall time of each minute, in milliseconds as if it were UTC. `Intl` is asked every quarter of an hour, and every
 * minute where the next quarter is not a quarter later.
 */
function wallMinutes(zone: string, fromMs: number, minutes: number): number[] {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  const read = (index: number) => {
    const text = format.format(fromMs + index * MINUTE);
    const [, month, day, year, hour, minute] = (/(\d+)\/(\d+)\/(\d+), (\d+):(\d+)/.exec(text) ?? []).map(
      Number,
    );
    return Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute);
  };
  const walls: number[] = [];
  for (let quarter = 0, wall = read(0); quarter < minutes; quarter += 15) {
    const next = read(quarter + 15);
    for (let index = 0; index < 15; index++) {
      walls.push(next - wall === 15 * MINUTE ? wall + index * MINUTE : read(quarter + index));
    }
    wall = next;
  }
  return walls;
}

function minuteOf(wall: number, dates: Map<number, WallDate>): WallMinute {
  const midnight = wall - (wall % DAY);
  const date = dates.get(midnight) ?? dateOf(midnight);
  dates.set(midnight, date);
  const minuteOfDay = (wall - midnight) / MINUTE;
  return { minute: minuteOfDay % 60, hour: Math.floor(minuteOfDay / 60), date };
}

function dateOf(midnight: number): WallDate {
  const date = new Date(midnight);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  return {
    day: date.getUTCDate(),
    month: month + 1,
    daysInMonth: new Date(Date.UTC(year, month + 1, 0)).getUTCDate(),
    weekday: date.getUTCDay(),
  };
}
