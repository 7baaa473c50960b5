/** The metrics that replicas export, by kind; and what a query asks of them. */
const COUNTERS = [
  "bellwether_config_rejected_total",
  "bellwether_handoffs_total",
  "bellwether_redis_errors_total",
  "bellwether_runs_total",
  "bellwether_ticks_total",
  "bellwether_vacant_seconds_total",
];
const GAUGES = [
  "bellwether_clock_skew_seconds",
  "bellwether_config_generation",
  "bellwether_config_info",
  "bellwether_job_overdue_seconds",
  "bellwether_leader",
  "bellwether_leader_absent_seconds",
  "bellwether_queue_depth",
  "bellwether_term",
];
const HISTOGRAMS = [
  "bellwether_etcd_latency_seconds",
  "bellwether_launch_lateness_seconds",
  "bellwether_lock_held_seconds",
  "bellwether_lock_wait_seconds",
  "bellwether_redis_latency_seconds",
  "bellwether_run_duration_seconds",
];
/** Of prom-client and of Prometheus. */
const OTHERS = [
  "nodejs_eventloop_lag_p99_seconds",
  "process_cpu_seconds_total",
  "process_resident_memory_bytes",
  "up",
];

export const METRICS: readonly string[] = [
  ...COUNTERS,
  ...GAUGES,
  ...HISTOGRAMS.flatMap(name => ["_bucket", "_sum", "_count"].map(end => name + end)),
  ...OTHERS,
];

/** Every metric of Bellwether's, as exported. */
export const OWN_METRICS: readonly string[] = [...COUNTERS, ...GAUGES, ...HISTOGRAMS];

/** The names of the metrics in a PromQL expression. Labels and functions are no metrics; nor are texts in quotes. */
export function metricsIn(expression: string): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, "").replaceAll(/\{[^}]*\}/g, "");
  return [...new Set(bare.match(/\b(bellwether|nodejs|process)_\w+|\bup\b/g) ?? [])];
}
