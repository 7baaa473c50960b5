import type { Clock } from "../clock/clock.ts";
import { Routine } from "../clock/routine.ts";
import type { ReplicaFacts } from "./replica-facts.ts";

const BEAT_MS = 1_000;
/** A turn of the event loop that takes longer costs leases and locks. */
const TURN_LIMIT_MS = 10_000;
/** For how long after it such a turn is told. */
const TURN_TOLD_MS = 5_000;
/** A leader that is out of trust steps down at once, and its last command to Redis is given up after 5 s. */
const STUCK_LIMIT_MS = 15_000;

export interface LivenessOptions {
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly facts: Pick<ReplicaFacts, "leading">;
  readonly isConnected: () => boolean;
}

/**
 * Whether only a restart can help: the event loop hardly turns, or the replica took itself for the leader and is stuck
 * in it. What a restart does not mend (Redis or etcd away, another leader) is none of its business.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #routine: Routine;
  #beatMs: number;
  #slowTurn: { readonly ms: number; readonly endedMs: number } | null = null;
  /** Beats in a row that found a leader out of trust: time in which the loop did not turn gave it no chance. */
  #stuckBeats = 0;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#beatMs = options.clock.monotonicMs();
    this.#routine = new Routine({ clock: options.clock, intervalMs: BEAT_MS, act: async () => this.#beat() });
  }

  start(): void {
    this.#beatMs = this.#options.clock.monotonicMs();
    this.#routine.start();
  }

  async stop(): Promise<void> {
    await this.#routine.stop();
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
    const { clock, facts, isConnected } = this.#options;
    const leading = facts.leading();
    return leading !== null && isConnected() && clock.monotonicMs() > leading.trustedUntilMs;
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
    const leading = this.#options.facts.leading();
    if (leading === null || this.#stuckBeats * BEAT_MS < STUCK_LIMIT_MS) return null;
    const overMs = this.#options.clock.monotonicMs() - leading.trustedUntilMs;
    return `term ${leading.term} could be trusted until ${Math.round(overMs / 1_000)} s ago, and this replica has not stepped down from it`;
  }
}
