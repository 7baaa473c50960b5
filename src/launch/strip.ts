import { hash } from "node:crypto";

/**
 * The last ticks and runs of a job as lists show them, kept as cells that strips.lua describes. Scripts write some of the cells,
 * and this file the others, for what is recorded without a script.
 */

/** How a tick or a run went. `running`: it has not ended, as far as is recorded. */
export type Outcome = "completed" | "failed" | "running" | "skipped" | "missed";

/** The median, and the value that 19 of 20 do not exceed. Milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
}

export interface Strip {
  /** Oldest first, 60 at most. A run whose end is not known is left out. */
  readonly outcomes: readonly Outcome[];
  /** Of the runs that have ended: the last attempt. */
  readonly durationMs: Spread | null;
  /** Of the launches. */
  readonly lateMs: Spread | null;
}

const SHOWN = 60;
const CELL = /([a-z])([0-9a-f]{6}|-{6})([0-o]{2}|--)/gy;
const FIRST_DIGIT = 48;
const STEPS_PER_E = 175;
const MAX_STEP = 64 * 64 - 1;

/** A run was added that is of no tick. */
export function launchCell(run: string): string {
  return `${tickCell(run)}--`;
}

/** A tick was launched as this run; how late is yet to be added (advance.lua). */
export function tickCell(run: string): string {
  return `r${markOf(run)}`;
}

/** A tick got no run. */
export function passCell(outcome: "skipped" | "missed"): string {
  return `${outcome === "skipped" ? "s" : "m"}--------`;
}

export function endCell(run: string, result: "completed" | "failed", durationMs: number): string {
  return `${result === "failed" ? "f" : "c"}${markOf(run)}${digitsOf(durationMs)}`;
}

interface Shown {
  outcome: Outcome | null;
  lateMs: number | null;
  durationMs: number | null;
}

export function readStrip(cells: string): Strip {
  const shown: Shown[] = [];
  const byMark = new Map<string, Shown>();
  for (const [, what = "", mark = "", time = ""] of cells.matchAll(CELL)) {
    const known = byMark.get(mark);
    const ms = msOf(time);
    if (what === "r" || what === "s" || what === "m") {
      // A quick worker may record the end of a run before its beginning is on record.
      if (known !== undefined) continue;
      const outcome = what === "r" ? "running" : what === "s" ? "skipped" : "missed";
      const one: Shown = { outcome, lateMs: ms, durationMs: null };
      shown.push(one);
      if (what === "r") byMark.set(mark, one);
    } else if (what === "c" || what === "f" || what === "x") {
      const one = known ?? { outcome: null, lateMs: null, durationMs: null };
      one.outcome = ENDS[what];
      one.durationMs = ms;
      if (known === undefined) shown.push(one);
      byMark.set(mark, one);
    }
  }
  const last = shown.filter(({ outcome }) => outcome !== null).slice(-SHOWN);
  return {
    outcomes: last.flatMap(({ outcome }) => outcome ?? []),
    durationMs: spreadOf(last.flatMap(({ durationMs }) => durationMs ?? [])),
    lateMs: spreadOf(last.flatMap(({ lateMs }) => lateMs ?? [])),
  };
}

const ENDS = { c: "completed", f: "failed", x: null } as const;

/** Six digits tell the runs of a strip apart. */
function markOf(run: string): string {
  return hash("sha1", run).slice(0, 6);
}

function digitsOf(ms: number): string {
  const step = Math.min(Math.round(Math.log1p(Math.max(ms, 0)) * STEPS_PER_E), MAX_STEP);
  return String.fromCharCode(FIRST_DIGIT + (step >> 6), FIRST_DIGIT + (step & 63));
}

function msOf(digits: string): number | null {
  if (digits === "--") return null;
  const [high, low] = [digits.charCodeAt(0) - FIRST_DIGIT, digits.charCodeAt(1) - FIRST_DIGIT];
  return Math.round(Math.expm1((64 * high + low) / STEPS_PER_E));
}

function spreadOf(values: number[]): Spread | null {
  if (values.length === 0) return null;
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.ceil(share * values.length) - 1] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}
