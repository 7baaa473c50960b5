/** Which part of time the timeline shows. Pure. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SHORTEST_MS = 2 * MINUTE_MS;
const LONGEST_MS = 14 * DAY_MS;
const READS_A_WINDOW = 10_000;
const LEAST_APART_MS = 3_000;
const LONGEST_APART_MS = 15_000;
const STEPS_MS = [
  ...[
    10_000,
    30_000,
    MINUTE_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
  ],
  ...[HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS, DAY_MS, 2 * DAY_MS, 7 * DAY_MS],
];

/** A day back and a day forward. */
export function usualWindow(nowMs: number): Window {
  const middle = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  return { fromMs: middle - DAY_MS, toMs: middle + DAY_MS };
}

/** The least time between two reads: what happens in it is hardly wider than a line. */
export function apartMs({ fromMs, toMs }: Window): number {
  return Math.min(Math.max((toMs - fromMs) / READS_A_WINDOW, LEAST_APART_MS), LONGEST_APART_MS);
}

/** `factor` below 1 shows less time; the instant at `share` of the width stays where it is. */
export function zoomed({ fromMs, toMs }: Window, factor: number, share = 0.5): Window {
  const width = toMs - fromMs;
  const next = Math.min(Math.max(width * factor, SHORTEST_MS), LONGEST_MS);
  const start = fromMs + (width - next) * share;
  return { fromMs: Math.round(start), toMs: Math.round(start + next) };
}

/** `share` of the width to the right, or to the left where it is negative. */
export function panned({ fromMs, toMs }: Window, share: number): Window {
  const by = Math.round((toMs - fromMs) * share);
  return { fromMs: fromMs + by, toMs: toMs + by };
}

/** Round instants, about `most` of them. `offsetMs`: of the zone in which they are to be round. */
export function axisTicks({ fromMs, toMs }: Window, most: number, offsetMs: number): number[] {
  const width = toMs - fromMs;
  const step = STEPS_MS.find(one => width / one <= most) ?? 7 * DAY_MS;
  const ticks: number[] = [];
  for (let at = Math.ceil((fromMs + offsetMs) / step) * step - offsetMs; at <= toMs; at += step)
    ticks.push(at);
  return ticks;
}

/** Where an instant is, in pixels. */
export function positionOf({ fromMs, toMs }: Window, width: number, atMs: number): number {
  return ((atMs - fromMs) / (toMs - fromMs)) * width;
}
