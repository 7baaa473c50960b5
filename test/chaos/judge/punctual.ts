import type { Recorded, Violation } from "./evidence.ts";
import { decidedAt, type JobAccount, plannedAt, type TickAccount, waitingWindows } from "./job-account.ts";
import { codeOf } from "./reason-code.ts";
import { timeOutside, type Window } from "./windows.ts";

/** Covers a leader's start, a garbage collection, two cores that several processes share. */
const PUNCTUAL_MS = 2_000;

/**
 * A tick is decided as soon as it is due, whatever is decided. Time in which something was disturbed does not count, nor
 * does the time in which the job was paused or (with `queue`) another run of it had not ended.
 */
export function latenessOf(
  account: JobAccount,
  disturbed: readonly Window[],
  punctualMs = PUNCTUAL_MS,
): Violation[] {
  return account.ticks.flatMap((tick): Violation[] => {
    const row = tick.rows[0];
    if (!row) return [];
    const excused = [...disturbed, ...waitingWindows(account, tick)];
    const decidedMs = decidedAt(tick);
    const lateMs = Math.round(timeOutside(tick.dueByMs, decidedMs, excused));
    if (lateMs > punctualMs) {
      const what = `${tick.run} was ${row.outcome} ${decidedMs - tick.dueByMs} ms after it was due, ${lateMs} ms of it undisturbed`;
      return [{ breach: "late", what, run: tick.run }];
    }
    return untrueLateness(tick, row, excused, punctualMs);
  });
}

/** What the record says of its own lateness decides what the policy permits, so it must be true. */
function untrueLateness(
  tick: TickAccount,
  row: Recorded,
  excused: readonly Window[],
  punctualMs: number,
): Violation[] {
  const { outcome, lateMs } = row;
  const counts = outcome === "launched" || (outcome === "skipped" && codeOf(row) === "overlap");
  if (!counts || lateMs === undefined) return [];
  const decidedMs = decidedAt(tick);
  if (timeOutside(plannedAt(tick), decidedMs, excused) <= punctualMs) return [];
  const what = `${tick.run} was ${outcome} ${decidedMs - tick.tickAtMs} ms late, and its record says ${lateMs} ms`;
  return [{ breach: "wrong record", what, run: tick.run }];
}
