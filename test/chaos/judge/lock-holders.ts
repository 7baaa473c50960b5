import type { LockHold, Violation } from "./evidence.ts";
import { overlaps, type Window } from "./windows.ts";

/** An abort is heard in the next turn of the event loop. */
const SLACK_MS = 20;

/**
 * Two processes do not hold a lock at a time, and each acquisition has a greater fence than the one before. Excused: the
 * time in which a holder was frozen, or the store lost writes, or the machine stalled.
 */
export function lockHolders(holds: readonly LockHold[], excused: readonly Window[]): Violation[] {
  const sorted = holds.toSorted((a, b) => a.fromMs - b.fromMs);
  return sorted.flatMap((hold, i): Violation[] => {
    const before = sorted[i - 1];
    if (!before) return [];
    const isExcused = excused.some(window =>
      overlaps(window, { fromMs: before.fromMs, untilMs: hold.fromMs }),
    );
    if (isExcused) return [];
    if (hold.fence <= before.fence) {
      const what = `fence ${hold.fence} of ${hold.holder} is not greater than ${before.fence} of ${before.holder}, which came before`;
      return [{ breach: "lock", what }];
    }
    const togetherMs = before.untilMs - hold.fromMs;
    if (togetherMs <= SLACK_MS) return [];
    const what = `${before.holder} (fence ${before.fence}) and ${hold.holder} (fence ${hold.fence}) held the lock together for ${Math.round(togetherMs)} ms`;
    return [{ breach: "lock", what }];
  });
}
