import { setupMetrics } from "../unit/observability/setup.ts";

/** What a replica says on /metrics: name and type of each metric. */
const { metrics, events } = setupMetrics({
  queueDepths: {
    read: async () => new Map([["default", { waiting: 1 }]]),
    readPaused: async () => new Map([["default", false]]),
  },
  stuckAlarm: { stuckMs: () => [{ queue: "default", cause: "paused", forMs: 1 }], pausedQueues: () => [] },
});
events.emit("run.completed", { job: "report", run: "report@20261123T070000Z", attempt: 1, durationMs: 1 });
const EXPORTED = [...(await metrics.expose()).text.matchAll(/^# TYPE (\S+) (\w+)$/gm)].map(
  ([, name = "", type = ""]) => ({ name, type }),
);

/** Every series that queries may ask for; `up` is Prometheus's own, `kube_…` that of kube-state-metrics. */
export const METRICS: readonly string[] = [
  ...EXPORTED.flatMap(({ name, type }) =>
    type === "histogram" ? ["_bucket", "_sum", "_count"].map(end => name + end) : [name],
  ),
  "up",
  "kube_pod_container_status_restarts_total",
];

/** Every metric of Bellwether's, as exported. */
export const OWN_METRICS: readonly string[] = EXPORTED.map(({ name }) => name).filter(name =>
  name.startsWith("bellwether_"),
);

/** The names of the metrics in a PromQL expression. Labels and functions are no metrics; nor are texts in quotes. */
export function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, "").replaceAll(/\{[^}]*\}/g, "");
  return [...new Set(bare.match(/\b(bellwether|nodejs|process|kube)_\w+|\bup\b/g) ?? [])];
}
