import type { Redis } from "ioredis";
import { describe, expect, vi } from "vitest";
import type { Job } from "../../src/config/config.ts";
import { readDueLanes } from "../../src/launch/cursors.ts";
import { readDefinitions, storedDefinitionOf } from "../../src/launch/definition.ts";
import { Launcher } from "../../src/launch/launcher.ts";
import { Calendar } from "../../src/schedule/calendar.ts";
import { type Decision, laneOf } from "../../src/schedule/decision.ts";
import { jobOf } from "../support/jobs.ts";
import { FENCE, T0, test } from "../support/leader.ts";

const DAY_MS = 24 * 60 * 60_000;

const it = test
  .extend("setup", ({ keys, redis, fenced, history, defer }) => async () => {
    const launchers = new Map<readonly Job[], Launcher>();
    /** A leader that has these jobs opens its term. */
    const openTerm = async (jobs: readonly Job[], nowMs: number, ownFence?: string) => {
      const launcher = launchers.get(jobs) ?? new Launcher({ redis: fenced, keys, jobs });
      if (!launchers.has(jobs)) defer(() => launcher.close());
      launchers.set(jobs, launcher);
      const fence = ownFence ?? (await redis.get(keys.term)) ?? FENCE;
      const opened = await launcher.open(fence, nowMs);
      if (opened.outcome !== "opened") throw new Error("fenced");
      const cursors = new Map([
        ...opened.cursors,
        ...opened.closed.map(epoch => [laneOf(epoch), epoch.cursor] as const),
      ]);
      const commit = (...decisions: readonly Decision[]) =>
        launcher.commit({ fence: FENCE, term: 1, decisions, cursors, controlsVersion: 0, nowMs: nowMs + 1 });
      return { ...opened, launcher, cursors, commit };
    };
    return { keys, redis, fenced, openTerm, history };
  })
  /** What a release without epochs leaves, and what it writes when it leads. */
  .extend("leftBy", ({ setup, keys, redis }) => async (job: Job, cursor: number) => {
    const bundle = await setup();
    let term = 1;
    /** It leads for a term; the next one is this release's. */
    const write = (job: Job, cursor: number) => {
      term += 2;
      return redis
        .multi()
        .hset(keys.cursors, job.name, cursor)
        .hset(keys.schedules, job.name, storedDefinitionOf(job).legacy)
        .set(keys.term, `${term}:token`)
        .exec();
    };
    await write(job, cursor);
    return { ...bundle, write };
  });

const launch = (tickAtMs: number, epoch?: number): Decision => {
  const about = epoch === undefined ? {} : { epoch };
  return { outcome: "launched", job: "report", tickAtMs, kind: "scheduled", ...about };
};

const SECONDLY = jobOf("report");
const NEXT = jobOf("report", { catchUp: "none", catchUpWindowMs: 5_000 }, { everyMs: 7_000 });

describe("a schedule that changed", () => {
  it("leaves its undecided ticks to an epoch of their own, which a leader without it can rebuild", async ({
    setup,
  }) => {
    const { openTerm } = await setup();
    const holidays = new Calendar({
      name: "holidays",
      stretches: [{ clock: "wall", start: T0 + 10_000, end: T0 + 30_000, name: "a feast" }],
    });
    const rules = { catchUp: "latest", catchUpWindowMs: 9_000, catchUpLimit: 3, maxRuns: 50 } as const;
    const spec = { everyMs: 1_000, jitterMs: 4_000, except: ["calendar:holidays"], calendars: { holidays } };
    const old = jobOf("report", rules, spec);
    await openTerm([old], T0);
    const { closed, cursors } = await openTerm([NEXT], T0 + 60_500);
    expect(cursors.get("report")).toBe(T0 + 60_500);
    expect(closed).toMatchObject([{ ...rules, job: "report", epoch: 1, cursor: T0, untilMs: T0 + 60_500 }]);
    const [{ schedule } = old] = closed;
    expect(schedule.fingerprint).toBe(old.schedule.fingerprint);
    expect(schedule.next(T0 + 9_000)?.at).toBe(T0 + 30_000);
    expect(schedule.jitterOf(T0 + 30_000)).toBe(old.schedule.jitterOf(T0 + 30_000));
    expect([schedule.next(T0 + 60_000), schedule.previous(T0 + 99_000)?.at]).toEqual([null, T0 + 60_000]);
    expect(schedule.count(T0, T0 + 99_000, 100)).toEqual({ count: 40, isExact: true });
  });

  it("is recorded with its change once, in words, and not again by the next leader", async ({ setup }) => {
    const { openTerm, history } = await setup();
    await openTerm([SECONDLY], T0);
    await openTerm([NEXT], T0 + 60_000);
    await openTerm([jobOf("report", { ...NEXT }, { everyMs: 7_000 })], T0 + 90_000);
    const until = new Date(T0 + 60_000).toISOString();
    const reason = `the schedule changed; ticks up to ${until} belong to the one before`;
    expect(await history("report")).toMatchObject([
      { outcome: "rescheduled", tick: until, reason, reasonCode: "schedule_changed" },
    ]);
  });

  it("ends no earlier than its cursor, whatever the clock of the next leader shows", async ({ setup }) => {
    const { openTerm } = await setup();
    const { commit } = await openTerm([SECONDLY], T0);
    await commit(launch(T0 + 5_000));
    const { closed, cursors } = await openTerm([NEXT], T0 + 4_000);
    expect([closed[0]?.untilMs, cursors.get("report")]).toEqual([T0 + 5_000, T0 + 5_000]);
  });

  it("is not changed by a definition that arrives when the term has been opened again", async ({ setup }) => {
    const { openTerm, redis, keys, fenced } = await setup();
    for (const [i, job] of [SECONDLY, NEXT, SECONDLY].entries()) await openTerm([job], T0 + i * 1_000);
    const before = await redis.hgetall(keys.definitions);
    const scripts = vi.spyOn(fenced, "evalsha");
    // What is stored is not of these jobs; the term is opened; their definition does not arrive.
    const carryOut = (...args: Parameters<Redis["evalsha"]>) => redis.evalsha(...args);
    scripts.mockImplementationOnce(carryOut).mockImplementationOnce(carryOut);
    scripts.mockRejectedValueOnce(new Error("Connection is closed."));
    await expect(openTerm([NEXT], T0 + 3_000)).rejects.toThrow("Connection is closed.");
    const late = scripts.mock.lastCall as Parameters<Redis["evalsha"]>;
    scripts.mockRestore();
    await openTerm([SECONDLY], T0 + 4_000);
    expect(await redis.evalsha(...late)).toEqual(["late"]);
    expect(await redis.hgetall(keys.definitions)).toEqual(before);
  });

  it("moves each epoch's own cursor, and voids a plan from which either differs", async ({ setup }) => {
    const { openTerm, redis, keys } = await setup();
    await openTerm([SECONDLY], T0);
    const jobs = [NEXT];
    const { commit } = await openTerm(jobs, T0 + 10_000);
    expect(await commit(launch(T0 + 14_000), launch(T0 + 3_000, 1))).toMatchObject({
      decided: [{ outcome: "launched" }, { outcome: "launched" }],
    });
    const { cursors } = await openTerm(jobs, T0 + 20_000);
    expect(Object.fromEntries(cursors)).toEqual({ report: T0 + 14_000, "1:report": T0 + 3_000 });
    expect(await commit(launch(T0 + 4_000, 1))).toEqual({ outcome: "moved" });
    expect(await redis.hgetall(keys.cursors)).toEqual({ report: String(T0 + 14_000) });
  });

  it("may change again before its ticks are decided, and each epoch is forgotten when it is finished", async ({
    setup,
  }) => {
    const { openTerm, redis, keys } = await setup();
    for (const [i, job] of [SECONDLY, NEXT, SECONDLY, NEXT].entries()) await openTerm([job], T0 + i * 10_000);
    const { closed, launcher } = await openTerm([NEXT], T0 + 40_000);
    const spans = closed.map(({ epoch, fromMs, cursor, untilMs }) => [epoch, fromMs, cursor, untilMs]);
    expect(spans).toEqual(
      [1, 2, 3].map(n => [n, T0 + (n - 1) * 10_000, T0 + (n - 1) * 10_000, T0 + n * 10_000]),
    );
    expect(await launcher.finish("0:older", ["1:report"])).toBe(false);
    expect(await launcher.finish(FENCE, ["1:report", "3:report"])).toBe(true);
    expect((await openTerm([NEXT], T0 + 40_000)).closed.map(({ epoch }) => epoch)).toEqual([2]);
    expect(await redis.hkeys(keys.epochCursors)).toEqual(["2:report"]);
  });

  it.for<[string, boolean, Partial<Job>, object?]>([
    ["except", true, {}, { everyMs: 1_000, except: ["2030-01-01"] }],
    ["jitter", true, {}, { everyMs: 1_000, jitterMs: 5 }],
    ["catchUp", true, { catchUp: "latest" }],
    ["catchUpWindow", true, { catchUpWindowMs: 1 }],
    ["catchUpLimit", true, { catchUpLimit: 1 }],
    ["maxRuns", true, { maxRuns: 5 }],
    ["the zone of a period", false, {}, { everyMs: 1_000, timezone: "Asia/Tokyo" }],
    ["queue, data, retry and overlap", false, { queue: "q", data: { a: 1 }, overlap: "skip" }],
  ])("is what decides about ticks: %s (%s)", async ([_, isChange, change, spec], { setup }) => {
    const { openTerm, redis, keys } = await setup();
    const changed = jobOf("report", change, spec as { everyMs: number } | undefined);
    await openTerm([SECONDLY], T0);
    const { closed, cursors } = await openTerm([changed], T0 + 10_000);
    expect(closed).toHaveLength(isChange ? 1 : 0);
    expect(cursors.get("report")).toBe(isChange ? T0 + 10_000 : T0);
    const stored = (await readDefinitions(redis, keys)).get("report");
    expect(stored).toMatchObject({
      queue: changed.queue,
      overlap: changed.overlap,
      number: isChange ? 2 : 1,
    });
  });

  it("is no change where a policy does not look at what was edited", async ({ setup }) => {
    const { openTerm } = await setup();
    await openTerm([jobOf("report", { catchUp: "none" })], T0);
    const { closed } = await openTerm(
      [jobOf("report", { catchUp: "none", catchUpWindowMs: 1, catchUpLimit: 2 })],
      T0,
    );
    expect(closed).toEqual([]);
  });

  it("changes nothing for a leader whose term has ended", async ({ setup }) => {
    const { openTerm, redis, keys } = await setup();
    await openTerm([SECONDLY], T0);
    const before = await redis.hgetall(keys.definitions);
    await redis.set(keys.term, "2:newer");
    await expect(openTerm([NEXT], T0 + 10_000, FENCE)).rejects.toThrow("fenced");
    expect(await redis.hgetall(keys.definitions)).toEqual(before);
    expect(await redis.exists(keys.epochs, keys.epochCursors)).toBe(0);
  });

  it("takes no epoch of another job with it when its state goes", async ({ setup }) => {
    const { openTerm, redis, keys } = await setup();
    const gone = jobOf("gone");
    await openTerm([SECONDLY, gone], T0);
    const { launcher } = await openTerm([NEXT], T0 + 10_000);
    await launcher.removed(FENCE, T0 + 10_000);
    expect(await launcher.retire(FENCE, T0 + 10_000 + DAY_MS)).toEqual(["gone"]);
    for (const key of [keys.epochs, keys.epochCursors]) expect(await redis.hkeys(key)).toEqual(["1:report"]);
  });
});

describe("data of a release without epochs", () => {
  it("is taken over where the schedule is the same: the job goes on from its cursor", async ({ leftBy }) => {
    for (const job of [SECONDLY, jobOf("report", { maxRuns: 5 })]) {
      const { openTerm, history } = await leftBy(job, T0);
      const { cursors, closed } = await openTerm([job], T0 + 60_000);
      expect([cursors.get("report"), closed]).toEqual([T0, []]);
      expect(await history("report")).toEqual([]);
    }
  });

  it("says nothing of a schedule that has changed since: the job begins now, and its history names the gap", async ({
    leftBy,
  }) => {
    const { openTerm, history } = await leftBy(SECONDLY, T0);
    const { cursors, closed } = await openTerm([NEXT], T0 + 60_000);
    expect([cursors.get("report"), closed]).toEqual([T0 + 60_000, []]);
    const [from, to] = [T0, T0 + 60_000].map(at => new Date(at).toISOString());
    const reason = `the schedule changed, and the one before is not known: no tick from ${from} to ${to} was decided`;
    expect(await history("report")).toMatchObject([{ reason, reasonCode: "schedule_unknown" }]);
  });

  it("is written on beside the epochs, so that such a release finds its schedules when it leads again", async ({
    leftBy,
  }) => {
    const { openTerm, redis, keys, write } = await leftBy(SECONDLY, T0);
    await openTerm([SECONDLY], T0 + 10_000);
    expect(await redis.hget(keys.schedules, "report")).toBe(storedDefinitionOf(SECONDLY).legacy);
    // It leads again, with the same schedule.
    await write(SECONDLY, T0 + 12_000);
    expect((await openTerm([SECONDLY], T0 + 20_000)).cursors.get("report")).toBe(T0 + 12_000);
    // And with another one, before which this release's epoch says nothing any more.
    await write(NEXT, T0 + 21_000);
    const { cursors, closed } = await openTerm([SECONDLY], T0 + 30_000);
    expect([cursors.get("report"), closed]).toEqual([T0 + 30_000, []]);
  });
});

describe("what is to be expected of a job", () => {
  it("are the ticks of its schedule and of those before it, but none while it is paused or over", async ({
    setup,
  }) => {
    const { openTerm, redis, keys } = await setup();
    const old = jobOf("report", { maxRuns: 2 });
    const now = jobOf("report", { maxRuns: 9 }, { everyMs: 7_000 });
    await openTerm([old], T0);
    await openTerm([now], T0 + 10_000);
    const lanes = async () => {
      const found = (await readDueLanes(redis, keys, [now, jobOf("unknown")])).get("report") ?? [];
      return found.map(({ schedule, cursor }) => [cursor - T0, schedule.next(cursor)?.at]);
    };
    const current = [10_000, now.schedule.next(T0 + 10_000)?.at];
    expect(await lanes()).toEqual([[0, T0 + 1_000], current]);
    await redis.hset(keys.launched, "report", 2);
    expect(await lanes()).toEqual([current]);
    await redis.hset(keys.controls, "pause:report", `${T0} ann`);
    expect(await lanes()).toEqual([]);
  });
});

describe("definitions", () => {
  it("of all jobs can be read by a program that has none of them", async ({ setup }) => {
    const { openTerm, redis, keys } = await setup();
    const jobs = [
      SECONDLY,
      jobOf("nightly", { queue: "slow" }, { cron: ["H 2 * * *"], timezone: "Asia/Tokyo" }),
    ];
    await openTerm(jobs, T0);
    const found = await readDefinitions(redis, keys);
    expect([...found.keys()].sort()).toEqual(["nightly", "report"]);
    const nightly = found.get("nightly");
    expect(nightly).toMatchObject({ queue: "slow", catchUp: "all", number: 1, fromMs: T0 });
    expect(nightly?.schedule.next(T0)).toEqual(jobs[1]?.schedule.next(T0));
    expect([...(await readDefinitions(redis, keys, ["report", "none"])).keys()]).toEqual(["report"]);
  });

  it("that another program wrote are passed over, and stored anew by the leader that finds them", async ({
    setup,
  }) => {
    for (const line of ["", "rubbish", "aa|bb|cc|1|2|{}", 'aa|bb|cc|1|2|{"rules":2}']) {
      const { openTerm, redis, keys } = await setup();
      await openTerm([SECONDLY], T0);
      const { launcher } = await openTerm([SECONDLY], T0);
      expect(await launcher.checkDefinitions(FENCE)).toBe("same");
      await redis.hset(keys.definitions, "report", line);
      await redis.hset(keys.epochs, { "9:report": `${T0}|${line}`, "9": line, "8:report": line });
      await redis.hset(keys.epochCursors, { "9:report": T0, "8:report": T0 });
      expect(await readDefinitions(redis, keys)).toEqual(new Map());
      const next = await openTerm([SECONDLY], T0 + 5_000);
      expect(await next.launcher.checkDefinitions(FENCE)).toBe("other");
      const { cursors, closed } = await openTerm([SECONDLY], T0 + 5_000);
      expect([cursors.get("report"), closed]).toEqual([T0, []]);
      expect((await readDefinitions(redis, keys)).size).toBe(1);
    }
  });

  it("share calendars, which are forgotten when none of them names one any more", async ({ setup }) => {
    const { openTerm, redis, keys } = await setup();
    const calendar = (end: number) =>
      new Calendar({ name: "c", stretches: [{ clock: "instant", start: T0, end }] });
    const job = (name: string, end: number) => {
      return jobOf(name, {}, { everyMs: 1_000, except: ["calendar:c"], calendars: { c: calendar(end) } });
    };
    await openTerm([job("a", T0 + 1), job("b", T0 + 1)], T0);
    expect(await redis.hlen(keys.calendars)).toBe(1);
    const { launcher } = await openTerm([job("a", T0 + 2), job("b", T0 + 2)], T0 + 10_000);
    expect(await redis.hlen(keys.calendars)).toBe(2);
    await launcher.retire(FENCE, T0 + 10_000);
    expect(await redis.hlen(keys.calendars)).toBe(2);
    await launcher.finish(FENCE, ["1:a", "1:b"]);
    await launcher.retire(FENCE, T0 + 10_000);
    expect(await redis.hkeys(keys.calendars)).toEqual([calendar(T0 + 2).canonical]);
  });
});

describe("a job that was removed", () => {
  it("is found with all its epochs and when it was first missed, and its state goes a day later", async ({
    setup,
  }) => {
    const { openTerm, redis, keys } = await setup();
    const other = jobOf("other");
    await openTerm([SECONDLY, other], T0);
    await openTerm([NEXT, other], T0 + 10_000);
    const { launcher } = await openTerm([other], T0 + 20_000);
    for (const nowMs of [T0 + 20_000, T0 + 30_000]) {
      expect(await launcher.removed(FENCE, nowMs)).toMatchObject([
        { job: "report", epoch: 1, cursor: T0, sinceMs: T0 + 20_000 },
        { job: "report", cursor: T0 + 10_000, sinceMs: T0 + 20_000 },
      ]);
    }
    expect(await launcher.removed("0:older", T0)).toBeNull();
    expect(await launcher.retire(FENCE, T0 + 20_000 + DAY_MS)).toEqual(["report"]);
    for (const key of [keys.cursors, keys.definitions]) expect(await redis.hkeys(key)).toEqual(["other"]);
    expect(await redis.exists(keys.epochs, keys.epochCursors)).toBe(0);
  });
});
