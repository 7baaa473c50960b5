import type { Clock } from "../clock/clock.ts";
import type { Events } from "../events.ts";
import { Liveness } from "./liveness.ts";
import { Readiness } from "./readiness.ts";
import type { ObservedReplica } from "./scrape-metrics.ts";

export interface ReplicaHealthOptions {
  readonly events: Events;
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly replica: Pick<ObservedReplica, "running">;
}

/** What probes ask of a replica: whether it lives, and whether it can do its part. */
export class ReplicaHealth {
  readonly #liveness: Liveness;
  readonly #readiness: Readiness;
  readonly #replica: ReplicaHealthOptions["replica"];

  constructor({ events, clock, replica }: ReplicaHealthOptions) {
    this.#replica = replica;
    this.#readiness = new Readiness(events);
    this.#liveness = new Liveness({
      clock,
      currentTerm: () => replica.running()?.currentTerm() ?? null,
      isConnected: () => this.#readiness.isConnected,
    });
  }

  /** Before events come. */
  start(): void {
    this.#readiness.start();
    this.#liveness.start();
  }

  async stop(): Promise<void> {
    await this.#liveness.stop();
    this.#readiness.stop();
  }

  /** What only a restart helps against; empty when the replica lives. */
  livenessProblems(): readonly string[] {
    return this.#liveness.reasons();
  }

  /** What is missing; empty when the replica is ready. */
  readinessProblems(): readonly string[] {
    return this.#readiness.reasons();
  }

  /** Queues that are paused in BullMQ: their runs wait, although the replica is ready. */
  pausedQueues(): readonly string[] {
    return this.#replica.running()?.stuckAlarm.pausedQueues() ?? [];
  }
}
