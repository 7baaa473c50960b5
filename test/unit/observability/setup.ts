import { Events } from "../../../src/events.ts";
import { Metrics } from "../../../src/observability/metrics.ts";
import type { ReplicaFacts } from "../../../src/observability/replica-facts.ts";
import { Exposition } from "../../support/exposition.ts";

export type Facts = { -readonly [K in keyof ReplicaFacts]: ReplicaFacts[K] };

/** A replica about which there is nothing to tell. */
export function quietFacts(overrides: Partial<ReplicaFacts> = {}): Facts {
  return {
    jobs: () => ["report", "import"],
    currentTerm: () => null,
    leaderAbsentMs: () => 0,
    clockSkewMs: () => 0,
    overdueMs: () => new Map(),
    stuck: () => [],
    pausedQueues: async () => new Map(),
    logLinesDropped: () => 0,
    silencedMs: () => new Map(),
    queueDepths: async () => new Map(),
    ...overrides,
  };
}

/** Metrics that count, and what they show. */
export function setupMetrics(overrides: Partial<ReplicaFacts> = {}) {
  const events = new Events();
  const facts = quietFacts(overrides);
  const metrics = new Metrics({ events, facts });
  metrics.start();
  const loadConfig = (hash = "abc", generation = 1) =>
    events.emit("config.loaded", { generation, hash, zones: "c10c", jobs: facts.jobs().length });
  loadConfig();
  const expose = async () => new Exposition((await metrics.expose()).text);
  return { events, facts, metrics, loadConfig, expose };
}
