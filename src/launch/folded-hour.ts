import { HOUR_MS } from "../schedule/time-units.ts";

/** How many rows of one hour were folded, by what became of them (fold-history.lua). */
export interface FoldedCounts {
  /** Ticks of the schedule whose run completed. */
  readonly completed: number;
  /** Completed runs that operators asked for: manual ones and backfills. */
  readonly asked: number;
  readonly failed: number;
  readonly skipped: number;
  readonly missed: number;
  /** Runs that were removed, or whose end is not known. */
  readonly lost: number;
  /** Runs whose end was not on record. */
  readonly open: number;
}

export interface FoldedHour extends FoldedCounts {
  /** Null: all that was folded up to the end of the hour `toMs`. */
  readonly fromMs: number | null;
  readonly toMs: number;
  /** Of the completed runs, on average. */
  readonly durationMs: number;
  readonly maxDurationMs: number;
  readonly maxLateMs: number;
}

/** What a field of a job's hours says, or null where it is none that Bellwether writes. */
export function foldedHourOf(field: string, value: string): FoldedHour | null {
  const numbers = value.split(" ").map(Number);
  if (!/^\d{1,20}( \d{1,20})*$/.test(value)) return null;
  const hour = field === "before" ? numbers.shift() : /^\d{1,9}$/.test(field) ? Number(field) : undefined;
  if (hour === undefined || hour > MAX_HOUR || numbers.length < 10) return null;
  const [completed, asked, failed, skipped, missed, lost, open, took, maxDurationMs, maxLateMs] =
    numbers as Numbers;
  const count = completed + asked;
  return {
    fromMs: field === "before" ? null : hour * HOUR_MS,
    toMs: (hour + 1) * HOUR_MS - 1,
    ...{ completed, asked, failed, skipped, missed, lost, open, maxDurationMs, maxLateMs },
    durationMs: count === 0 ? 0 : Math.round(took / count),
  };
}

/** The farthest that a Date can be from the epoch. */
const MAX_HOUR = 8.64e15 / HOUR_MS - 1;
type Numbers = [number, number, number, number, number, number, number, number, number, number];

/** How many rows these are. */
export function foldedRows(hour: FoldedCounts): number {
  const { completed, asked, failed, skipped, missed, lost, open } = hour;
  return completed + asked + failed + skipped + missed + lost + open;
}

/** `60 completed, 2 failed`. */
export function foldedText(hour: FoldedCounts): string {
  const { completed, asked, failed, skipped, missed, lost, open } = hour;
  const parts: readonly (readonly [number, string])[] = [
    [completed, "completed"],
    [asked, "completed that an operator asked for"],
    [failed, "failed"],
    [skipped, "skipped"],
    [missed, "missed"],
    [lost, "without a known end"],
    [open, "without an end on record"],
  ];
  return parts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(", ");
}
