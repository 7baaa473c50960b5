import type { Disturbance, TermStart, Violation } from "./evidence.ts";
import { timeOutside, type Window } from "./windows.ts";

/** Beyond what the fault allows. */
const SLACK_MS = 500;

/**
 * A fault that ends a term is followed by a term, within what its kind allows. Where other faults are at work meanwhile,
 * theirs are added.
 */
export function handovers(
  {
    disturbances,
    terms,
    quietAtMs,
  }: { disturbances: readonly Disturbance[]; terms: readonly TermStart[]; quietAtMs: number },
  disturbed: readonly Window[],
): Violation[] {
  const starts = terms.map(({ sinceMs }) => sinceMs).sort((a, b) => a - b);
  return disturbances.flatMap(({ kind, endsTerm, fromMs }): Violation[] => {
    if (!endsTerm) return [];
    const nextMs = starts.find(sinceMs => sinceMs > fromMs);
    const beyondMs = timeOutside(fromMs, nextMs ?? Math.max(quietAtMs, fromMs), disturbed);
    if (beyondMs <= SLACK_MS) return [];
    const length = nextMs === undefined ? "to the end" : `for ${nextMs - fromMs} ms`;
    const what = `${kind} at ${new Date(fromMs).toISOString()}: no leader ${length}, ${beyondMs} ms more than allowed`;
    return [{ breach: "no leader", what }];
  });
}
