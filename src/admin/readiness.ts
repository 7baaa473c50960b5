import type { Events } from "../events.ts";
import { react } from "./reactions.ts";

/** Whether the replica can do its part, leading or not: handlers loaded, Redis there, not about to stop. */
export class Readiness {
  readonly #events: Events;
  #isLoaded = false;
  #isConnected = false;
  #wasConnected = false;
  #isStopping = false;
  #unsubscribe: (() => void) | null = null;

  constructor(events: Events) {
    this.#events = events;
  }

  start(): void {
    this.#unsubscribe ??= react(this.#events, {
      "replica.started": () => {
        this.#isLoaded = true;
      },
      "replica.stopping": () => {
        this.#isStopping = true;
      },
      "redis.connected": () => {
        this.#isConnected = true;
        this.#wasConnected = true;
      },
      "redis.unreachable": () => {
        this.#isConnected = false;
      },
    });
  }

  stop(): void {
    this.#unsubscribe?.();
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** What is missing; empty when the replica is ready. */
  reasons(): readonly string[] {
    const reasons: string[] = [];
    if (this.#isStopping) reasons.push("the replica is stopping");
    if (!this.#isLoaded) reasons.push("the handlers are not loaded yet");
    if (!this.#isConnected) {
      reasons.push(this.#wasConnected ? "Redis does not answer" : "Redis has not answered yet");
    }
    return reasons;
  }
}
