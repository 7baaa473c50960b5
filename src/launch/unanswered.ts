import { type Decision, laneOf } from "../schedule/plan.ts";
import { runIdOf } from "./run-id.ts";

/** What became of one decision; a launch beside an unfinished run has become a skip (`overlap`). */
export interface DecisionResult {
  readonly decision: Decision;
  readonly outcome: "launched" | "skipped" | "missed";
  readonly run?: string;
}

/** What a committed decision became; `overlap` has been applied to it before. */
export function resultOf(decision: Decision): DecisionResult {
  if (decision.outcome !== "launch") {
    return { decision, outcome: decision.outcome === "skip" ? "skipped" : "missed" };
  }
  return { decision, outcome: "launched", run: runIdOf(decision.job, decision.tickAtMs) };
}

/** Decisions that turned out to have been committed at `nowMs`. */
export interface FoundDecisions {
  readonly nowMs: number;
  readonly results: readonly DecisionResult[];
}

interface Sent {
  readonly fence: string;
  readonly nowMs: number;
  readonly decisions: readonly Decision[];
}

/**
 * The transactions that were sent and whose answer did not come, so that their decisions are reported all the same. The
 * cursors say which of them was carried out. Within a term only its leader moves them, and a transaction leaves the
 * cursor of each of its lanes at one of its ticks. A transaction that has not arrived yet is kept: it may still be
 * carried out, and the next one then finds the cursor moved.
 */
export class Unanswered {
  #sent: readonly Sent[] = [];

  /** Call what it returns with the answer, when it comes. */
  send(sent: Sent): (results: readonly DecisionResult[]) => void {
    const before = this.#sent;
    this.#sent = [...before, sent];
    return results => {
      this.#sent = before;
      if (before.length > 0) this.#forget(new Set(results.map(({ decision }) => laneOf(decision))));
    };
  }

  /** What has been committed by the cursors of the lanes; each decision is named once. */
  find(fence: string, cursors: ReadonlyMap<string, number>): FoundDecisions[] {
    this.#sent = this.#sent.filter(sent => sent.fence === fence);
    const known = new Set<string>();
    const found = this.#sent.map(({ nowMs, decisions }): FoundDecisions => {
      const reached = decisions.filter(decision => cursors.get(laneOf(decision)) === decision.tickAtMs);
      const lanes = new Set(reached.map(laneOf).filter(lane => !known.has(lane)));
      for (const lane of lanes) known.add(lane);
      const isCommitted = (decision: Decision) =>
        lanes.has(laneOf(decision)) && decision.tickAtMs <= (cursors.get(laneOf(decision)) as number);
      return { nowMs, results: decisions.filter(isCommitted).map(resultOf) };
    });
    this.#forget(known);
    return found.filter(({ results }) => results.length > 0);
  }

  /** What was sent for these lanes has been decided. */
  #forget(lanes: ReadonlySet<string>): void {
    const left = this.#sent.map(sent => {
      return { ...sent, decisions: sent.decisions.filter(decision => !lanes.has(laneOf(decision))) };
    });
    this.#sent = left.filter(({ decisions }) => decisions.length > 0);
  }
}
