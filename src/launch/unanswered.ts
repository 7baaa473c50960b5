import { type Decision, laneOf } from "../schedule/decision.ts";

/** Decisions that turned out to have been committed at `nowMs`. */
export interface FoundDecisions {
  readonly nowMs: number;
  readonly decided: readonly Decision[];
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

  /** Call what it returns with what was decided, when the answer comes. */
  send(sent: Sent): (decided: readonly Decision[]) => void {
    const before = this.#sent;
    this.#sent = [...before, sent];
    return decided => {
      this.#sent = before;
      if (before.length > 0) this.#forget(new Set(decided.map(laneOf)));
    };
  }

  /** What has been committed by the cursors of the lanes; each decision is named once. */
  find(fence: string, cursorOf: (lane: string) => number | undefined): FoundDecisions[] {
    this.#sent = this.#sent.filter(sent => sent.fence === fence);
    const known = new Set<string>();
    const found = this.#sent.map(({ nowMs, decisions }): FoundDecisions => {
      const reached = decisions.filter(decision => cursorOf(laneOf(decision)) === decision.tickAtMs);
      const lanes = new Set(reached.map(laneOf).filter(lane => !known.has(lane)));
      for (const lane of lanes) known.add(lane);
      const isCommitted = (decision: Decision) =>
        lanes.has(laneOf(decision)) && decision.tickAtMs <= (cursorOf(laneOf(decision)) as number);
      return { nowMs, decided: decisions.filter(isCommitted) };
    });
    this.#forget(known);
    return found.filter(({ decided }) => decided.length > 0);
  }

  /** What was sent for these lanes has been decided. */
  #forget(lanes: ReadonlySet<string>): void {
    const left = this.#sent.map(sent => {
      return { ...sent, decisions: sent.decisions.filter(decision => !lanes.has(laneOf(decision))) };
    });
    this.#sent = left.filter(({ decisions }) => decisions.length > 0);
  }
}
