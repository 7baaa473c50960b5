import type { DstRule } from "../../../src/schedule/schedule.ts";

/**
 * The rules of daylight saving a second time, written from DESIGN §5.8 and slow: a walk through every minute of
 * the real clock, reading the wall clock with `Intl` only. Shares nothing with the implementation.
 */
export interface OracleExpression {
  readonly text: string;
  /** By fields of the wall clock: minute, hour, day of month, weekday. */
  matches(wall: WallMinute): boolean;
  readonly isAnyHour: boolean;
}

export interface WallMinute {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly weekday: number;
}

/** What the wall clock of a zone shows in each minute of a stretch of real time. */
export interface Film {
  readonly fromMs: number;
  /** Wall time of each minute, in milliseconds as if it were UTC. */
  readonly walls: readonly number[];
  readonly fields: readonly WallMinute[];
}

export interface OracleTick {
  readonly at: number;
  readonly kind: "plain" | "shifted" | "first pass" | "second pass";
}

const MINUTE = 60_000;

export function film(zone: string, fromMs: number, minutes: number): Film {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  const walls = Array.from({ length: minutes }, (_, index) => {
    const text = format.format(fromMs + index * MINUTE);
    const [, month, day, year, hour, minute] = (/(\d+)\/(\d+)\/(\d+), (\d+):(\d+)/.exec(text) ?? []).map(
      Number,
    );
    return Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute);
  });
  return { fromMs, walls, fields: walls.map(fieldsOf) };
}

/** The ticks in the film. Its first and last days are only there to see gaps and repetitions coming. */
export function oracleTicks(film: Film, expression: OracleExpression, dst: DstRule): OracleTick[] {
  const { fromMs, walls, fields } = film;
  const passes = new Map<number, number>();
  for (const wall of walls) passes.set(wall, (passes.get(wall) ?? 0) + 1);
  const ticks = new Map<number, OracleTick["kind"]>();
  const seen = new Set<number>();
  for (const [index, wall] of walls.entries()) {
    const at = fromMs + index * MINUTE;
    const isSecondPass = seen.has(wall);
    seen.add(wall);
    if (!expression.matches(fields[index] ?? fieldsOf(wall))) continue;
    if (isSecondPass && !expression.isAnyHour && dst.overlap === "first") continue;
    ticks.set(at, isSecondPass ? "second pass" : passes.get(wall) === 2 ? "first pass" : "plain");
  }
  if (!expression.isAnyHour && dst.gap === "run") {
    for (const { wall, gapMs } of missingMinutes(walls)) {
      if (!expression.matches(fieldsOf(wall))) continue;
      ticks.set(fromMs + walls.indexOf(wall + gapMs) * MINUTE, "shifted");
    }
  }
  return [...ticks].map(([at, kind]) => ({ at, kind })).sort((a, b) => a.at - b.at);
}

/** The minutes that the wall clock jumps over, and how far it jumps. */
function missingMinutes(walls: readonly number[]): { wall: number; gapMs: number }[] {
  return walls.flatMap((wall, index) => {
    const before = walls[index - 1] ?? wall - MINUTE;
    const gapMs = wall - before - MINUTE;
    return Array.from({ length: Math.max(0, gapMs / MINUTE) }, (_, i) => ({
      wall: before + (i + 1) * MINUTE,
      gapMs,
    }));
  });
}

function fieldsOf(wall: number): WallMinute {
  const date = new Date(wall);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
  };
}
