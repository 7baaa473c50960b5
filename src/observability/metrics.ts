import { collectDefaultMetrics, Registry } from "prom-client";
import type { StoreKind } from "../event-map.ts";
import type { Events } from "../events.ts";
import { eventMetrics } from "./event-metrics.ts";
import { Instruments, seconds } from "./instruments.ts";
import { JobLabels } from "./job-labels.ts";
import { type Reactions, react } from "./reactions.ts";
import { type ObservedReplica, scrapeMetrics } from "./scrape-metrics.ts";

const LATENCY_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export interface MetricsOptions {
  readonly events: Events;
  readonly replica: ObservedReplica;
  /** The program's own, which also has metrics of others; without it they have a registry of their own. */
  readonly registry?: Registry | undefined;
}

/** Everything that `/metrics` shows (docs/metrics.md); of one replica, also where a process has several. */
export class Metrics {
  readonly #registry: Registry;
  /** Whether the program's own metrics are in the registry, and the process's, which are the program's business. */
  readonly #isShared: boolean;
  readonly #instruments: Instruments;
  readonly #events: Events;
  readonly #reactions: readonly Reactions[];
  readonly #latency;
  #unsubscribe: readonly (() => void)[] = [];

  constructor({ events, replica, registry }: MetricsOptions) {
    this.#isShared = registry !== undefined;
    this.#registry = registry ?? new Registry();
    this.#instruments = new Instruments(this.#registry);
    const make = this.#instruments;
    const labels = new JobLabels();
    this.#events = events;
    this.#reactions = eventMetrics(make, labels, () => replica.config().jobs.map(({ name }) => name));
    scrapeMetrics(make, labels, replica);
    this.#latency = {
      redis: make.histogram("redis_latency_seconds", "How long Redis takes to answer", LATENCY_BUCKETS_S),
      etcd: make.histogram("etcd_latency_seconds", "How long etcd takes to answer", LATENCY_BUCKETS_S),
    };
  }

  /** Counts from now on. */
  start(): void {
    if (this.#unsubscribe.length > 0) return;
    if (!this.#isShared) collectDefaultMetrics({ register: this.#registry });
    this.#unsubscribe = this.#reactions.map(reactions => react(this.#events, reactions));
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    if (this.#isShared) this.#instruments.remove();
    else this.#registry.clear();
  }

  /** To be called with how long a store took to answer a call that was made anyway. */
  storeAnswered(store: StoreKind, tookMs: number): void {
    this.#latency[store].observe(seconds(tookMs));
  }

  /** In Prometheus's text format. */
  async expose(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}
