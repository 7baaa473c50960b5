/** A cluster that is not there: plausible answers of the API, the same in each run. */
import type {
  AuditRow,
  Facets,
  HistoryRow,
  JobRow,
  Outcome,
  ReplicaInfo,
  TermInfo,
} from "../../../src/dashboard/shapes.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
const ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"];
const TOPICS = [
  "invoices",
  "mail",
  "search",
  "billing",
  "reports",
  "cache",
  "imports",
  "exports",
  "backup",
  "metrics",
];
const VERBS = [
  "send",
  "refresh",
  "sync",
  "clean",
  "rebuild",
  "check",
  "archive",
  "publish",
  "rotate",
  "reconcile",
];
const SCHEDULES = ["every 30s", "*/5 * * * *", "0 * * * *", "15 2 * * *", "0 9 * * 1-5", "0 0 1 * *"];

/** Numbers from 0 to 1 that only look random. */
export function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}

export function makeJobs(size: number, nowMs: number): JobRow[] {
  const next = numbersFrom(7);
  return Array.from({ length: size }, (_, i) => makeJob(i, nowMs, next));
}

function makeJob(i: number, nowMs: number, next: () => number): JobRow {
  const topic = TOPICS[i % 10] ?? "";
  const verb = VERBS[Math.floor(i / 10) % 10] ?? "";
  const name = i < 100 ? `${topic}-${verb}` : `${topic}-${verb}-${Math.floor(i / 100)}`;
  const trouble = next();
  const isFailing = trouble < 0.06;
  const isPaused = trouble > 0.95;
  const isRunning = trouble > 0.5 && trouble < 0.6;
  const durationMs = 40 + Math.floor(next() ** 3 * 90_000);
  const strip = makeStrip(next, { isFailing, isPaused, isRunning });
  return {
    name,
    schedule: SCHEDULES[i % SCHEDULES.length] ?? "",
    timezone: ZONES[Math.floor(i / 3) % ZONES.length] ?? "UTC",
    paused: isPaused,
    pausedBy: isPaused
      ? {
          by: "ada",
          at: iso(nowMs - 3 * HOUR_MS),
          reason: "the ledger is being moved",
          until: i % 2 ? iso(nowMs + HOUR_MS) : null,
        }
      : null,
    quarantined:
      trouble > 0.6 && trouble < 0.605
        ? { since: iso(nowMs - HOUR_MS), reason: "Redis did not add the run: OOM command not allowed" }
        : null,
    silenced: null,
    lastTick: iso(nowMs - Math.floor(next() * HOUR_MS)),
    nextTick: isPaused ? null : iso(nowMs + 5_000 + Math.floor(next() ** 2 * 6 * HOUR_MS)),
    lastRun: {
      outcome: isFailing ? "failed" : "completed",
      run: `bw.${name}.${i}`,
      ...(isFailing && { error: "ECONNREFUSED 10.0.3.7:5432" }),
    },
    handler: `jobs/${verb}.ts`,
    queue: i % 7 === 0 ? "heavy" : "default",
    strip,
    running: isRunning ? 1 : 0,
    durationMs: { p50: durationMs, p95: Math.floor(durationMs * (1.2 + next() * 3)) },
    lateMs: { p50: 2 + Math.floor(next() * 5), p95: 8 + Math.floor(next() * 400) },
    overdueMs: trouble > 0.61 && trouble < 0.62 ? 95_000 : 0,
  };
}

interface Troubles {
  readonly isFailing: boolean;
  readonly isPaused: boolean;
  readonly isRunning: boolean;
}

function makeStrip(next: () => number, { isFailing, isPaused, isRunning }: Troubles): Outcome[] {
  const strip = Array.from({ length: 25 + Math.floor(next() * 60) }, (_, k): Outcome => {
    const luck = next();
    if (isFailing && luck < 0.25) return "failed";
    if (isPaused && k > 20) return "skipped";
    return luck < 0.015 ? "failed" : luck < 0.03 ? "missed" : luck < 0.06 ? "skipped" : "completed";
  }).slice(-60);
  if (isFailing) strip[strip.length - 1] = "failed";
  if (isRunning) strip[strip.length - 1] = "running";
  return strip;
}

/** What each state of the list means. */
export const STATE_RULES: Readonly<Record<keyof Facets, (job: JobRow, nowMs: number) => boolean>> = {
  all: () => true,
  failing: job => job.lastRun?.outcome === "failed",
  overdue: job => job.overdueMs > 0,
  paused: job => job.paused,
  running: job => job.running > 0,
  skippedToday: job => job.strip.slice(-10).includes("skipped"),
  missedToday: job => job.strip.slice(-10).includes("missed"),
  dueSoon: (job, nowMs) => job.nextTick !== null && Date.parse(job.nextTick) - nowMs < 5 * MINUTE_MS,
  quarantined: job => job.quarantined !== null,
};

export function makeReplicas(nowMs: number): ReplicaInfo[] {
  return ["7f9c4d8b6-2xk9q", "7f9c4d8b6-m4wzt", "7f9c4d8b6-p8rhv"].map((id, i) => ({
    id: `bellwether-${id}`,
    roles: ["scheduler", "worker"],
    generation: 42,
    startedAt: iso(nowMs - (26 - i) * HOUR_MS),
    leading: i === 1,
    tooOld: false,
    version: "0.1.0",
    clockSkewMs: [12, -3, 1_840][i] ?? 0,
    running:
      i === 0
        ? [{ run: "bw.mail-send.1", job: "mail-send", since: iso(nowMs - 4_000) }]
        : i === 2
          ? [
              { run: "bw.search-rebuild.1", job: "search-rebuild", since: iso(nowMs - 90_000) },
              { run: "bw.cache-clean.1", job: "cache-clean", since: iso(nowMs - 2_000) },
            ]
          : [],
    runningCount: i,
    load: { eventLoopDelayMs: [1, 2, 11][i] ?? 0, rssBytes: [118e6, 131e6, 124e6][i] ?? 0 },
  }));
}

export function makeTerms(nowMs: number): TermInfo[] {
  const hours = [0.4, 5, 5.6, 17, 31];
  const reasons = ["crashed", "resigned", "expired", "resigned", "vacant"];
  const causes = ["process-gone", "stepdown", "frozen", "shutdown", "first"];
  const replicas = ["m4wzt", "2xk9q", "p8rhv", "m4wzt", "2xk9q"].map(id => `bellwether-7f9c4d8b6-${id}`);
  const gaps = [41, 3, 6_204, 2, null];
  return hours.map((hour, i) => ({
    term: 18 - i,
    replica: replicas[i] ?? "",
    at: iso(nowMs - hour * HOUR_MS),
    previous: replicas[i + 1] ?? null,
    reason: reasons[i] ?? null,
    cause: causes[i] ?? null,
    vacantMs: gaps[i] ?? null,
    endedAt: i === 0 ? null : iso(nowMs - (hours[i - 1] ?? 0) * HOUR_MS - (gaps[i - 1] ?? 0)),
    by: causes[i] === "stepdown" ? "ada" : null,
  }));
}

export function makeHistory(job: JobRow, nowMs: number): HistoryRow[] {
  const next = numbersFrom(job.name.length * 31);
  return job.strip.toReversed().map((outcome, i): HistoryRow => {
    const tick = iso(Math.floor((nowMs - i * 5 * MINUTE_MS) / MINUTE_MS) * MINUTE_MS);
    const base = {
      tick,
      kind: next() < 0.05 ? "catch-up" : "scheduled",
      term: 18,
      lateMs: 2 + Math.floor(next() ** 4 * 3_000),
    };
    const run = `bw.${job.name}.${1_000 - i}`;
    if (outcome === "skipped") return { ...base, outcome, reason: "paused", by: "ada" };
    if (outcome === "missed") return { ...base, outcome, reason: "catchUp: latest, a newer tick was due" };
    if (outcome === "running") return { ...base, outcome: "launched", run };
    const durationMs = Math.floor((job.durationMs?.p50 ?? 100) * (0.5 + next()));
    const failed = outcome === "failed";
    return {
      ...base,
      outcome: "launched",
      run,
      result: outcome,
      attempts: failed ? 3 : next() < 0.06 ? 2 : 1,
      durationMs,
      replica: "bellwether-7f9c4d8b6-2xk9q",
      ...(failed && { error: "connect ECONNREFUSED 10.0.3.7:5432" }),
    };
  });
}

export function makeAudit(nowMs: number): AuditRow[] {
  const acts = ["pause", "resume", "trigger", "backfill", "skip-next", "stepdown", "retry"];
  return Array.from({ length: 140 }, (_, i) => ({
    at: iso(nowMs - i * 17 * MINUTE_MS),
    action: acts[i % acts.length] ?? "",
    by: ["ada@10.1.4.20", "grace@10.1.4.21", "ci-deploy"][i % 3] ?? "",
    ...(acts[i % acts.length] !== "stepdown" && { job: `${TOPICS[i % 10]}-send` }),
    ...(acts[i % acts.length] === "backfill" && { ticks: 24 }),
    ...(acts[i % acts.length] === "pause" && { reason: "the ledger is being moved" }),
  }));
}
