import { mustHold, runRescueRules } from "../clock/timing.ts";
import { COMMAND_GRACE_MS } from "../handlers/command-handler.ts";

/** How long things may take on the consuming side. All in milliseconds; tests shorten them. */
export interface WorkerTiming {
  /**
   * A run's lock lives this long after each renewal. Lower would find dead replicas sooner, but a handler that keeps the
   * event loop busy for most of this time already loses its run to another replica.
   */
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  /** A run without a handler here is offered again after this long, or a tenth of its age if that is longer. */
  readonly returnDelayMs: number;
  /** How long a handler may clean up after its signal aborted, before it is left to itself. */
  readonly abortGraceMs: number;
  /** How long returning runs to the queue and closing may take in `stop`, when Redis does not answer. */
  readonly closeLimitMs: number;
}

export const DEFAULT_TIMING: WorkerTiming = {
  lockDurationMs: 20_000,
  stalledIntervalMs: 5_000,
  returnDelayMs: 2_000,
  abortGraceMs: 1_000,
  closeLimitMs: 3_000,
};
mustHold({
  ...runRescueRules({ ...DEFAULT_TIMING, rescueLimitMs: 30_000 }),
  "a command is killed before its handler is left to itself": COMMAND_GRACE_MS < DEFAULT_TIMING.abortGraceMs,
});

/**
 * How many times a run's worker may die before BullMQ fails the run. A graceful stop requeues runs and does not count,
 * so only kills do. A run survives two deploys in a row that end in SIGKILL. A run that always takes its process down
 * (out of memory) stops after the sixth time.
 */
export const MAX_STALLED_COUNT = 5;
