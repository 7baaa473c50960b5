import type { Clock } from "../clock/clock.ts";
import { PeriodicTask } from "../clock/periodic-task.ts";
import { ANSWER_LIMIT_MS, mustHold } from "../clock/timing.ts";
import type { ObservedParts } from "./scrape-metrics.ts";

const BEAT_MS = 1_000;
/** A turn of the event loop that takes longer costs leases and locks. */
const TURN_LIMIT_MS = 10_000;
/** How long after such a turn it is reported. */
const TURN_TOLD_MS = 5_000;
const STUCK_LIMIT_MS = 15_000;
mustHold({
  "a leader that is out of trust can give up its last command and step down":
    ANSWER_LIMIT_MS < STUCK_LIMIT_MS,
});

export interface LivenessOptions {
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly currentTerm: ObservedParts["currentTerm"];
  readonly isConnected: () => boolean;
}

/**
 * Whether only a restart can help: the event loop hardly turns, or the replica took itself for the leader and is stuck
 * in it. It ignores what a restart does not fix (Redis or etcd away, another leader).
 */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #task: PeriodicTask;
  #beatMs: number;
  #slowTurn: { readonly ms: number; readonly endedMs: number } | null = null;
  /** Beats in a row that found a leader out of trust: time in which the loop did not turn gave it no chance. */
  #stuckBeats = 0;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#beatMs = options.clock.monotonicMs();
    this.#task = new PeriodicTask({
      clock: options.clock,
      intervalMs: BEAT_MS,
      act: async () => this.#beat(),
    });
  }

  start(): void {
    this.#beatMs = this.#options.clock.monotonicMs();
    this.#task.start();
  }

  async stop(): Promise<void> {
    await this.#task.stop();
  }

  /** What is wrong; empty when the replica lives. */
  reasons(): readonly string[] {
    return [this.#turnProblem(), this.#leaderProblem()].filter(reason => reason !== null);
  }

  #beat(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const turnMs = nowMs - this.#beatMs;
    if (turnMs > TURN_LIMIT_MS) this.#slowTurn = { ms: turnMs, endedMs: nowMs };
    this.#beatMs = nowMs;
    this.#stuckBeats = this.#isOutOfTrust() ? this.#stuckBeats + 1 : 0;
  }

  /** Without Redis the leader's work may wait for it: that is no reason to restart. */
  #isOutOfTrust(): boolean {
    const { clock, isConnected } = this.#options;
    const currentTerm = this.#options.currentTerm();
    return currentTerm !== null && isConnected() && clock.monotonicMs() > currentTerm.trustedUntilMs;
  }

  #turnProblem(): string | null {
    const nowMs = this.#options.clock.monotonicMs();
    const sinceBeatMs = nowMs - this.#beatMs;
    const last = this.#slowTurn;
    const isTold = last !== null && nowMs - last.endedMs <= TURN_TOLD_MS;
    const slowestMs = Math.max(sinceBeatMs, isTold ? last.ms : 0);
    return slowestMs <= TURN_LIMIT_MS
      ? null
      : `the event loop did not turn for ${Math.round(slowestMs / 1_000)} s: something blocks it, or the process was stopped`;
  }

  #leaderProblem(): string | null {
    const currentTerm = this.#options.currentTerm();
    if (currentTerm === null || this.#stuckBeats * BEAT_MS < STUCK_LIMIT_MS) return null;
    const overMs = this.#options.clock.monotonicMs() - currentTerm.trustedUntilMs;
    return `term ${currentTerm.term} could be trusted until ${Math.round(overMs / 1_000)} s ago, and this replica has not stepped down from it`;
  }
}
