import type { Edit, Recorded, Violation } from "./evidence.ts";
import { decidedAt, type JobAccount, type TickAccount } from "./job-account.ts";
import { readRun } from "./run-name.ts";

/**
 * A job ends when this many of its ticks were launched: not before, and not later. The count goes on over edits; a
 * limit that is raised brings back no tick from before.
 */
export function withinMaxRuns({ job, ticks }: JobAccount, history: readonly Recorded[]): Violation[] {
  const before = launchedBefore(history.filter(({ run }) => readRun(run).job === job.name));
  let launched = 0;
  return ticks.flatMap((tick, i): Violation[] => {
    const { run, rows, rules, isRequired } = tick;
    const limits = rules.map(({ maxRuns = Number.POSITIVE_INFINITY }) => maxRuns);
    const [least, most] = [Math.min(...limits), Math.max(...limits)];
    const [row] = rows;
    const edit = editWhilePending(ticks, i, job.edits ?? []);
    const byThen = edit ? countLaunched(ticks, edit.untilMs) : launched;
    if (row?.outcome === "launched") launched++;
    if (!row && isRequired && byThen < least && least < Number.POSITIVE_INFINITY) {
      const what = `${run} was never decided, after ${byThen} of ${least} runs`;
      return [{ breach: "lost", what, run }];
    }
    if (row && (before.get(run) ?? 0) >= most) {
      return [{ breach: "not permitted", what: `${run}: ${job.name} was over after ${most} runs`, run }];
    }
    return [];
  });
}

/** By run, how many were launched before it was decided: the history is in the order of the decisions. */
function launchedBefore(history: readonly Recorded[]): ReadonlyMap<string, number> {
  const before = new Map<string, number>();
  let launched = 0;
  for (const { run, outcome } of history) {
    before.set(run, launched);
    if (outcome === "launched") launched++;
  }
  return before;
}

/** The edit that came before the tick could be decided: it shares what is left with ticks of the new rules. */
function editWhilePending(
  ticks: readonly TickAccount[],
  index: number,
  edits: readonly Edit[],
): Edit | undefined {
  const { tickAtMs } = ticks[index] as TickAccount;
  const edit = edits.find(({ untilMs }) => untilMs >= tickAtMs);
  const isPassed = ticks
    .slice(index + 1)
    .some(later => edit && later.tickAtMs <= edit.fromMs && decidedAt(later) <= edit.fromMs);
  return isPassed ? undefined : edit;
}

function countLaunched(ticks: readonly TickAccount[], untilMs: number): number {
  return ticks.filter(({ tickAtMs, rows: [row] }) => tickAtMs <= untilMs && row?.outcome === "launched")
    .length;
}
