import type { Registry } from "prom-client";
import type { Clock } from "../clock/clock.ts";
import type { Config } from "../config/config.ts";
import type { StoreKind } from "../event-map.ts";
import type { Events } from "../events.ts";
import { ReplicaHealth } from "./health.ts";
import { Metrics } from "./metrics.ts";
import { ProbeServer } from "./probe-server.ts";
import type { ObservedReplica } from "./scrape-metrics.ts";

export interface ObserverOptions {
  readonly http: Config["http"];
  /** @see ProbeServerOptions.dashboard */
  readonly dashboard: () => string | null;
  readonly events: Events;
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly replica: ObservedReplica;
  /** The program's own; with it there are metrics also where nothing listens. */
  readonly registry: Registry | undefined;
}

/** What monitors see of a replica: its health and, where they are read, its metrics and the `http` address. */
export class Observer {
  readonly health: ReplicaHealth;
  readonly #metrics: Metrics | null;
  readonly #server: ProbeServer | null;

  /** Throws BW_METRICS_TAKEN. */
  constructor({ http, dashboard, events, clock, replica, registry }: ObserverOptions) {
    this.health = new ReplicaHealth({ events, clock, replica });
    const isRead = registry !== undefined || http !== false;
    this.#metrics = isRead ? new Metrics({ events, replica, registry }) : null;
    const parts = this.#metrics && { health: this.health, metrics: this.#metrics, dashboard };
    this.#server = http !== false && parts ? new ProbeServer({ at: http, ...parts }) : null;
  }

  /** Observes from now on; resolves with the URL, where it listens. Throws BW_LISTEN_FAILED. Call it once, before events come. */
  async start(): Promise<string | undefined> {
    this.health.start();
    this.#metrics?.start();
    return await this.#server?.start();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    await this.health.stop();
    this.#metrics?.stop();
  }

  /** @see Metrics.storeAnswered */
  storeAnswered(store: StoreKind, tookMs: number): void {
    this.#metrics?.storeAnswered(store, tookMs);
  }
}
