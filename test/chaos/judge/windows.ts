/** A stretch of store time (epoch ms), both ends included. */
export interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The same instants as disjoint windows, ascending. */
export function union(windows: readonly Window[]): Window[] {
  const merged: Window[] = [];
  for (const window of windows.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (!last || window.fromMs > last.untilMs) merged.push(window);
    else merged[merged.length - 1] = { ...last, untilMs: Math.max(last.untilMs, window.untilMs) };
  }
  return merged;
}

/** How much of [fromMs, untilMs] lies in none of the windows. */
export function timeOutside(fromMs: number, untilMs: number, windows: readonly Window[]): number {
  let left = Math.max(untilMs - fromMs, 0);
  for (const window of union(windows)) {
    left -= Math.max(Math.min(window.untilMs, untilMs) - Math.max(window.fromMs, fromMs), 0);
  }
  return left;
}

export function overlaps(a: Window, b: Window): boolean {
  return a.fromMs <= b.untilMs && b.fromMs <= a.untilMs;
}

export function contains({ fromMs, untilMs }: Window, atMs: number): boolean {
  return atMs >= fromMs && atMs <= untilMs;
}
