import type { Decision } from "../schedule/decision.ts";
import type { Plan } from "../schedule/plan.ts";
import type { DueLanes } from "./due-lanes.ts";

/** What one turn will commit. */
export interface AheadPlan {
  readonly plan: Plan;
  readonly batches: readonly (readonly Decision[])[];
  /** Whether it says nothing of lanes that are planned before it is committed, and no lane waits for its turn meanwhile. */
  readonly mayPlanNext: boolean;
}

/** A plan that is used later than this after its time was made under rules that may not hold any more. */
const VALID_MS = 1_000;

/**
 * Plans that were made before the instant for which they hold. Their lanes are not among those that are due. They go back there when
 * something else is committed first, or when the plans are not used in time; they are then planned anew.
 */
export class AheadPlans {
  /** The instant for which plans were made last, or could not be made. */
  triedMs = Number.NEGATIVE_INFINITY;
  #plans: AheadPlan[] = [];
  #dueMs = Number.POSITIVE_INFINITY;

  get isEmpty(): boolean {
    return this.#plans.length === 0;
  }

  /** When the plans are to be committed (epoch ms); Infinity without any. */
  get dueMs(): number {
    return this.isEmpty ? Number.POSITIVE_INFINITY : this.#dueMs;
  }

  /** What the first of them commits first. */
  get nextBatch(): readonly Decision[] | undefined {
    return this.#plans[0]?.batches[0];
  }

  /** All plans are for the same instant. */
  add(plan: AheadPlan, dueMs: number): void {
    this.#plans.push(plan);
    this.#dueMs = dueMs;
  }

  /** The next plan whose instant has come, or null. */
  take(nowMs: number, lanes: DueLanes): AheadPlan | null {
    if (nowMs < this.dueMs) return null;
    if (nowMs - this.#dueMs <= VALID_MS) return this.#plans.shift() ?? null;
    this.drop(lanes);
    return null;
  }

  /** Makes their lanes due. */
  drop(lanes: DueLanes): void {
    for (const { plan } of this.#plans) lanes.putDue(plan.nextDue.keys());
    this.#plans = [];
  }
}
