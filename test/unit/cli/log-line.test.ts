import { describe, expect, it } from "vitest";
import { formatLogRecord, formatPlainLine, type Paint, parseLogLine } from "../../../src/cli/log-line.ts";
import type { EventMap, EventName } from "../../../src/event-map.ts";

const source = { name: "replica-1", style: "cyan" } as const;
const at = new Date(2026, 10, 23, 12, 30, 5, 123);
const unpainted: Paint = (_style, text) => text;

function format(fields: object, paint = unpainted): string {
  const line = JSON.stringify({
    level: "info",
    time: at.toISOString(),
    replica: "replica-1-7f3a09",
    ...fields,
  });
  const record = parseLogLine(line);
  if (!record) throw new Error("not a record");
  return formatLogRecord(record, source, paint);
}

describe("a log record", () => {
  const run = "hello@20261123T070000Z";
  it.each([
    [
      "an election after a crash",
      { event: "leader.elected", term: 3, reason: "crashed", previous: "replica-2-09bc41", vacantMs: 84 },
      "leader.elected      term 3 after replica-2-09bc41 (crashed), no leader for 84 ms",
    ],
    [
      "the first election",
      { event: "leader.elected", term: 1, reason: "vacant", previous: null, vacantMs: null },
      "leader.elected      term 1 (vacant)",
    ],
    [
      "a follower",
      { event: "leader.observed", leader: "replica-2-09bc41", term: 3 },
      "leader.observed     follows replica-2-09bc41, term 3",
    ],
    [
      "a follower that knows how the term before ended",
      {
        event: "leader.observed",
        leader: "replica-2-09bc41",
        term: 3,
        previous: "replica-1-7f3a09",
        reason: "resigned",
        cause: "stepdown",
        by: "ann",
        vacantMs: 4,
      },
      "leader.observed     follows replica-2-09bc41, term 3 after replica-1-7f3a09 (resigned: stepdown by ann), no leader for 4 ms",
    ],
    [
      "a start",
      { event: "replica.started", pid: 17, roles: ["scheduler", "worker"], generation: 4 },
      "replica.started     pid 17, scheduler, worker, generation 4",
    ],
    [
      "where a replica answers",
      {
        event: "replica.started",
        pid: 17,
        roles: ["worker"],
        generation: 4,
        http: "http://0.0.0.0:81",
        admin: "http://0.0.0.0:82/",
      },
      "replica.started     pid 17, worker, generation 4, http://0.0.0.0:81, dashboard http://0.0.0.0:82/",
    ],
    [
      "a run at its first attempt",
      { event: "run.completed", job: "hello", run, attempt: 1, durationMs: 12 },
      "run.completed       hello@20261123T070000Z in 12 ms",
    ],
    [
      "a run that is tried again, with its stack indented",
      {
        event: "run.failed",
        run,
        attempt: 2,
        durationMs: 12,
        final: false,
        error: "no",
        stack: "at x",
      },
      "run.failed          hello@20261123T070000Z after 12 ms (attempt 2), will be tried again: no\n      at x",
    ],
    [
      "several mistakes, a line each",
      { event: "config.rejected", mistakes: ["jobs.yaml:3:5 a", "jobs.yaml:9:1 b"] },
      "config.rejected     jobs.yaml:3:5 a\n      jobs.yaml:9:1 b",
    ],
    [
      "a known event without words of its own",
      {
        event: "redis.unreachable",
        msg: "Redis does not answer",
        address: "127.0.0.1:1",
        error: "gone away",
      },
      'redis.unreachable   address=127.0.0.1:1 error="gone away"',
    ],
    [
      "an unknown event",
      { event: "queue.drained", msg: "nothing left", queue: "default", sizes: [1, 2] },
      "queue.drained       nothing left  queue=default sizes=[1,2]",
    ],
    [
      "a handler's line",
      { msg: "sent", job: "hello", count: 3 },
      "log                 sent  job=hello count=3",
    ],
    [
      "an Error as pino writes it",
      { msg: "oh", err: { type: "Error", message: "no", stack: "Error: no\n    at x" } },
      "log                 oh  err=Error: no\n          at x",
    ],
    [
      "an event whose fields have other types",
      { event: "replica.exited", exitCode: 1, run: null, runs: "a@1" },
      "replica.exited      exitCode=1 run=null runs=a@1",
    ],
    ["an event whose text is none", { event: "config.unread", problem: 5 }, "config.unread       problem=5"],
    [
      "a value that has no text of its own",
      { event: "leader.elected", term: { toString: 1 } },
      'leader.elected      term={"toString":1}',
    ],
    ["an event's name with fields that are missing", { event: "config.rejected" }, "config.rejected"],
  ])("shows %s", (_title, fields, shown) => {
    expect(format(fields)).toBe(`12:30:05.123  replica-1-7f3a09  ${shown}`);
  });

  it("shows escapes for what could steer a terminal, and forges no line", () => {
    const shown = format({ msg: "a\u001b[2J\n12:30\tc", replica: "r\u0007", event: "e\u009b" });
    expect(shown).toMatch(/^12:30:05\.123 {2}r\\u0007 +e\\u009b +a\\u001b\[2J\n {6}12:30 {2}c$/);
  });

  it("names the process when the record does not name the replica", () => {
    expect(format({ replica: undefined, msg: "hi" })).toContain("  replica-1         log  ");
  });

  it.each([
    ["warn", "bold,yellow"],
    ["error", "bold,red"],
    ["info", "bold"],
    ["constructor", "bold"],
  ])("makes the event of a %s line %s", (level, style) => {
    const marked: Paint = (styles, text) => `<${styles}>${text.trim()}</>`;
    expect(format({ level, event: "leader.lost", term: 3, reason: "expired" }, marked)).toBe(
      `<dim>12:30:05.123</>  <cyan>replica-1-7f3a09</>  <${style}>leader.lost</>  term 3 (expired)`,
    );
  });

  it("takes pino's epoch milliseconds and gives a record without a time the present", () => {
    expect(format({ time: at.getTime(), msg: "hi" })).toMatch(/^12:30:05\.123 /);
    expect(format({ time: "soon", msg: "hi" })).toMatch(/^\d\d:\d\d:\d\d\.\d{3} /);
  });
});

const BEGINNING = {
  reason: "resigned",
  reasonCode: "resigned",
  previous: "pod-7",
  cause: "stepdown",
  by: "ann",
  error: "no route",
  vacantMs: 4712,
  at: "T2",
} as const;

/** Each event with all of its fields that are logged. */
const EVENTS: { readonly [K in EventName]: Required<Omit<EventMap[K], "thrown">> } = {
  "replica.started": {
    roles: ["worker"],
    generation: 4711,
    pid: 4712,
    tz: "2026c",
    http: "http://0.0.0.0:81",
    admin: "http://127.0.0.1:82/",
  },
  "replica.stopping": { roles: ["worker"], generation: 4711, reason: "SIGTERM" },
  "replica.stopped": { roles: ["worker"], generation: 4711, clean: true },
  "replica.exited": { exitCode: 3, run: "a@T1", runs: ["a@T1", "b@T1"] },
  "replica.interrupted": { reason: "SIGTERM", phase: "waiting for Redis" },
  "replica.failed": { error: "BUG: a rule is broken", code: "BW_BUG" },
  "log.recovered": { dropped: 4711, forMs: 4712, error: "no space" },
  "listener.failed": { at: "tick.launched", error: "Error: mine" },
  "leader.elected": { ...BEGINNING, term: 4711, store: "etcd", leader: "pod-8" },
  "leader.observed": { ...BEGINNING, leader: "pod-8", term: 4711 },
  "leader.resigned": {
    term: 4711,
    reason: "stepdown",
    reasonCode: "stepdown",
    cause: "stepdown",
    by: "ann",
    error: "no route",
    at: "T2",
  },
  "leader.lost": {
    term: 4711,
    reason: "unreachable",
    reasonCode: "unreachable",
    cause: "refused",
    by: "ann",
    error: "no route",
    at: "T2",
  },
  "leader.failed": { term: 4711, error: "no route" },
  "leader.absent": { forMs: 4711, error: "no route" },
  "bid.failing": { forMs: 4711, error: "no route", leader: "replica-2" },
  "clock.skewed": { skewMs: 4711 },
  "clock.stepped": { stepMs: 4711 },
  "tick.launched": { job: "a", tick: "T1", term: 4711, lateMs: 4712, run: "a@T1", kind: "catch-up" },
  "tick.skipped": {
    job: "a",
    tick: "T1",
    term: 4711,
    reason: "overlap",
    reasonCode: "overlap",
    run: "a@T0",
    from: "T5",
    count: 4712,
  },
  "tick.missed": {
    job: "a",
    tick: "T1",
    term: 4711,
    reason: "window",
    reasonCode: "older_than_window",
    from: "T5",
    count: 4712,
  },
  "job.overdue": { job: "a", tick: "T1", forMs: 4711 },
  "job.silenced": { job: "a", until: "T1", forMs: 4711 },
  "job.quarantined": {
    job: "a",
    term: 4711,
    reason: "WRONGTYPE",
    reasonCode: "run_not_added",
    fix: "repair it",
    retryInMs: 4712,
  },
  "job.recovered": { job: "a", term: 4711, forMs: 4712 },
  "job.retired": { job: "a" },
  "api.answered": {
    method: "POST",
    path: "/api/v1/jobs/a/pause",
    status: 4711,
    by: "ann",
    from: "10.1.2.3",
  },
  "history.folded": { term: 4711, folded: 4712, dropped: 4713, bytes: 4714, budgetBytes: 4715 },
  "history.overBudget": { term: 4711, bytes: 4712, budgetBytes: 4713, jobs: 4714 },
  "operator.acted": {
    action: "backfill",
    by: "ann@desk",
    at: "T1",
    term: 4711,
    job: "a",
    run: "a@T1",
    ticks: ["T2", "T3"],
    reason: "lost",
    reasonCode: "order_lost",
  },
  "run.completed": { job: "a", run: "a@T1", attempt: 4711, durationMs: 4712 },
  "run.failed": {
    job: "a",
    run: "a@T1",
    attempt: 4711,
    durationMs: 4712,
    final: true,
    error: "no paper",
    stack: "at a.ts:1:1",
    reason: "its data does not fit",
    reasonCode: "data_invalid",
  },
  "run.endUnknown": { job: "a", run: "a@T1", reason: "no events", reasonCode: "end_unknown" },
  "run.returned": { job: "a", run: "a@T1", reason: "shutdown", reasonCode: "shutdown" },
  "run.strayError": { job: "a", run: "a@T1", error: "no paper", stack: "at a.ts:1:1" },
  "config.loaded": {
    generation: 4711,
    hash: "c0ffee",
    zones: "d0d0",
    jobs: 4712,
    needsRestart: ["http.port", "redis"],
    added: ["new"],
    removed: ["old"],
    changed: ["moved", "more"],
    unnamed: 4713,
  },
  "config.rejected": { mistakes: ["a.yaml:1:1 b", "a.yaml:2:1 c"] },
  "config.resolved": { generation: 4711, hash: "c0ffee" },
  "handlers.changed": { files: ["jobs/a.ts", "jobs/b.ts"] },
  "config.unread": { problem: "config/jobs.YML is not read (did you mean jobs.yml?)" },
  "config.differs": {
    generation: 4711,
    hash: "c0ffee",
    other: "pod-7",
    otherHash: "09bc41",
    zones: ["America/Vancouver"],
    tz: "2026c",
    otherTz: "2025b",
  },
  "redis.unreachable": { address: "db:6379", error: "no route", connection: "lease" },
  "namespace.shared": {
    generation: 4711,
    hash: "f00d",
    other: "b-1",
    otherGeneration: 4713,
    otherHash: "beef",
  },
  "redis.connected": { address: "db:6379", server: "10.0.0.1:6379", version: "7.4" },
  "etcd.unreachable": { address: "db:2379", error: "no route" },
  "etcd.connected": { address: "db:2379" },
  "redis.lostData": {
    found: "empty",
    lost: ["pauses"],
    term: 4711,
    foundTerm: 0,
    pausedAgain: ["a"],
    error: "no",
  },
  "redis.warning": { problem: "no AOF", advice: "switch it on" },
  "launch.failed": { term: 4711, error: "no route" },
  "launch.stalled": { term: 4711, forMs: 4712, error: "no connection to Redis" },
  "run.stalled": { queue: "default", run: "a@T1" },
  "run.stuck": { job: "a", run: "a@T1", queue: "default", cause: "paused", forMs: 4711, fix: "resume it" },
  "run.unstuck": { job: "a", run: "a@T1", queue: "default", cause: "paused", forMs: 4711 },
  "run.lost": { job: "a", run: "a@T1", attempt: 4711, reason: "expired", reasonCode: "lock_gone" },
  "run.resultDropped": { job: "a", run: "a@T1", reason: "too large", reasonCode: "too_large" },
  "run.unrecorded": { job: "a", run: "a@T1", error: "no route" },
  "worker.error": { queue: "default", error: "no route" },
  "worker.silent": { connection: "pod-7:worker", forMs: 4711 },
  "worker.heard": { forMs: 4711 },
  "lock.acquired": { lock: "invoices", fence: 4711, waitedMs: 4712, run: "a@T1" },
  "lock.released": { lock: "invoices", fence: 4711, heldMs: 4712, run: "a@T1" },
  "lock.lost": {
    lock: "invoices",
    fence: 4711,
    heldMs: 4712,
    run: "a@T1",
    reason: "taken",
    reasonCode: "taken",
  },
};

/** What the sentence says in other words, or what the lines around it say. */
const NOT_SHOWN: Readonly<Record<string, readonly string[]>> = {
  "namespace.shared": ["hash", "otherHash"],
  "replica.started": ["tz"],
  "replica.stopping": ["roles", "generation"],
  "replica.stopped": ["roles", "generation", "clean"],
  "leader.elected": ["at", "store", "leader"],
  "leader.observed": ["at"],
  "leader.resigned": ["at"],
  "leader.lost": ["at"],
  "tick.launched": ["kind"],
  "tick.skipped": ["term"],
  "tick.missed": ["term", "reasonCode"],
  "run.failed": ["final", "reason", "reasonCode"],
  "config.loaded": ["zones"],
  "config.differs": ["hash"],
};

it.each(Object.entries(EVENTS))("shows what a person needs of %s", (event, fields) => {
  const shown = format({ event, ...fields });
  const missing = Object.entries(fields).filter(
    ([, value]) => ![value].flat().every(part => shown.includes(String(part))),
  );
  expect(missing.map(([key]) => key)).toEqual(NOT_SHOWN[event] ?? []);
});

describe("another line", () => {
  it.each(["plain words", "", "{not json", "[1]", '{"no":"level"}', "null", '"text"'])(
    "is no record: %s",
    line => {
      expect(parseLogLine(line)).toBeNull();
    },
  );

  it("is passed through behind the replica's name", () => {
    expect(formatPlainLine("from console.log", at, source, unpainted)).toBe(
      "12:30:05.123  replica-1         from console.log",
    );
  });
});
