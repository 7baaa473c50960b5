/** What events report, as metrics. A metric with known labels is 0 from the start, so that its first step is seen. */
import {
  ELECTED_REASONS,
  LOST_REASONS,
  type LostReason,
  MISS_LABELS,
  RESIGN_REASONS,
  type ResignReason,
  SKIP_LABELS,
} from "../reasons.ts";
import { type Instruments, seconds } from "./instruments.ts";
import type { JobLabels } from "./job-labels.ts";
import type { Reactions } from "./reactions.ts";

/** From an idle machine's best to an outage that was caught up on. */
const LATENESS_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];
/** Few, because each job has them. */
const RUN_BUCKETS_S = [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 900, 3_600];
const LOCK_BUCKETS_S = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900];

const LAUNCH_KINDS = ["scheduled", "catch-up"] as const;
/** For a reason without a label of its own. No code of today is one. */
const OTHER = "other";
const RUN_OUTCOMES = ["completed", "failed", "retried"] as const;

/** `jobs`: the names in the configuration that the replica carries. */
export function eventMetrics(
  make: Instruments,
  labels: JobLabels,
  jobs: () => readonly string[],
): readonly Reactions[] {
  const all = [
    leadershipMetrics,
    storeMetrics,
    configMetrics,
    tickMetrics,
    quarantineMetrics,
    lockMetrics,
    redisMetrics,
    historyMetrics,
  ];
  return [...all.map(metrics => metrics(make)), runMetrics(make, labels, jobs)];
}

function historyMetrics(make: Instruments): Reactions {
  const rows = make.counter(
    "history_folded_rows_total",
    "Rows of histories that this replica, as the leader, has folded into hourly counts",
    "rows",
  );
  for (const kind of ["completed", "other"]) rows.inc({ rows: kind }, 0);
  return {
    "history.folded": ({ folded, dropped }) => {
      rows.inc({ rows: "completed" }, folded);
      rows.inc({ rows: "other" }, dropped);
    },
  };
}

function leadershipMetrics(make: Instruments): Reactions {
  const leader = make.gauge("leader", "1 while this replica leads, otherwise 0");
  const newestTerm = make.gauge("term", "Number of the newest term that this replica knows of");
  const handoffs = make.counter(
    "handoffs_total",
    "Terms that this replica began, by how the one before ended",
    "reason",
  );
  const vacant = make.counter(
    "vacant_seconds_total",
    "Time without a leader before the terms that this replica began",
  );
  const ended = make.counter("terms_ended_total", "Terms of this replica that ended, by how", "reason");
  for (const reason of ELECTED_REASONS) handoffs.inc({ reason }, 0);
  for (const reason of [...RESIGN_REASONS, ...LOST_REASONS]) ended.inc({ reason }, 0);
  const end = ({ reason }: { readonly reason: ResignReason | LostReason }) => {
    leader.set(0);
    ended.inc({ reason });
  };
  return {
    "leader.elected": ({ term, reason, vacantMs }) => {
      leader.set(1);
      newestTerm.set(term);
      handoffs.inc({ reason: ELECTED_REASONS.find(known => known === reason) ?? OTHER });
      vacant.inc(seconds(vacantMs ?? 0));
    },
    "leader.observed": ({ term }) => newestTerm.set(term),
    "leader.resigned": end,
    "leader.lost": end,
  };
}

/** Whether each store answers. etcd has a series from the first time that it was asked. */
function storeMetrics(make: Instruments): Reactions {
  const up = make.gauge("store_up", "1 while the store answers this replica, otherwise 0", "store");
  up.set({ store: "redis" }, 0);
  return {
    "redis.connected": () => up.set({ store: "redis" }, 1),
    "redis.unreachable": () => up.set({ store: "redis" }, 0),
    "etcd.connected": () => up.set({ store: "etcd" }, 1),
    "etcd.unreachable": () => up.set({ store: "etcd" }, 0),
  };
}

function tickMetrics(make: Instruments): Reactions {
  const ticks = make.counter(
    "ticks_total",
    "Ticks that this replica decided as the leader, by what became of them and why",
    "outcome",
    "reason",
  );
  const lateness = make.histogram(
    "launch_lateness_seconds",
    "From a tick to its launch by this replica",
    LATENESS_BUCKETS_S,
    "kind",
  );
  for (const kind of LAUNCH_KINDS) {
    ticks.inc({ outcome: "launched", reason: kind }, 0);
    lateness.zero({ kind });
  }
  for (const reason of [...Object.values(SKIP_LABELS), OTHER]) ticks.inc({ outcome: "skipped", reason }, 0);
  for (const reason of [...Object.values(MISS_LABELS), OTHER]) ticks.inc({ outcome: "missed", reason }, 0);
  return {
    "tick.launched": ({ kind, lateMs }) => {
      ticks.inc({ outcome: "launched", reason: kind });
      lateness.observe({ kind }, seconds(lateMs));
    },
    "tick.skipped": ({ reasonCode, count = 1 }) =>
      ticks.inc({ outcome: "skipped", reason: SKIP_LABELS[reasonCode] }, count),
    "tick.missed": ({ reasonCode, count = 1 }) =>
      ticks.inc({ outcome: "missed", reason: MISS_LABELS[reasonCode] }, count),
  };
}

/** Each term tries every job again. */
function quarantineMetrics(make: Instruments): Reactions {
  const gauge = make.gauge(
    "jobs_quarantined",
    "Jobs that this replica, as the leader, cannot launch and has set apart",
  );
  const quarantined = new Set<string>();
  const change = (act: () => unknown) => {
    act();
    gauge.set(quarantined.size);
  };
  const end = () => change(() => quarantined.clear());
  return {
    "job.quarantined": ({ job }) => change(() => quarantined.add(job)),
    "job.recovered": ({ job }) => change(() => quarantined.delete(job)),
    "leader.elected": end,
    "leader.resigned": end,
    "leader.lost": end,
  };
}

function runMetrics(make: Instruments, labels: JobLabels, jobs: () => readonly string[]): Reactions {
  const runs = make.counter(
    "runs_total",
    "Attempts that ended on this replica: completed, failed for good, or to be retried",
    "job",
    "outcome",
  );
  const duration = make.histogram(
    "run_duration_seconds",
    "How long attempts took on this replica",
    RUN_BUCKETS_S,
    "job",
  );
  const count = (name: string, outcome: (typeof RUN_OUTCOMES)[number], durationMs: number) => {
    const job = labels.of(name);
    runs.inc({ job, outcome });
    duration.observe({ job }, seconds(durationMs));
  };
  return {
    "config.loaded": () => {
      const { added, removed } = labels.update(jobs());
      for (const outcome of RUN_OUTCOMES) {
        for (const job of removed) runs.remove({ job, outcome });
        for (const job of added) runs.inc({ job, outcome }, 0);
      }
      for (const job of removed) duration.remove({ job });
    },
    "run.completed": ({ job, durationMs }) => count(job, "completed", durationMs),
    "run.failed": ({ job, durationMs, final }) => count(job, final ? "failed" : "retried", durationMs),
  };
}

function configMetrics(make: Instruments): Reactions {
  const generationGauge = make.gauge(
    "config_generation",
    "Generation of the configuration that this replica carries",
  );
  const info = make.gauge(
    "config_info",
    "1, labelled with the hash of the job definitions that this replica carries",
    "hash",
  );
  const zonesInfo = make.gauge(
    "zones_info",
    "1, labelled with the version of the tz database and a hash of what the jobs' zones do in this and the next year",
    "tz",
    "hash",
  );
  const rejected = make.counter(
    "config_rejected_total",
    "Changes of the configuration that this replica refused",
  );
  return {
    "config.loaded": ({ generation, hash, zones }) => {
      generationGauge.set(generation);
      info.reset();
      info.set({ hash }, 1);
      zonesInfo.reset();
      zonesInfo.set({ tz: process.versions["tz"] ?? "unknown", hash: zones }, 1);
    },
    "config.rejected": () => rejected.inc(),
  };
}

function redisMetrics(make: Instruments): Reactions {
  const errors = make.counter(
    "redis_errors_total",
    "Times that Redis stopped answering this replica, and launches that it refused or left open",
  );
  const lost = make.counter(
    "redis_data_lost_total",
    "Times that this replica found data of the namespace missing in Redis that it had seen there",
  );
  return {
    "redis.lostData": () => lost.inc(),
    "redis.unreachable": () => errors.inc(),
    "worker.silent": () => errors.inc(),
    "launch.failed": () => errors.inc(),
    "launch.stalled": () => errors.inc(),
  };
}

function lockMetrics(make: Instruments): Reactions {
  const wait = make.histogram(
    "lock_wait_seconds",
    "How long locks that were acquired here had been waited for",
    LOCK_BUCKETS_S,
  );
  const held = make.histogram(
    "lock_held_seconds",
    "How long locks were held here until they were released or lost",
    LOCK_BUCKETS_S,
  );
  return {
    "lock.acquired": ({ waitedMs }) => wait.observe(seconds(waitedMs)),
    "lock.released": ({ heldMs }) => held.observe(seconds(heldMs)),
    "lock.lost": ({ heldMs }) => held.observe(seconds(heldMs)),
  };
}
