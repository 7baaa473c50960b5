import { CONNECT_LIMIT_MS, MAX_RECONNECT_DELAY_MS } from "../clock/timing.ts";
import type { Events } from "../events.ts";
import { react } from "./reactions.ts";

/** When Redis is back, the workers' connections come back too. */
const WORKERS_BACK_MS = MAX_RECONNECT_DELAY_MS + CONNECT_LIMIT_MS;

/** Whether the replica can do its part, leading or not: handlers loaded, Redis there, not about to stop. */
export class Readiness {
  readonly #events: Events;
  readonly #is = { loaded: false, connected: false, stopping: false };
  #wasConnected = false;
  /** The connection on which the workers receive nothing. */
  #silent: string | null = null;
  #silenceCountsFromMs = 0;
  #unsubscribe: (() => void) | null = null;

  constructor(events: Events) {
    this.#events = events;
  }

  start(): void {
    const is = this.#is;
    const set = (change: Partial<typeof is>) => () => void Object.assign(is, change);
    this.#unsubscribe ??= react(this.#events, {
      "replica.started": set({ loaded: true }),
      "replica.stopping": set({ stopping: true }),
      "redis.unreachable": set({ connected: false }),
      "redis.connected": () => {
        is.connected = true;
        this.#wasConnected = true;
        this.#silenceCountsFromMs = performance.now() + WORKERS_BACK_MS;
      },
      "worker.silent": ({ connection }) => {
        this.#silent = connection;
        this.#silenceCountsFromMs = performance.now();
      },
      "worker.heard": () => {
        this.#silent = null;
      },
    });
  }

  stop(): void {
    this.#unsubscribe?.();
  }

  get isConnected(): boolean {
    return this.#is.connected;
  }

  /** What is missing; empty when the replica is ready. */
  reasons(): readonly string[] {
    const reasons: string[] = [];
    if (this.#is.stopping) reasons.push("the replica is stopping");
    if (!this.#is.loaded) reasons.push("the handlers are not loaded yet");
    if (!this.#is.connected) {
      reasons.push(this.#wasConnected ? "Redis does not answer" : "Redis has not answered yet");
    } else if (this.#silent !== null && performance.now() >= this.#silenceCountsFromMs) {
      reasons.push(`the workers hear nothing from Redis on their connection "${this.#silent}"`);
    }
    return reasons;
  }
}
