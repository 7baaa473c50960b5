import type { MissReason, SkipReason } from "../reasons.ts";

/** What becomes of a tick, or of several that get no run. */
export type Decision = LaunchDecision | PassDecision;

interface DecidedTick {
  readonly job: string;
  /** The epoch whose tick it is; absent for the one in force. */
  readonly epoch?: number | undefined;
  /** The tick; of several, the newest. */
  readonly tickAtMs: number;
  /** When the tick was let go, by its jitter or the end of the run before it; absent where that is its time. */
  readonly dueAtMs?: number | undefined;
}

export interface LaunchDecision extends DecidedTick {
  readonly outcome: "launched";
  readonly kind: "scheduled" | "catch-up";
  /** The job's launched ticks are counted for `maxRuns`. */
  readonly isCounted?: boolean;
}

/** Why a tick gets no run: the catch-up policy misses it, or something else keeps it from being launched. */
export type Pass =
  | { readonly outcome: "missed"; readonly reason: MissReason }
  | { readonly outcome: "skipped"; readonly reason: SkipReason };

/** A tick that gets no run. */
export type PassDecision = Pass & PassedTicks;

interface PassedTicks extends DecidedTick {
  /** The run that was in the way. */
  readonly blockedBy?: string | undefined;
  /** The oldest tick, when the decision covers several. */
  readonly fromAtMs?: number;
  /** How many ticks, when it covers several; at least as many where counting stopped early. */
  readonly count?: number;
}

export function skip(code: SkipReason["code"]): Pass {
  return { outcome: "skipped", reason: { code } };
}

/** What has a cursor of its own: a job's name, or one of its closed epochs. */
export function laneOf({ job, epoch }: Pick<DecidedTick, "job" | "epoch">): string {
  return epoch === undefined ? job : `${epoch}:${job}`;
}

/** The job of a lane. */
export function jobOfLane(lane: string): string {
  return lane.slice(lane.indexOf(":") + 1);
}
