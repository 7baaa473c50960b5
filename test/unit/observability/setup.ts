import { Events } from "../../../src/events.ts";
import { Metrics } from "../../../src/observability/metrics.ts";
import type { ObservedParts, ObservedReplica } from "../../../src/observability/scrape-metrics.ts";
import { Exposition } from "../../support/exposition.ts";

interface Observed extends ObservedParts, Pick<ObservedReplica, "absence" | "log"> {
  jobs: readonly string[];
  /** Whether it has joined the others. */
  readonly hasJoined: boolean;
}

/** A replica about which there is nothing to tell. */
function quietReplica(): Observed {
  return {
    jobs: ["report", "import"],
    hasJoined: true,
    absence: { forMs: 0 },
    log: { dropped: 0 },
    currentTerm: () => null,
    clock: { skewMs: () => 0 },
    overdueAlarm: { overdueMs: () => new Map(), silencedMs: () => new Map() },
    stuckAlarm: { stuckMs: () => [], pausedQueues: () => [] },
    queueDepths: { read: async () => new Map(), readPaused: async () => new Map() },
    readHistoryUse: async () => null,
  };
}

/** Metrics that count, and what they show. */
export function setupMetrics(overrides: Partial<Observed> = {}) {
  const events = new Events();
  const observed = { ...quietReplica(), ...overrides };
  const { absence, log } = observed;
  const config = () => ({ jobs: observed.jobs.map(name => ({ name })), queues: {} });
  const running = () => (observed.hasJoined ? observed : null);
  const metrics = new Metrics({ events, replica: { config, absence, log, running } });
  metrics.start();
  const loadConfig = (hash = "abc", generation = 1) =>
    events.emit("config.loaded", { generation, hash, zones: "c10c", jobs: observed.jobs.length });
  loadConfig();
  const expose = async () => new Exposition((await metrics.expose()).text);
  return { events, observed, metrics, loadConfig, expose };
}
