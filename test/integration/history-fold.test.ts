import type { Redis } from "ioredis";
import { expect } from "vitest";
import { readHistoryPage } from "../../src/launch/history-page.ts";
import { Histories, readHistoryUse } from "../../src/launch/history-use.ts";
import { readHistory } from "../../src/launch/read-history.ts";
import { HistoryKeeper, type HistorySettings } from "../../src/leader/history-keeper.ts";
import type { RedisKeys } from "../../src/redis/keys.ts";
import { test as base, FENCE } from "../support/leader.ts";
import { Recorder } from "../support/recorder.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Every row is older than a day. */
const NOW = Date.UTC(2026, 10, 28);
const FROM = Date.UTC(2026, 10, 23, 7);

type End = "completed" | "failed" | "removed" | "open";

interface Row {
  readonly at: number;
  readonly end: End | "skipped" | "missed";
}

/** Writes what leaders and workers write: a tick a minute, each second entry the end of its run. */
async function record(redis: Redis, keys: RedisKeys, job: string, rows: readonly Row[]): Promise<void> {
  const pipeline = redis.pipeline();
  const add = (ms: number, ...fields: (string | number)[]) =>
    pipeline.xadd(keys.history(job), `${ms}-*`, ...fields);
  for (const { at, end } of rows) {
    const tick = ["tick", at, "kind", "scheduled", "term", 1, "lateMs", 3];
    if (end === "skipped" || end === "missed") {
      add(at + 3, ...tick, "reason", "paused", "reasonCode", "paused", "outcome", end);
      continue;
    }
    const run = runOf(job, at);
    add(at + 3, ...tick, "run", run, "outcome", "launched");
    if (end === "removed") add(at + 9, "run", run, "result", end);
    else if (end !== "open")
      add(at + 9, "run", run, "result", end, "attempts", 1, "durationMs", 40, "replica", "worker-1");
  }
  await pipeline.exec();
  await redis.hset(keys.cursors, job, rows.at(-1)?.at ?? 0);
}

function runOf(job: string, at: number): string {
  return `${job}@${new Date(at).toISOString().replace(/[-:]|\.000/g, "")}`;
}

function minutes(count: number, endOf: (i: number) => Row["end"] = () => "completed"): Row[] {
  return Array.from({ length: count }, (_, i) => ({ at: FROM + i * MINUTE_MS, end: endOf(i) }));
}

const test = base.extend("keeper", ({ redis, keys }) => (options: KeeperOptions = {}) => {
  const { fence = FENCE, settings = { perJob: 500, memoryBytes: null }, connection = redis } = options;
  const recorder = new Recorder();
  const state = { settings };
  const histories = new Histories({ redis: connection, keys, fence, nowMs: () => NOW });
  const term = { number: 1, signal: options.signal ?? new AbortController().signal };
  const clock = { nowMs: () => NOW, sleep: async () => options.onPause?.(state) };
  const keeper = new HistoryKeeper({
    ...{ clock, term, histories, events: recorder.events },
    settings: () => state.settings,
    attempt: check => check(),
  });
  const use = async () => (await readHistoryUse(redis, keys)).use;
  return { keeper, histories, recorder, state, use };
});

interface KeeperOptions {
  readonly fence?: string;
  readonly settings?: HistorySettings;
  readonly connection?: Redis;
  readonly signal?: AbortSignal;
  /** Between two scripts of a pass. */
  readonly onPause?: (state: { settings: HistorySettings }) => Promise<void> | void;
}

test("below the budget measures, and changes nothing", async ({ redis, keys, keeper }) => {
  await record(redis, keys, "report", minutes(200));
  const { keeper: own, use, recorder } = keeper({ settings: { perJob: 500, memoryBytes: 2 ** 30 } });
  expect(await own.check()).toBe("done");
  const bytes = await redis.memory("USAGE", keys.history("report"));
  expect(await use()).toMatchObject({
    bytes,
    errorBytes: 0,
    entries: 400,
    jobs: 1,
    folded: 0,
    isOver: false,
  });
  expect(await redis.xlen(keys.history("report"))).toBe(400);
  expect(recorder.all).toEqual([]);
});

test("folds the oldest completed runs of the longest histories into hours, and no others", async ({
  redis,
  keys,
  keeper,
}) => {
  await record(
    redis,
    keys,
    "busy",
    minutes(240, i => (i % 60 === 7 ? "failed" : "completed")),
  );
  await record(redis, keys, "quiet", minutes(30));
  const quiet = await readHistory(redis, keys, "quiet", 100);
  const { keeper: own, use, recorder } = keeper({ settings: { perJob: 500, memoryBytes: 30_000 } });
  await own.check();
  const rows = await readHistory(redis, keys, "busy", 1_000);
  expect((await use())?.bytes).toBeLessThanOrEqual(30_000);
  expect(await readHistory(redis, keys, "quiet", 100)).toEqual(quiet);

  // Every failure is there, and every run is either there or counted.
  expect(rows.filter(({ result }) => result === "failed")).toHaveLength(4);
  const hours = rows.filter(({ outcome }) => outcome === "folded");
  const counted = hours.reduce((sum, { count = 0 }) => sum + count, 0);
  expect(counted + rows.length - hours.length).toBe(240);
  expect(hours.at(-1)).toMatchObject({
    from: new Date(FROM).toISOString(),
    tick: new Date(FROM + HOUR_MS - 1).toISOString(),
    count: 59,
    folded: { completed: 59, failed: 0 },
    durationMs: 40,
    lateMs: 3,
    reason: "details folded into a count: 59 completed",
  });
  expect(recorder.of("history.folded")).toMatchObject([{ term: 1, folded: counted, dropped: 0 }]);
  expect(recorder.of("history.overBudget")).toEqual([]);
});

test("counts failures, skips and misses only where completed runs are not enough, and says so", async ({
  redis,
  keys,
  keeper,
}) => {
  const ends = ["failed", "skipped", "missed", "removed", "open"] as const;
  await record(
    redis,
    keys,
    "broken",
    minutes(300, i => ends[i % 5] ?? "failed"),
  );
  const { keeper: own, use, recorder } = keeper({ settings: { perJob: 500, memoryBytes: 12_000 } });
  await own.check();
  expect((await use())?.bytes).toBeLessThanOrEqual(12_000);
  const rows = await readHistory(redis, keys, "broken", 1_000);
  const hours = rows.filter(({ outcome }) => outcome === "folded");
  const counted = hours.reduce((sum, { count = 0 }) => sum + count, 0);
  expect(counted + rows.length - hours.length).toBe(300);
  expect(hours.at(-1)?.folded).toEqual({
    ...{ completed: 0, asked: 0, failed: 12, skipped: 12, missed: 12, lost: 12, open: 12 },
  });
  expect(recorder.of("history.folded")).toMatchObject([{ folded: 0, dropped: counted }]);
});

test("leaves the newest rows of each job, and reports once that the budget is too small", async ({
  redis,
  keys,
  keeper,
}) => {
  for (let i = 0; i < 30; i++) await record(redis, keys, `job-${i}`, minutes(20));
  const { keeper: own, use, recorder, state } = keeper({ settings: { perJob: 500, memoryBytes: 9_000 } });
  await own.check();
  await own.check();
  expect(await use()).toMatchObject({ isOver: true, jobs: 30 });
  expect(recorder.of("history.overBudget")).toMatchObject([{ budgetBytes: 9_000, jobs: 30 }]);
  for (let i = 0; i < 30; i++) {
    const rows = await readHistory(redis, keys, `job-${i}`, 30);
    expect(rows.slice(0, 2)).toMatchObject([{ result: "completed" }, { result: "completed" }]);
    expect(rows.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(20);
  }
  state.settings = { perJob: 500, memoryBytes: 200_000 };
  await own.check();
  expect(await use()).toMatchObject({ isOver: false });
});

test("writes nothing in a term that is over", async ({ redis, keys, keeper }) => {
  await record(redis, keys, "report", minutes(240));
  const { keeper: own } = keeper({ fence: "0:old", settings: { perJob: 500, memoryBytes: 9_000 } });
  expect(await own.check()).toBe("fenced");
  expect(await redis.xlen(keys.history("report"))).toBe(480);
  expect(await redis.exists(keys.historyUse)).toBe(0);
});

test("goes on where a leader ended whose process died between two scripts", async ({
  redis,
  keys,
  keeper,
}) => {
  for (let i = 0; i < 40; i++) await record(redis, keys, `job-${i}`, minutes(120));
  const settings = { perJob: 500, memoryBytes: 200_000 };
  for (let deaths = 0; deaths < 6; deaths++) {
    let scripts = 0;
    const die = () => {
      if (++scripts > 3) throw new Error("killed");
    };
    await expect(keeper({ settings, onPause: die }).keeper.check()).rejects.toThrow("killed");
  }
  const half = await keeper({}).histories.read();
  expect(half.pass).toMatchObject({ mode: "fold", jobs: expect.any(Number) });
  expect(half.pass?.jobs).toBeGreaterThan(0);
  const { keeper: successor, use } = keeper({ settings });
  await successor.check();
  expect(await use()).toMatchObject({ jobs: 40, isOver: false });
  let bytes = 0;
  for (let i = 0; i < 40; i++) {
    const rows = await readHistory(redis, keys, `job-${i}`, 500);
    expect(rows.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(120);
    for (const key of [keys.history, keys.keptHistory, keys.historyHours]) {
      bytes += (await redis.memory("USAGE", key(`job-${i}`), "SAMPLES", 0)) ?? 0;
    }
  }
  // What it counted in the slices of all leaders is what there is.
  expect(Math.abs(((await use())?.bytes ?? 0) - bytes)).toBeLessThan(0.02 * bytes);
  expect(bytes).toBeLessThanOrEqual(200_000);
});

test("begins anew with a budget that is lowered in the middle of a pass", async ({ redis, keys, keeper }) => {
  for (let i = 0; i < 10; i++) await record(redis, keys, `job-${i}`, minutes(120));
  let pauses = 0;
  const { keeper: own, use } = keeper({
    settings: { perJob: 500, memoryBytes: 150_000 },
    onPause: state => {
      if (++pauses === 2) state.settings = { perJob: 500, memoryBytes: 60_000 };
    },
  });
  await own.check();
  expect(await use()).toMatchObject({ budgetBytes: 60_000, jobs: 10 });
  expect((await use())?.bytes).toBeLessThanOrEqual(60_000);
});

test("trims all histories when perJob is lowered, also those of jobs that nothing is recorded for", async ({
  redis,
  keys,
  keeper,
}) => {
  await record(redis, keys, "yearly", minutes(250));
  const { keeper: own, state, recorder } = keeper({ settings: { perJob: 500, memoryBytes: null } });
  await own.check();
  expect(await redis.xlen(keys.history("yearly"))).toBe(500);
  state.settings = { perJob: 100, memoryBytes: null };
  await own.check();
  expect(await redis.xlen(keys.history("yearly"))).toBeLessThanOrEqual(200);
  expect(recorder.all).toEqual([]);
});

test("ends its term where Redis loses everything in the middle of a pass, and leaves no key", async ({
  redis,
  keys,
  keeper,
}) => {
  for (let i = 0; i < 10; i++) await record(redis, keys, `job-${i}`, minutes(120));
  const { keeper: own } = keeper({
    settings: { perJob: 500, memoryBytes: 60_000 },
    onPause: async () => {
      await redis.del(...(await redis.keys(`${keys.bullmqPrefix}*`)));
    },
  });
  expect(await own.check()).toBe("fenced");
  expect(await redis.keys(`${keys.bullmqPrefix}*`)).toEqual([]);
});

test("folds while Redis is at its memory limit", async ({ redis, keys, keeper, defer }) => {
  await record(redis, keys, "report", minutes(240));
  const { keeper: own, use } = keeper({ settings: { perJob: 500, memoryBytes: 20_000 } });
  defer(() => redis.config("SET", "maxmemory", "0"));
  await redis.config("SET", "maxmemory", "1");
  await expect(redis.set(`${keys.bullmqPrefix}/other`, "1")).rejects.toThrow("OOM");
  await own.check();
  expect((await use())?.bytes).toBeLessThanOrEqual(20_000);
  await redis.config("SET", "maxmemory", "0");
  const rows = await readHistory(redis, keys, "report", 500);
  expect(rows.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(240);
});

test("estimates by the entries where the user may not measure", async ({ redis, keys, keeper, defer }) => {
  await record(redis, keys, "report", minutes(200));
  defer(() => redis.call("ACL", "SETUSER", "default", "+memory"));
  await redis.call("ACL", "SETUSER", "default", "-memory");
  const { keeper: own, use } = keeper({ settings: { perJob: 500, memoryBytes: 30_000 } });
  await own.check();
  await redis.call("ACL", "SETUSER", "default", "+memory");
  expect((await use())?.bytes).toBeLessThanOrEqual(30_000);
  expect((await use())?.folded).toBeGreaterThan(0);
});

test("cuts nothing where the user may not trim", async ({ redis, keys, keeper, defer }) => {
  await record(redis, keys, "report", minutes(240));
  defer(() => redis.call("ACL", "SETUSER", "default", "+xtrim"));
  await redis.call("ACL", "SETUSER", "default", "-xtrim");
  const { keeper: own } = keeper({ settings: { perJob: 500, memoryBytes: 20_000 } });
  await expect(own.check()).rejects.toThrow(/can't run|permissions/);
  expect(await redis.xlen(keys.history("report"))).toBe(480);
  expect(await redis.exists(keys.keptHistory("report"), keys.historyHours("report"))).toBe(0);
});

test("passes over what another program put in place of a history", async ({ redis, keys, keeper }) => {
  await record(redis, keys, "report", minutes(240));
  await record(redis, keys, "taken", minutes(1));
  await redis.set(keys.history("taken"), "x".repeat(30_000));
  await redis.set(keys.keptHistory("report"), "y");
  await redis.set(keys.historyHours("report"), "z");
  const { keeper: own, use } = keeper({ settings: { perJob: 500, memoryBytes: 40_000 } });
  expect(await own.check()).toBe("done");
  expect(await use()).toMatchObject({ jobs: 2 });
});

test("shows each row once, page by page, with the hours where they belong", async ({
  redis,
  keys,
  keeper,
}) => {
  await record(
    redis,
    keys,
    "report",
    minutes(240, i => (i % 20 === 3 ? "failed" : "completed")),
  );
  await keeper({ settings: { perJob: 500, memoryBytes: 25_000 } }).keeper.check();
  const all = await readHistory(redis, keys, "report", 1_000);
  expect(all.some(({ outcome }) => outcome === "folded")).toBe(true);
  const paged = [];
  let before: string | undefined;
  for (let i = 0; i < 50; i++) {
    const page = await readHistoryPage(redis, keys, "report", { limit: 7, before });
    paged.push(...page.rows);
    if (page.next === null) break;
    before = page.next;
  }
  expect(paged).toEqual(all);
  const asked = { fromMs: FROM + 50 * MINUTE_MS, toMs: FROM + 50 * MINUTE_MS, limit: 20 };
  const { rows } = await readHistoryPage(redis, keys, "report", asked);
  expect(rows).toMatchObject([{ outcome: "folded", folded: { completed: 57 } }]);
});

test("pairs an end that comes long after the rows of its launch were moved", async ({
  redis,
  keys,
  keeper,
}) => {
  await record(
    redis,
    keys,
    "report",
    minutes(240, i => (i === 0 ? "open" : "completed")),
  );
  const settings = { perJob: 500, memoryBytes: 25_000 };
  await keeper({ settings }).keeper.check();
  const open = (await readHistory(redis, keys, "report", 500)).find(
    ({ run }) => run === runOf("report", FROM),
  );
  expect(open).toMatchObject({ outcome: "launched" });
  expect(open?.result).toBeUndefined();
  const late = ["run", runOf("report", FROM), "result", "completed", "attempts", 1, "durationMs", 40];
  await redis.xadd(keys.history("report"), "*", ...late);
  const ended = (await readHistory(redis, keys, "report", 500)).find(
    ({ run }) => run === runOf("report", FROM),
  );
  expect(ended).toMatchObject({ result: "completed" });
});

test("leaves a run of the last day that has not ended, and all after it", async ({ redis, keys, keeper }) => {
  const rows = minutes(240, i => (i === 100 ? "open" : "completed"));
  const shift = NOW - 5 * HOUR_MS - FROM;
  await record(
    redis,
    keys,
    "report",
    rows.map(row => ({ ...row, at: row.at + shift })),
  );
  await keeper({ settings: { perJob: 500, memoryBytes: 9_000 } }).keeper.check();
  expect(await redis.xlen(keys.history("report"))).toBe(1 + 2 * 139);
});

test("does not let the run of a folded row count as removed", async ({ redis, keys, keeper }) => {
  const rows = minutes(240, i => (i < 100 ? "completed" : "skipped"));
  await record(redis, keys, "report", rows);
  const newest = runOf("report", FROM + 99 * MINUTE_MS);
  await redis.set(keys.unfinished("report"), `${keys.bullmqPrefix}:default:${newest}`);
  await keeper({ settings: { perJob: 500, memoryBytes: 21_000 } }).keeper.check();
  expect(await redis.exists(keys.unfinished("report"))).toBe(0);
});
