import type { CatchUpRules } from "./catch-up.ts";
import type { Wait } from "./wait.ts";

/** One lane of a job, as planning needs it. */
export interface PlannedJob extends CatchUpRules {
  readonly name: string;
  /** The number of the epoch whose schedule this is, when that has been closed; absent for the one in force. */
  readonly epoch?: number | undefined;
  /** How many more ticks may be launched before the job ends; no limit when absent. */
  readonly runsLeft?: number | undefined;
  /** Ticks that an operator wants to be skipped. */
  readonly skips?: readonly number[] | undefined;
  /** For a job with `overlap: queue`: the run that its ticks wait for, or waited for last; null when there was none. */
  readonly waitsFor?: Wait | null | undefined;
  /** When the job was paused in the past, oldest first: what passed then was skipped, not missed. */
  readonly pauses?: readonly PastPause[] | undefined;
}

export interface PastPause {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What holds for every job of a plan. */
export interface PlanRules {
  readonly nowMs: number;
  /** Up to this long after it is due a tick is on time. */
  readonly onTimeMs: number;
  /** Most decisions for one job. */
  readonly limit: number;
  /** Of the ticks of a job that get no run, this many are decided one by one. */
  readonly singlePasses: number;
}
