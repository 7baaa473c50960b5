/** What became of a job at an instant: the answer of `bellwether why`, of the client and of the API. */

export const VERDICTS = [
  "launched",
  "skipped",
  "missed",
  "held",
  "not_a_tick",
  "not_yet",
  "unknown",
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** `why --json`: what became of a job at an instant, and why. Times are ISO 8601 in UTC; null where there is nothing to say. */
export interface Why {
  readonly job: string;
  /** The instant that was asked about. */
  readonly at: string;
  /**
   * - `launched`: a run was added for the tick.
   * - `skipped`, `missed`: it was decided that the tick gets no run.
   * - `held`: its time has come, and it is not decided yet.
   * - `not_yet`: its time has not come.
   * - `not_a_tick`: the job has no tick at this instant; `nearest` has those beside it.
   * - `unknown`: nothing is on record (any more).
   */
  readonly verdict: Verdict;
  /** The answer for people: a paragraph. */
  readonly text: string;
  /** A code of docs/events.md#reasons, or what a later release has written. */
  readonly reasonCode: string | null;
  readonly tick: string | null;
  readonly run: string | null;
  /** How the run ended; null while it has not. */
  readonly result: string | null;
  /** The ticks of the job beside the instant. */
  readonly nearest: { readonly before: string | null; readonly after: string | null };
  readonly cause: Cause | null;
}

/**
 * - `pause`, `skip_next`: an operator's request (`by`, `since`, `until`).
 * - `overlap`: another run of the job (`run`). `policy`: the job's catch-up policy.
 * - `leader_gap`: there was no leader (`gapMs`, `since`, `until`; `term` ended the gap). `generation`: the same, and a newer
 *   configuration took over, or must.
 * - `calendar`, `except`, `bounds`, `dst`: why the tick does not exist. `finished`: `maxRuns` is reached.
 * - `schedule`: another schedule was in force (`since`, `until`). `removed`: the job is in no configuration any more.
 * - `quarantine`: the leader cannot launch the job (`since`). `jitter`: the tick is let go later (`until`).
 * - `silenced`: the clock of Redis was ahead (`until`). `new_job`: the cluster did not know the job (`until`).
 * - `leader`: there is a leader, and it has not decided the tick (`term`).
 * - `record`: the record does not go back that far (`since`).
 * - `folded`: the details were given up for `history.memory`; what is left are counts of the hour (`since`, `until`, `reason`).
 */
export type CauseKind =
  | ("pause" | "skip_next" | "overlap" | "policy" | "leader_gap" | "generation" | "calendar")
  | ("except" | "bounds" | "dst" | "finished" | "schedule" | "removed" | "quarantine" | "jitter")
  | ("silenced" | "new_job" | "leader" | "record" | "folded");

/** What made it so. Fields that do not apply are absent. Times are ISO 8601 in UTC. */
export interface Cause {
  readonly kind: CauseKind;
  /** Who asked for it. */
  readonly by?: string;
  readonly since?: string;
  readonly until?: string;
  /** The run that was in the way. */
  readonly run?: string;
  /** For how long there was no leader. */
  readonly gapMs?: number;
  /** The term that ended the gap, or that is in office. */
  readonly term?: number;
  /** In words: of a pause what the operator said, of a gap how it began, of a tick that does not exist why. */
  readonly reason?: string;
  /** By which rule of its catch-up policy the job passed over a tick that this made late. */
  readonly policy?: string;
}
