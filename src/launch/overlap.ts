import type { Job } from "../config/config.ts";
import { type Decision, skip } from "../schedule/decision.ts";
import { runIdOf } from "./run-id.ts";
import { type NewestRun, sinceOf } from "./unfinished.ts";

const UNGUARDED: Pick<Job, "overlap" | "sharedQueue"> = { overlap: "allow" };

/** A run that has not ended, in the way of the next one of its job. */
export interface Blocker {
  readonly run: string;
  /** Undecided ticks after this one wait for its end (epoch ms). */
  readonly sinceMs: number;
}

export interface OverlapOutcome {
  /** What is to be committed, in the order of the plan. */
  readonly decisions: readonly Decision[];
  /** By job with `overlap: queue`, what its next tick waits for: that tick, and all after it, stay undecided. */
  readonly held: ReadonlyMap<string, Blocker>;
}

/**
 * What `overlap` makes of a plan, given the newest run of each job that has one: a launch beside an unfinished run becomes
 * a skipped tick, or waits. Pure.
 */
export function applyOverlap(
  planned: readonly Decision[],
  jobOf: (job: string) => Pick<Job, "overlap" | "sharedQueue">,
  newestRuns: ReadonlyMap<string, NewestRun>,
): OverlapOutcome {
  const blockers = new Map<string, Blocker>();
  for (const [job, run] of newestRuns) if (run.state === "unfinished") blockers.set(job, run);
  const held = new Map<string, Blocker>();
  const decisions = planned.flatMap((decision): Decision[] => {
    const { job, outcome, tickAtMs } = decision;
    if (held.has(job)) return [];
    const { overlap, sharedQueue } = outcome === "launched" ? jobOf(job) : UNGUARDED;
    if (overlap === "allow") return [decision];
    const blocker = blockers.get(job);
    if (blocker === undefined) {
      const run = runIdOf(job, tickAtMs, sharedQueue?.runPrefix);
      blockers.set(job, { run, sinceMs: sinceOf(run, tickAtMs) });
      return [decision];
    }
    if (overlap === "skip") return [skipBeside(decision, blocker)];
    held.set(job, blocker);
    return [];
  });
  return { decisions, held };
}

function skipBeside({ job, epoch, tickAtMs, dueAtMs }: Decision, { run }: Blocker): Decision {
  return { ...skip("overlap"), job, epoch, tickAtMs, dueAtMs, blockedBy: run };
}
