import type { FaultKind, StoreKind } from "./fault-kinds.ts";
import type { Handoff } from "./handoffs.ts";
import type { Moment, Timeline } from "./timeline.ts";
import type { Evidence, Verdict } from "./verdict.ts";

export interface ChaosReport {
  readonly store: StoreKind;
  readonly secure: boolean;
  readonly seed: number;
  /** How long faults happened. */
  readonly durationMs: number;
  readonly again: string;
  /** How often each fault was carried out. */
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly verdict: Verdict;
  /** Runs whose launch a failover lost; each was launched again, or it is a violation. */
  readonly vanished: number;
  readonly elections: number;
  /** From the fault to the next `leader.elected`, as seen from outside. */
  readonly handoffs: readonly Handoff[];
  /** What `leader.elected` says of itself: reason, and how long there was no leader. */
  readonly vacancies: readonly Handoff[];
  readonly timeline: Timeline;
  readonly evidence: Evidence;
  /** What the handlers' record and the stream, the vanished part included, say of each run. */
  readonly storyOf: (run: string) => Moment[];
}
