import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { setupMetrics } from "./setup.ts";

afterEach(() => {
  vi.useRealTimers();
});

const TICK = { job: "report", tick: "2026-11-23T07:00:00.000Z", term: 1 };
const RUN = { job: "report", run: "report@20261123T070000Z", attempt: 1, durationMs: 250 };

describe("metrics", () => {
  it("are those that docs/metrics.md lists, with their labels", async () => {
    const { metrics, events, expose } = setupMetrics({
      queueDepths: {
        read: async () => new Map([["q", { waiting: 1 }]]),
        readPaused: async () => new Map([["q", true]]),
      },
      stuckAlarm: {
        pausedQueues: () => [],
        stuckMs: () => [
          { queue: "q", cause: "paused", forMs: 400_000 },
          { queue: "q", cause: "paused", forMs: 900_000 },
          { queue: "q", cause: "paused", forMs: 500_000 },
        ],
      },
    });
    events.emit("run.completed", RUN);
    expect((await expose()).value("run_stuck_seconds", { queue: "q", cause: "paused" })).toBe(900);
    expect((await expose()).value("queue_paused", { queue: "q" })).toBe(1);
    const { text } = await metrics.expose();
    const exported = [...text.matchAll(/^# TYPE (bellwether_\S+) (\w+)$/gm)].map(([, name = "", type]) => {
      const samples = text.matchAll(new RegExp(`^${name}(?:_bucket)?\\{(.*)\\}`, "gm"));
      const labels = [...samples].flatMap(([, pairs = ""]) =>
        [...pairs.matchAll(/(\w+)="/g)].map(([, label = ""]) => label),
      );
      return [name, type, [...new Set(labels)].filter(label => label !== "le").join(", ")];
    });
    const docs = readFileSync(new URL("../../../docs/metrics.md", import.meta.url), "utf8");
    const documented = [...docs.matchAll(/^\| `(bellwether_\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
      ([, name, type, labels = ""]) => [name, type, labels.replaceAll("`", "").trim()],
    );
    expect(documented.toSorted()).toEqual(exported.toSorted());
  });

  it("include Node's own", async () => {
    const { expose } = setupMetrics();
    const names = new Set((await expose()).samples.map(({ name }) => name));
    for (const name of ["nodejs_eventloop_lag_p99_seconds", "process_resident_memory_bytes"]) {
      expect(names).toContain(name);
    }
  });

  it("begin at 0 where the labels are known", async () => {
    const { expose } = setupMetrics();
    const shown = await expose();
    const zeros: [string, Record<string, string>][] = [
      ["leader", {}],
      ["leader_absent_seconds", {}],
      ["log_lines_dropped_total", {}],
      ["jobs_quarantined", {}],
      ["store_up", { store: "redis" }],
      ["terms_ended_total", { reason: "fenced" }],
      ["job_silenced_seconds", { job: "import" }],
      ["vacant_seconds_total", {}],
      ["config_rejected_total", {}],
      ["redis_errors_total", {}],
      ["handoffs_total", { reason: "crashed" }],
      ["ticks_total", { outcome: "missed", reason: "window" }],
      ["ticks_total", { outcome: "skipped", reason: "overlap" }],
      ["runs_total", { job: "import", outcome: "failed" }],
      ["job_overdue_seconds", { job: "import" }],
      ["launch_lateness_seconds_count", { kind: "catch-up" }],
      ["redis_latency_seconds_count", {}],
      ["etcd_latency_seconds_count", {}],
      ["lock_wait_seconds_count", {}],
    ];
    for (const [name, labels] of zeros) expect([name, shown.value(name, labels)]).toEqual([name, 0]);
  });

  it("tell who leads, and how it came to that", async () => {
    const { events, expose } = setupMetrics();
    const end = { cause: "silent", at: "2026-11-23T07:00:00.000Z" } as const;
    const elected = { store: "redis", leader: "me", previous: "other", ...end } as const;
    events.emit("leader.observed", { leader: "other", term: 6 });
    expect((await expose()).value("term")).toBe(6);
    events.emit("leader.elected", {
      ...elected,
      term: 7,
      reason: "crashed",
      reasonCode: "crashed",
      vacantMs: 1_500,
    });
    const leading = await expose();
    expect([leading.value("leader"), leading.value("term")]).toEqual([1, 7]);
    expect(leading.value("vacant_seconds_total")).toBe(1.5);
    events.emit("leader.lost", { ...end, term: 7, reason: "expired", reasonCode: "expired" });
    expect((await expose()).value("leader")).toBe(0);
    events.emit("leader.elected", {
      ...elected,
      term: 9,
      reason: "expired",
      reasonCode: "expired",
      vacantMs: null,
    });
    events.emit("leader.resigned", { ...end, term: 9, reason: "shutdown", reasonCode: "shutdown" });
    const over = await expose();
    expect([over.value("leader"), over.value("term")]).toEqual([0, 9]);
    expect(over.counts("handoffs_total")).toEqual({ crashed: 1, expired: 1 });
    events.emit("leader.elected", {
      ...elected,
      term: 10,
      reason: "handed-over",
      reasonCode: "handed_over",
      vacantMs: null,
    });
    expect((await expose()).value("handoffs_total", { reason: "other" })).toBe(1);
  });

  it("count each tick once, also where one event stands for many", async () => {
    const { events, expose } = setupMetrics();
    events.emit("tick.launched", { ...TICK, lateMs: 7, run: "r", kind: "scheduled" });
    events.emit("tick.launched", { ...TICK, lateMs: 600_000, run: "r", kind: "catch-up" });
    events.emit("tick.skipped", { ...TICK, reason: "overlap", reasonCode: "overlap", run: "r" });
    const old = { reason: "older than catchUpWindow 1h", reasonCode: "older_than_window" } as const;
    events.emit("tick.missed", { ...TICK, ...old });
    events.emit("tick.missed", { ...TICK, ...old, from: TICK.tick, count: 41 });
    const shown = await expose();
    expect(shown.counts("ticks_total")).toEqual({
      "launched scheduled": 1,
      "launched catch-up": 1,
      "skipped overlap": 1,
      "missed window": 42,
    });
    expect(shown.value("launch_lateness_seconds_sum", { kind: "scheduled" })).toBe(0.007);
    expect(shown.value("launch_lateness_seconds_bucket", { kind: "scheduled", le: "0.005" })).toBe(0);
    expect(shown.value("launch_lateness_seconds_bucket", { kind: "scheduled", le: "0.01" })).toBe(1);
    expect(shown.value("launch_lateness_seconds_bucket", { kind: "catch-up", le: "300" })).toBe(0);
    expect(shown.value("launch_lateness_seconds_bucket", { kind: "catch-up", le: "3600" })).toBe(1);
  });

  it("tell failures that are tried again from those that are final", async () => {
    const { events, expose } = setupMetrics();
    const thrown = new Error("no");
    events.emit("run.failed", { ...RUN, final: false, error: "no", thrown });
    events.emit("run.failed", { ...RUN, final: true, error: "no", thrown });
    events.emit("run.completed", { ...RUN, job: "import" });
    const shown = await expose();
    expect(shown.counts("runs_total")).toEqual({
      "report retried": 1,
      "report failed": 1,
      "import completed": 1,
    });
    expect(shown.value("run_duration_seconds_sum", { job: "report" })).toBe(0.5);
  });

  it("count refused configurations, troubles with Redis, locks and answers", async () => {
    const { events, metrics, expose } = setupMetrics();
    events.emit("config.rejected", { mistakes: ["a", "b"] });
    events.emit("redis.unreachable", { address: "", error: "" });
    events.emit("launch.failed", { term: 1, error: "" });
    events.emit("worker.silent", { connection: "", forMs: 5_000 });
    const lock = { lock: "l", fence: 1, run: null };
    events.emit("lock.acquired", { ...lock, waitedMs: 20 });
    events.emit("lock.released", { ...lock, heldMs: 2_000 });
    events.emit("lock.lost", { ...lock, heldMs: 3_000, reason: "taken", reasonCode: "taken" });
    metrics.storeAnswered("redis", 2);
    metrics.storeAnswered("etcd", 4);
    const shown = await expose();
    expect(shown.value("config_rejected_total")).toBe(1);
    expect(shown.value("redis_errors_total")).toBe(3);
    expect(shown.value("lock_wait_seconds_sum")).toBe(0.02);
    expect(shown.value("lock_held_seconds_sum")).toBe(5);
    expect(shown.value("redis_latency_seconds_sum")).toBe(0.002);
    expect(shown.value("etcd_latency_seconds_sum")).toBe(0.004);
  });

  it("show what is read when they are asked", async () => {
    const queueDepths = {
      read: async () => new Map([["default", { waiting: 3, failed: 1 }]]),
      readPaused: async () => new Map(),
    };
    const { expose } = setupMetrics({
      clock: { skewMs: () => -2_500 },
      absence: { forMs: 12_000 },
      overdueAlarm: { overdueMs: () => new Map([["report", 90_000]]), silencedMs: () => new Map() },
      queueDepths,
    });
    const shown = await expose();
    expect(shown.value("clock_skew_seconds")).toBe(-2.5);
    expect(shown.value("leader_absent_seconds")).toBe(12);
    expect(shown.value("job_overdue_seconds", { job: "report" })).toBe(90);
    expect(shown.value("job_overdue_seconds", { job: "import" })).toBe(0);
    expect(shown.value("queue_depth", { queue: "default", state: "waiting" })).toBe(3);
    queueDepths.read = () => Promise.reject(new Error("away"));
    expect((await expose()).labelValues("queue_depth", "queue")).toEqual([]);
  });

  it("are 0, or without the queues, until the replica has joined the others", async () => {
    const { expose } = setupMetrics({ hasJoined: false });
    const shown = await expose();
    for (const name of ["clock_skew_seconds", "leader_absent_seconds"]) expect(shown.value(name)).toBe(0);
    for (const name of ["job_overdue_seconds", "job_silenced_seconds"]) {
      expect(shown.value(name, { job: "report" })).toBe(0);
    }
    for (const name of ["queue_depth", "queue_paused", "run_stuck_seconds"]) {
      expect(shown.labelValues(name, "queue")).toEqual([]);
    }
  });

  it("show whether each store answers", async () => {
    const { events, expose } = setupMetrics();
    const stores = async () => {
      const shown = await expose();
      return ["redis", "etcd"].map(store => shown.value("store_up", { store }));
    };
    const address = "127.0.0.1:1";
    expect(await stores()).toEqual([0, undefined]);
    events.emit("redis.connected", { address, version: "7.2.0" });
    events.emit("etcd.unreachable", { address, error: "no answer" });
    expect(await stores()).toEqual([1, 0]);
    events.emit("redis.unreachable", { address, error: "no answer" });
    events.emit("etcd.connected", { address });
    expect(await stores()).toEqual([0, 1]);
  });

  it("count terms by how they ended", async () => {
    const { events, expose } = setupMetrics();
    events.emit("leader.resigned", {
      term: 1,
      reason: "shutdown",
      reasonCode: "shutdown",
      cause: "shutdown",
      at: "",
    });
    for (const term of [2, 3])
      events.emit("leader.lost", { term, reason: "fenced", reasonCode: "fenced", cause: "fenced", at: "" });
    expect((await expose()).counts("terms_ended_total")).toEqual({ shutdown: 1, fenced: 2 });
  });

  it("come without the queues when Redis gives no answer", async () => {
    const { expose } = setupMetrics({
      queueDepths: { read: () => new Promise(() => undefined), readPaused: async () => new Map() },
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const exposed = expose();
    await vi.advanceTimersByTimeAsync(1_000);
    const shown = await exposed;
    expect(shown.labelValues("queue_depth", "queue")).toEqual([]);
    expect(shown.value("leader")).toBe(0);
  });

  it("go on counting for nobody when they are stopped", async () => {
    const { events, metrics, expose } = setupMetrics();
    metrics.stop();
    events.emit("config.rejected", { mistakes: [] });
    expect((await expose()).samples).toEqual([]);
  });
});

describe("the label of a job", () => {
  const complete = (job: string) => ({ ...RUN, job });

  it("goes with all of its series when the job leaves the configuration", async () => {
    const { events, observed, loadConfig, expose } = setupMetrics({
      overdueAlarm: { overdueMs: () => new Map([["report", 90_000]]), silencedMs: () => new Map() },
    });
    events.emit("run.completed", complete("report"));
    events.emit("run.completed", complete("import"));
    observed.jobs = ["import", "backup"];
    loadConfig("def", 2);
    events.emit("run.completed", complete("report"));
    const shown = await expose();
    for (const name of ["runs_total", "run_duration_seconds_count"]) {
      expect(shown.labelValues(name, "job")).not.toContain("report");
    }
    expect(shown.counts("runs_total")).toEqual({ "import completed": 1, "other completed": 1 });
    expect(shown.value("runs_total", { job: "backup", outcome: "failed" })).toBe(0);
    expect(shown.value("config_generation")).toBe(2);
    expect(shown.labelValues("config_info", "hash")).toEqual(["def"]);
  });

  it("is one of 1,000, or other", async () => {
    const jobs = Array.from({ length: 1_200 }, (_, i) => `job-${i}`);
    const { events, expose } = setupMetrics({
      jobs,
      overdueAlarm: {
        overdueMs: () =>
          new Map([
            ["job-1100", 70_000],
            ["job-1101", 80_000],
          ]),
        silencedMs: () => new Map(),
      },
    });
    for (const job of jobs) events.emit("run.completed", complete(job));
    const shown = await expose();
    for (const name of ["runs_total", "run_duration_seconds_count", "job_overdue_seconds"]) {
      expect(shown.labelValues(name, "job")).toHaveLength(1_001);
    }
    expect(shown.value("runs_total", { job: "other", outcome: "completed" })).toBe(200);
    expect(shown.value("job_overdue_seconds", { job: "other" })).toBe(80);
  });
});
