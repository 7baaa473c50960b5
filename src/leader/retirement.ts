import { FORGET_MS } from "../clock/timing.ts";
import type { Term } from "../election/term.ts";
import { pagesOf } from "../launch/pages.ts";
import type { RemovedLane } from "../launch/retire.ts";
import { type Decision, laneOf } from "../schedule/decision.ts";
import { planRemoval } from "../schedule/plan.ts";
import { reportDecision } from "./decision-events.ts";
import type { LeaderParts } from "./leader-parts.ts";

/** Skipped ticks per transaction: small, because other jobs' ticks wait for it. */
const BATCH = 200;
const INTERVAL_MS = 60 * 60_000;
/** Within the life of a replica's record, each one that is there has said what it carries. */
const LOOKS_APART_MS = FORGET_MS;

export interface RetirementOptions extends LeaderParts {
  /** Whether no live replica that may lead has other jobs than this one. May reject: then it is not known. */
  readonly isAgreed: () => Promise<boolean>;
}

/**
 * What becomes of jobs that no configuration has any more: ticks that were undecided when the job was removed are skipped,
 * and a day later its state is removed. A removal is certain when two checks, far enough apart, have found that no
 * replica that may lead carries other jobs.
 */
export class Retirement {
  readonly #options: RetirementOptions;
  #nextMs = Number.NEGATIVE_INFINITY;
  #questions = 0;
  /** Answers in a row, far enough apart, that nothing is carried elsewhere. */
  #agreements = 0;

  constructor(options: RetirementOptions) {
    this.#options = options;
  }

  /** Another configuration is in force now: check again which jobs it does not have. */
  restart(): void {
    this.#nextMs = Number.NEGATIVE_INFINITY;
    this.#questions++;
    this.#agreements = 0;
  }

  isDue(): boolean {
    return this.#options.clock.monotonicMs() >= this.#nextMs;
  }

  /** One check. */
  async check(term: Term, controlsVersion: number): Promise<"done" | "fenced" | "reopen"> {
    const { launcher, clock, events } = this.#options;
    this.#nextMs = clock.monotonicMs() + LOOKS_APART_MS;
    if (this.#agreements < 2) {
      void this.#ask();
      return "done";
    }

    const lanes = await launcher.removed(term.fence, clock.nowMs());
    if (lanes === null) return "fenced";
    const decisions = lanes.flatMap(lane => removalOf(lane));
    const cursors = new Map(lanes.map(lane => [laneOf(lane), lane.cursor]));
    for (const batch of pagesOf(decisions, BATCH)) {
      if (term.signal.aborted) return "done";
      const nowMs = clock.nowMs();
      const about = { fence: term.fence, term: term.number, controlsVersion, nowMs };
      const outcome = await launcher.commit({ ...about, decisions: batch, cursors });
      if (outcome.outcome === "fenced") return "fenced";
      if (outcome.outcome === "moved") return "reopen";
      for (const decision of outcome.decided) {
        cursors.set(laneOf(decision), decision.tickAtMs);
        reportDecision(events, term.number, decision, nowMs);
      }
      await clock.sleep(0, term.signal);
    }
    const retired = await launcher.retire(term.fence, clock.nowMs());
    if (retired === null) return "fenced";
    for (const job of retired) events.emit("job.retired", { job });
    this.restart();
    this.#nextMs = clock.monotonicMs() + INTERVAL_MS;
    return "done";
  }

  /** The answer is not waited for: it comes over another connection, which may be broken while launches are not. */
  async #ask(): Promise<void> {
    const question = ++this.#questions;
    const isAgreed = await this.#options.isAgreed().catch(() => false);
    if (question === this.#questions) this.#agreements = isAgreed ? this.#agreements + 1 : 0;
  }
}

function removalOf(lane: RemovedLane): readonly Decision[] {
  const { job: name, maxRuns, launched, sinceMs } = lane;
  const runsLeft = maxRuns === null ? undefined : maxRuns - launched;
  return planRemoval({ ...lane, name, runsLeft }, sinceMs);
}
