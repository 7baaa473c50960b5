import type { Redis } from "ioredis";
import { describe, expect } from "vitest";
import type { Job } from "../../src/config/config.ts";
import { type Controls, readControls } from "../../src/launch/controls.ts";
import { loadJobStates } from "../../src/launch/job-states.ts";
import { readAudit, readHistory } from "../../src/launch/read-history.ts";
import { retireJobs } from "../../src/launch/retire.ts";
import type { Operator } from "../../src/operator/operator.ts";
import type { RedisKeys } from "../../src/redis/keys.ts";
import { readTimeMs } from "../../src/redis/time.ts";
import type { Decision } from "../../src/schedule/decision.ts";
import { jobOf } from "../support/jobs.ts";
import { FENCE, launchOf as launchOfJob, T0, test } from "../support/leader.ts";

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
const HOURLY = jobOf("hourly", {}, { everyMs: HOUR_MS });

const GONE = jobOf("gone", { maxRuns: 9 });

const it = test
  /** Operators, and a launcher for the leader. */
  .extend(
    "setup",
    ({ keys, redis, fenced, lead, added, operator }) =>
      async (jobs: readonly Job[] = [HOURLY]) => {
        const { launcher, open: opened, commit: commitAt } = lead(jobs);
        type Opened = Awaited<ReturnType<typeof opened>>;
        const commit = ({ cursors, controls }: Opened, ...decisions: readonly Decision[]) =>
          commitAt(decisions, cursors, { controlsVersion: controls.version, nowMs: T0 });
        const controls = (): Promise<Controls> => readControls(redis, keys);
        return { keys, redis, fenced, launcher, opened, commit, added, operator, controls };
      },
  )
  /** The job "gone" has been removed, with all that there is of a job. */
  .extend("withRetiredJob", ({ setup }) => async () => {
    const bundle = await setup([GONE, HOURLY]);
    const { redis, keys, opened, commit, operator } = bundle;
    await commit(await opened(), launchOf(T0 + 1_000, "gone"));
    for (const job of [GONE, HOURLY]) {
      await operator("ann").pause(job);
      await operator("ann").skipNext(job);
      await redis.set(keys.unfinished(job.name), "run");
    }
    const retire = (nowMs: number, fence = FENCE) =>
      retireJobs(redis, keys, { fence, nowMs, kept: new Map([[HOURLY.name, HOURLY]]) });
    const traces = async () => {
      const hashes = [keys.cursors, keys.schedules, keys.launched, keys.retired];
      const found = await Promise.all(hashes.map(key => redis.hexists(key, "gone")));
      const controls = await readControls(redis, keys);
      return [...found.map(Boolean), controls.skips.has("gone")];
    };
    return { ...bundle, retire, traces };
  });

const launchOf = (tickAtMs: number, job = "hourly") => launchOfJob(tickAtMs, job);
const iso = (at: number) => new Date(at).toISOString();

describe("a command to pause", () => {
  it("stands with who gave it and when, once, until the job is resumed", async ({ setup }) => {
    const { operator, controls, redis, keys } = await setup();
    const before = await readTimeMs(redis);
    const paused = await operator("ann of the night shift").pause(HOURLY);
    if (paused.outcome !== "paused") throw new Error("not paused");
    expect(paused.atMs).toBeGreaterThanOrEqual(Math.floor(before));
    const pause = { atMs: paused.atMs, by: "ann of the night shift", untilMs: null, reason: null };
    expect(await controls()).toMatchObject({ version: 1, paused: new Map([["hourly", pause]]) });
    expect(await operator("bob").pause(HOURLY)).toEqual({ outcome: "already", pause });
    expect((await controls()).version).toBe(1);

    expect(await operator("bob").resume(HOURLY)).toEqual({ outcome: "resumed", pause });
    expect(await operator("bob").resume(HOURLY)).toEqual({ outcome: "not paused" });
    expect(await controls()).toMatchObject({ version: 2, paused: new Map() });
    const rows = await readHistory(redis, keys, "hourly", 10);
    expect(rows.map(({ outcome, by }) => [outcome, by])).toEqual([
      ["resumed", "bob"],
      ["paused", "ann of the night shift"],
    ]);
    expect((await readAudit(redis, keys, 10)).map(({ action, job }) => [action, job])).toEqual([
      ["resume", "hourly"],
      ["pause", "hourly"],
    ]);
  });

  it("is remembered when it has ended, the last twenty of a job", async ({ setup }) => {
    const { operator, controls } = await setup();
    const ended: { fromMs: number; toMs: number }[] = [];
    for (let i = 0; i < 22; i++) {
      const paused = await operator("ann").pause(HOURLY);
      await operator("ann").resume(HOURLY);
      const toMs = (await controls()).pastPauses.get("hourly")?.at(-1)?.toMs ?? 0;
      ended.push({ fromMs: paused.outcome === "paused" ? paused.atMs : 0, toMs });
    }
    expect(ended.every(({ fromMs, toMs }) => toMs >= fromMs && fromMs > 0)).toBe(true);
    expect((await controls()).pastPauses).toEqual(new Map([["hourly", ended.slice(2)]]));
  });

  it("until a time says so, and is ended by a leader once that has passed by Redis's clock, on record", async ({
    setup,
  }) => {
    const { operator, controls, launcher, redis, keys } = await setup();
    const untilMs = Math.floor(await readTimeMs(redis)) + 400;
    const reason = 'the "old" printer\n{"untilMs":1} is away';
    const paused = await operator("ann").pause(HOURLY, { untilMs, reason });
    const atMs = paused.outcome === "paused" ? paused.atMs : 0;
    const pause = { atMs, by: "ann", untilMs, reason };
    expect((await controls()).paused).toEqual(new Map([["hourly", pause]]));
    expect(await operator("bob").pause(HOURLY)).toEqual({ outcome: "already", pause });

    expect(await launcher.endPauses(FENCE, ["hourly"])).toBe(true);
    expect((await controls()).paused.size).toBe(1);
    while ((await readTimeMs(redis)) <= untilMs) await redis.ping();
    expect(await launcher.endPauses("2:other", ["hourly"])).toBe(false);
    expect((await controls()).paused.size).toBe(1);
    expect(await launcher.endPauses(FENCE, ["hourly"])).toBe(true);
    const { version, ...now } = await controls();
    expect(now).toMatchObject({
      paused: new Map(),
      pastPauses: new Map([["hourly", [{ fromMs: atMs, toMs: untilMs }]]]),
    });
    expect(await launcher.endPauses(FENCE, ["hourly"])).toBe(true);
    expect((await controls()).version).toBe(version);
    expect(await readAudit(redis, keys, 9)).toMatchObject([
      { action: "resume", by: "until", job: "hourly" },
      { action: "pause", by: "ann", job: "hourly", reason, until: iso(untilMs) },
    ]);
    expect(await readHistory(redis, keys, "hourly", 9)).toMatchObject([
      { outcome: "resumed", by: "until" },
      { outcome: "paused", by: "ann", reason, until: iso(untilMs) },
    ]);
  });

  it("without an end is never ended by a leader", async ({ setup }) => {
    const { operator, controls, launcher } = await setup();
    await operator('ann\n{"untilMs":1,"reason":null}').pause(HOURLY);
    await operator("ann").pause(jobOf("other"), { reason: '{"untilMs":1}' });
    expect(await launcher.endPauses(FENCE, ["hourly", "other"])).toBe(true);
    expect((await controls()).paused.size).toBe(2);
  });

  it("is one for one job, whatever its name", async ({ setup }) => {
    const names = ["a.b", "pause", "version", "stepdown", "skip"].map(name => jobOf(name));
    const { operator, controls } = await setup(names);
    for (const job of names) await operator("ann").pause(job);
    await operator("ann").resume(names[1] as Job);
    const { paused, version, skips } = await controls();
    expect([...paused.keys()].toSorted()).toEqual(["a.b", "skip", "stepdown", "version"]);
    expect({ version, skips: skips.size }).toEqual({ version: 6, skips: 0 });
  });

  it("of twenty operators at once is carried out for one of them", async ({ setup }) => {
    const { operator, redis, keys } = await setup();
    const all = Array.from({ length: 20 }, (_, i) => operator(`operator-${i}`).pause(HOURLY));
    const outcomes = (await Promise.all(all)).map(({ outcome }) => outcome);
    expect(outcomes.filter(outcome => outcome === "paused")).toHaveLength(1);
    expect(await readAudit(redis, keys, 100)).toHaveLength(1);
  });
});

describe("a command to skip", () => {
  const nextAt = async (redis: Redis, job = HOURLY) => job.schedule.next(await readTimeMs(redis))?.at ?? 0;

  it("takes the next tick that is not decided, and the one after it when it is given again", async ({
    setup,
  }) => {
    const { operator, controls, redis, keys } = await setup();
    const next = await nextAt(redis);
    await redis.hset(keys.cursors, "hourly", next);
    for (const n of [1, 2, 3]) {
      const tickAtMs = next + n * HOUR_MS;
      expect(await operator("ann").skipNext(HOURLY)).toEqual({ outcome: "skipped", tickAtMs });
    }
    const ticks = [1, 2, 3].map(n => next + n * HOUR_MS);
    expect((await controls()).skips).toEqual(new Map([["hourly", ticks]]));
    expect((await readHistory(redis, keys, "hourly", 10))[0]).toMatchObject({
      outcome: "skip-next",
      by: "ann",
      reason: expect.stringContaining(iso(next + 3 * HOUR_MS)),
    });
  });

  it("does not take a tick that is decided between reading the cursor and the command", async ({ setup }) => {
    const { operator, controls, redis, keys } = await setup();
    const next = await nextAt(redis);
    const hget = redis.hget.bind(redis);
    Object.assign(redis, {
      hget: async (key: string, field: string) => {
        const reply = await hget(key, field);
        await redis.hset(keys.cursors, "hourly", next);
        return reply;
      },
    });
    const tickAtMs = next + HOUR_MS;
    expect(await operator("ann").skipNext(HOURLY)).toEqual({ outcome: "skipped", tickAtMs });
    expect((await controls()).skips.get("hourly")).toEqual([tickAtMs]);
  });

  it("forgets ticks that are decided, and gives back only what has not happened", async ({ setup }) => {
    const { operator, controls, redis, keys } = await setup();
    const next = await nextAt(redis);
    for (let i = 0; i < 3; i++) await operator("ann").skipNext(HOURLY);
    await redis.hset(keys.cursors, "hourly", next);
    await operator("ann").skipNext(HOURLY);
    const left = [1, 2, 3].map(n => next + n * HOUR_MS);
    expect((await controls()).skips.get("hourly")).toEqual(left);
    await redis.hset(keys.cursors, "hourly", next + HOUR_MS);
    expect(await operator("bob").keepNext(HOURLY)).toEqual({ outcome: "kept", ticks: left.slice(1) });
    expect(await operator("bob").keepNext(HOURLY)).toEqual({ outcome: "nothing to keep" });
    expect((await controls()).skips).toEqual(new Map());
  });

  it("finds nothing where no tick is to come", async ({ setup }) => {
    const gone = jobOf("gone", {}, { everyMs: HOUR_MS, endMs: T0 - DAY_MS });
    const { operator, controls } = await setup([gone]);
    expect(await operator("ann").skipNext(gone)).toEqual({ outcome: "no tick" });
    expect((await controls()).version).toBe(0);
  });

  it("takes the tick whose time has come while its jitter holds it back", async ({ setup }) => {
    const { operator, redis, keys } = await setup();
    const nowMs = await readTimeMs(redis);
    const jittered = Array.from({ length: 100 }, (_, i) =>
      jobOf(`job-${i}`, {}, { everyMs: HOUR_MS, jitterMs: 2 * HOUR_MS, seed: `job-${i}` }),
    );
    const last = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
    const job = jittered.find(({ schedule }) => last + schedule.jitterOf(last) > nowMs + 60_000);
    if (!job) throw new Error("none of a hundred jobs is held back just now");
    await redis.hset(keys.cursors, job.name, last - HOUR_MS);
    expect(await operator("ann").skipNext(job)).toEqual({ outcome: "skipped", tickAtMs: last });
    expect(await operator("ann").skipNext(job)).toEqual({ outcome: "skipped", tickAtMs: last + HOUR_MS });
  });

  it("of twenty operators at once takes twenty ticks", async ({ setup }) => {
    const { operator, controls } = await setup();
    const all = Array.from({ length: 20 }, (_, i) => operator(`operator-${i}`).skipNext(HOURLY));
    const ticks = (await Promise.all(all)).map(found => (found.outcome === "skipped" ? found.tickAtMs : 0));
    const first = Math.min(...ticks);
    expect(ticks.toSorted((a, b) => a - b)).toEqual(ticks.map((_, i) => first + i * HOUR_MS));
    expect((await controls()).skips.get("hourly")).toHaveLength(20);
  });
});

describe("a command to step down", () => {
  it("is for the term that stands, if there is one", async ({ setup }) => {
    const { operator, controls, redis, keys } = await setup();
    const stepDown = (term: number) => operator("ann").stepDown({ term });
    expect(await stepDown(0)).toEqual({ outcome: "no leader" });
    await redis.hset(keys.leader, { replica: "a", term: 7 });
    expect(await operator("ann").newestTerm()).toBe(7);
    expect(await stepDown(6)).toEqual({ outcome: "over", term: 6 });
    expect(await stepDown(7)).toEqual({ outcome: "asked", term: 7 });
    expect(await controls()).toMatchObject({ version: 1, stepDown: 7 });
    await redis.hset(keys.leader, { ended: "resigned" });
    expect(await stepDown(7)).toEqual({ outcome: "no leader" });
    expect(await readAudit(redis, keys, 10)).toEqual([
      { at: expect.any(String), action: "stepdown", by: "ann" },
    ]);
  });
});

describe("a launch whose plan knew no such command", () => {
  it.for([
    ["pause", (operator: Operator) => operator.pause(HOURLY)],
    ["skip the next tick", (operator: Operator) => operator.skipNext(HOURLY)],
  ] as const)(
    "is void when the command to %s comes between plan and commit",
    async ([_, give], { setup }) => {
      const { operator, opened, commit, added, redis, keys } = await setup();
      const plan = await opened();
      await give(operator("ann"));
      expect(await commit(plan, launchOf(T0 + HOUR_MS))).toEqual({ outcome: "moved" });
      expect(await added()).toEqual([]);
      expect(await redis.hget(keys.cursors, "hourly")).toBe(String(T0));
      const again = await opened();
      expect(again.controls.version).toBe(1);
      expect(await commit(again, launchOf(T0 + HOUR_MS))).toMatchObject({ outcome: "committed" });
      expect(await added()).toHaveLength(1);
    },
  );

  it("is void when the command comes between reading the controls and the transaction", async ({ setup }) => {
    const { operator, opened, commit, added, fenced } = await setup();
    const plan = await opened();
    const hget = fenced.hget.bind(fenced) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(fenced, {
      hget: async (...args: unknown[]) => {
        const reply = await hget(...args);
        await operator("ann").pause(HOURLY);
        return reply;
      },
    });
    expect(await commit(plan, launchOf(T0 + HOUR_MS))).toEqual({ outcome: "moved" });
    expect(await added()).toEqual([]);
  });
});

describe("the launched ticks of a job with maxRuns", () => {
  const job = jobOf("few", { maxRuns: 5, overlap: "skip" });
  const free = jobOf("free");
  const [t1, t2] = [T0 + 1_000, T0 + 2_000];

  it("are counted in the transaction that launches them, and read when a term opens", async ({ setup }) => {
    const { opened, commit } = await setup([job, free]);
    const first = await opened();
    expect([...first.cursors.keys(), ...first.launched]).toEqual(["few", "free"]);
    const settled = await commit(first, launchOf(t1, "few"), launchOf(t2, "few"), launchOf(t1, "free"));
    expect(settled).toMatchObject({
      decided: [{ outcome: "launched" }, { outcome: "skipped" }, { outcome: "launched" }],
    });
    const second = await opened();
    expect([...second.cursors]).toEqual([
      ["few", t2],
      ["free", t1],
    ]);
    expect([...second.launched]).toEqual([["few", 1]]);
  });
});

describe("a job that no configuration has any more", () => {
  it("keeps its state for a day, and then loses it; its history stays a while, and other jobs theirs", async ({
    withRetiredJob,
  }) => {
    const { retire, traces, redis, keys, controls } = await withRetiredJob();
    expect(await retire(T0)).toEqual([]);
    expect(await retire(T0 + DAY_MS - 1)).toEqual([]);
    expect(await traces()).toEqual(Array(5).fill(true));
    expect(await redis.pttl(keys.history("gone"))).toBe(-1);
    const other = await redis.hgetall(keys.cursors);

    expect(await retire(T0 + DAY_MS)).toEqual(["gone"]);
    expect(await traces()).toEqual(Array(5).fill(false));
    expect(await redis.hkeys(keys.definitions)).toEqual(["hourly"]);
    expect(await redis.pttl(keys.history("gone"))).toBeGreaterThan(6 * DAY_MS);
    expect(await redis.hgetall(keys.cursors)).toEqual({ hourly: other["hourly"] });
    expect(await redis.pttl(keys.history("hourly"))).toBe(-1);
    const { paused, skips } = await controls();
    expect([paused.has("hourly"), skips.has("hourly")]).toEqual([true, true]);
    expect(await redis.pttl(keys.unfinished("gone"))).toBeGreaterThan(6 * DAY_MS);
    expect(await redis.pttl(keys.unfinished("hourly"))).toBe(-1);
    expect(await retire(T0 + 2 * DAY_MS)).toEqual([]);
  });

  it("goes on from its cursor when it is put back in time, and its day begins anew", async ({
    withRetiredJob,
  }) => {
    const { retire, opened } = await withRetiredJob();
    await retire(T0);
    const { cursors, launched } = await opened(T0 + DAY_MS);
    expect([cursors.get("gone"), launched.get("gone")]).toEqual([T0 + 1_000, 1]);
    expect(await retire(T0 + DAY_MS)).toEqual([]);
    expect(await retire(T0 + 2 * DAY_MS - 1)).toEqual([]);
    expect(await retire(T0 + 2 * DAY_MS)).toEqual(["gone"]);
  });

  it("is a new job when it is put back later, but for its pause, and keeps what its history says", async ({
    withRetiredJob,
  }) => {
    const { retire, opened, redis, keys } = await withRetiredJob();
    await retire(T0);
    await retire(T0 + DAY_MS);
    const { cursors, launched, controls } = await opened(T0 + 2 * DAY_MS);
    expect([cursors.get("gone"), launched.get("gone")]).toEqual([T0 + 2 * DAY_MS, undefined]);
    expect(controls.paused.has("gone")).toBe(true);
    expect(await redis.pttl(keys.history("gone"))).toBe(-1);
  });

  it("is left alone by a leader whose term has ended", async ({ withRetiredJob }) => {
    const { retire, traces, redis, keys } = await withRetiredJob();
    await retire(T0);
    await redis.set(keys.term, "2:newer");
    expect(await retire(T0 + 2 * DAY_MS)).toBeNull();
    expect(await traces()).toEqual(Array(5).fill(true));
  });

  it("may be one of more than one call can name", async ({ withRetiredJob }) => {
    const { redis, keys, retire } = await withRetiredJob();
    const names = Array.from({ length: 11_000 }, (_, i) => `old-${i}`);
    await redis.hset(keys.cursors, Object.fromEntries(names.map(name => [name, T0])));
    await retire(T0);
    expect(new Set(await retire(T0 + DAY_MS))).toEqual(new Set([...names, "gone"]));
    expect(await redis.hkeys(keys.cursors)).toEqual(["hourly"]);
    expect(await redis.exists(keys.retired)).toBe(0);
  });
});

describe("opening a term", () => {
  const jobStatesOf = async (
    redis: Redis,
    keys: RedisKeys,
    jobs: readonly Job[],
    nowMs: number,
    fence = FENCE,
  ) => {
    return await loadJobStates(redis, keys, { fence, jobs, nowMs, format: 1 });
  };

  it("tells where each job stands, in the order of no other: a new one at now", async ({ setup }) => {
    const { redis, keys } = await setup([]);
    await redis.hset(keys.cursors, { b: T0 - 7, c: T0 - 9 });
    await redis.hset(keys.launched, { c: 4 });
    const jobs = ["c", "a", "b"].map(name => jobOf(name));
    const { cursors, launched } = (await jobStatesOf(redis, keys, jobs, T0 + 0.7)) ?? {};
    expect([...(cursors ?? [])]).toEqual([
      ["c", T0 - 9],
      ["a", T0],
      ["b", T0 - 7],
    ]);
    expect([...(launched ?? [])]).toEqual([["c", 4]]);
  });

  it("leaves a cursor where it is when only the schedule's fingerprint is new, as after an upgrade", async ({
    setup,
  }) => {
    const { redis, keys } = await setup([]);
    await redis.hset(keys.cursors, { old: T0 - 60_000 });
    const jobStates = await jobStatesOf(redis, keys, [jobOf("old")], T0);
    expect(jobStates?.cursors.get("old")).toBe(T0 - 60_000);
    expect(await readHistory(redis, keys, "old", 10)).toEqual([]);
  });

  it("moves a cursor once for each change, back and forth, and never back in time", async ({ setup }) => {
    const { redis, keys } = await setup([]);
    const [x, y] = [jobOf("job"), jobOf("job", {}, { everyMs: 7_000 })];
    const cursors: number[] = [];
    for (const [job, nowMs] of [
      [x, T0],
      [y, T0 + 60_000],
      [y, T0 + 90_000],
      [x, T0 + 120_000],
      [y, T0 + 121_000],
    ] as const) {
      cursors.push((await jobStatesOf(redis, keys, [job], nowMs))?.cursors.get("job") ?? 0);
    }
    expect(cursors.map(cursor => cursor - T0)).toEqual([0, 60_000, 60_000, 120_000, 121_000]);
    const rows = await readHistory(redis, keys, "job", 10);
    expect(rows.map(({ outcome }) => outcome)).toEqual(Array(3).fill("rescheduled"));
  });

  it("lets a job that was over begin anew when it may run more often", async ({ setup }) => {
    const { redis, keys } = await setup([]);
    const limited = (maxRuns: number | null) => jobOf("job", { maxRuns });
    const cursorOf = async (maxRuns: number | null, nowMs: number) => {
      const jobStates = await jobStatesOf(redis, keys, [limited(maxRuns)], nowMs);
      return (jobStates?.cursors.get("job") ?? 0) - T0;
    };
    expect(await cursorOf(3, T0)).toBe(0);
    expect(await cursorOf(3, T0 + 60_000)).toBe(0);
    expect(await cursorOf(5, T0 + 120_000)).toBe(120_000);
    expect(await cursorOf(null, T0 + 180_000)).toBe(180_000);
  });

  it("of an older term writes nothing", async ({ setup }) => {
    const { redis, keys } = await setup([]);
    expect(await jobStatesOf(redis, keys, [jobOf("job")], T0, "0:older")).toBeNull();
    expect(await redis.exists(keys.cursors, keys.schedules)).toBe(0);
  });
});

describe("a backfill", () => {
  it("starts nothing when one of its ticks is still to come by Redis's time, whatever clock planned it", async ({
    setup,
  }) => {
    const { operator, redis, keys, added } = await setup();
    const now = await readTimeMs(redis);
    const answer = await operator("ann").backfill(HOURLY, [now - HOUR_MS, now + HOUR_MS]);
    expect(answer.outcome).toBe("not due");
    expect(await added()).toEqual([]);
    expect(await readAudit(redis, keys, 10)).toEqual([]);
    const started = await operator("ann").backfill(HOURLY, [now - HOUR_MS]);
    if (started.outcome !== "started") throw new Error("not started");
    expect(await added()).toEqual(started.runs);
  });
});
