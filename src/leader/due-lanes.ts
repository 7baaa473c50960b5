import type { Plan } from "../schedule/plan.ts";
import { DueQueue } from "./due-queue.ts";
import type { WaitingLanes } from "./waiting-lanes.ts";

/** Lanes planned in one go; between two of them the event loop turns, so that the lease is renewed in time. */
const LANES_A_TURN = 1_000;
/** Of these, at least this many that have late ticks, so that they make progress. */
const LATE_LANES_A_TURN = 100;

/** Which lanes of a term are to be planned next: those that are due, behind them those that the last plans left over. */
export class DueLanes {
  readonly #due: DueQueue;
  readonly #waiting: WaitingLanes;
  /** The lanes whose late ticks the last plans left over. */
  #late: readonly string[] = [];

  /** All lanes are due. */
  constructor(lanes: Iterable<string>, waiting: WaitingLanes) {
    this.#waiting = waiting;
    waiting.clear();
    this.#due = new DueQueue(lanes);
  }

  get hasLate(): boolean {
    return this.#late.length > 0;
  }

  /** When the next lane is due (epoch ms); Infinity when none will be. */
  get nextDueMs(): number {
    return Math.min(this.#due.nextDueMs ?? Number.POSITIVE_INFINITY, this.#waiting.next.dueMs);
  }

  putDue(lanes: Iterable<string>, dueMs = Number.NEGATIVE_INFINITY): void {
    for (const lane of lanes) this.#due.put(lane, dueMs);
  }

  /**
   * Of those that one turn takes then, due or late, the ones of which this is known before. `isAll`: there was no other one. Those are
   * due at `leftDueMs`.
   */
  takeAhead(
    dueMs: number,
    leftDueMs: number,
    isKnown: (lane: string) => boolean,
  ): { taken: string[]; isAll: boolean } {
    const due = this.#due.takeDue(dueMs, LANES_A_TURN);
    const all = [...due, ...this.takeLate(due.length)];
    const left = all.filter(lane => !isKnown(lane));
    this.putDue(left, leftDueMs);
    return { taken: all.filter(isKnown), isAll: left.length === 0 && this.#waiting.next.dueMs > dueMs };
  }

  takeDue(nowMs: number): string[] {
    const taken = this.#due.takeDue(nowMs, LANES_A_TURN);
    return [...taken, ...this.#waiting.takeDue(nowMs, LANES_A_TURN - taken.length)];
  }

  /** Takes late lanes beside those that are due. */
  takeLate(due: number): readonly string[] {
    const taken = this.#late.slice(0, Math.max(LANES_A_TURN - due, LATE_LANES_A_TURN));
    this.#late = this.#late.slice(taken.length);
    return taken;
  }

  /** Whether there are more due lanes than one turn takes. */
  isMoreDue(nowMs: number): boolean {
    return (this.#due.nextDueMs ?? Number.POSITIVE_INFINITY) <= nowMs;
  }

  /** Puts the lanes back that a plan left over. */
  putLeft({ left }: Plan): void {
    this.#late = [...this.#late, ...left];
  }

  /** Puts the lanes of a plan back that has been committed. */
  putBack({ cut, nextDue }: Plan): void {
    this.#late = [...this.#late, ...cut];
    const isLate = new Set(cut);
    for (const [lane, dueMs] of nextDue) {
      if (!isLate.has(lane) && !this.#waiting.put(lane, dueMs) && dueMs !== null) this.#due.put(lane, dueMs);
    }
  }
}
