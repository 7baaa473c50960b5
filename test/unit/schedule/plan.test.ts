import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reasonText } from "../../../src/reasons.ts";
import type { CatchUpPolicy } from "../../../src/schedule/catch-up.ts";
import type { Decision } from "../../../src/schedule/decision.ts";
import { planTicks } from "../../../src/schedule/plan.ts";
import type { PlannedJob } from "../../../src/schedule/planned-job.ts";
import type { Schedule } from "../../../src/schedule/schedule.ts";
import type { ScheduleSpec } from "../../../src/schedule/spec.ts";
import { iso, scheduleOf, ticksBetween } from "./setup.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOON = Date.parse("2026-01-10T12:00Z");

function job(parts: Partial<PlannedJob> & { spec: Partial<ScheduleSpec> }): PlannedJob {
  const { spec, ...rest } = parts;
  const name = rest.name ?? "job";
  const schedule = rest.schedule ?? scheduleOf({ seed: name, ...spec });
  return { name, schedule, catchUp: "latest", catchUpWindowMs: HOUR, cursor: NOON, ...rest };
}

/** `launched 12:01Z scheduled`, `missed 11:00Z…11:40Z ×41 reason`: short enough for a table. */
function brief(decision: Decision): string {
  const time = (at: number) => iso(at).slice(11);
  if (decision.outcome === "launched") return `launched ${time(decision.tickAtMs)} ${decision.kind}`;
  const { fromAtMs, tickAtMs, count, reason } = decision;
  const span = fromAtMs === undefined ? time(tickAtMs) : `${time(fromAtMs)}…${time(tickAtMs)} ×${count}`;
  return `${decision.outcome} ${span} ${reasonText(reason)}`;
}

const SUPERSEDED = "catchUp: latest, a newer tick was due";

interface Row {
  readonly name: string;
  readonly spec?: Partial<ScheduleSpec>;
  readonly catchUp: CatchUpPolicy;
  readonly windowMs?: number;
  readonly limit?: number;
  readonly runsLeft?: number;
  /** After noon. */
  readonly pausedAtMs?: number;
  readonly skips?: readonly number[];
  /** Before and after noon. */
  readonly cursor: number;
  readonly now: number;
  readonly decisions: readonly string[];
  /** Milliseconds after noon. */
  readonly nextDue: number | null;
}

const MINUTELY = { cron: ["* * * * *"] };
const SECONDLY = { everyMs: SECOND };

const ROWS: readonly Row[] = [
  {
    name: "nothing is due before the tick",
    catchUp: "all",
    cursor: 0,
    now: MINUTE - 1,
    decisions: [],
    nextDue: MINUTE,
  },
  {
    name: "a tick is due at its instant",
    catchUp: "none",
    cursor: 0,
    now: MINUTE,
    decisions: ["launched 12:01Z scheduled"],
    nextDue: 2 * MINUTE,
  },
  {
    name: "none: on time until the grace has passed",
    catchUp: "none",
    cursor: 0,
    now: MINUTE + 5 * SECOND,
    decisions: ["launched 12:01Z scheduled"],
    nextDue: 2 * MINUTE,
  },
  {
    name: "none: missed after that",
    catchUp: "none",
    cursor: 0,
    now: MINUTE + 5 * SECOND + 1,
    decisions: ["missed 12:01Z catchUp: none"],
    nextDue: 2 * MINUTE,
  },
  {
    name: "none: only the tick on time is launched after an outage",
    catchUp: "none",
    cursor: 0,
    now: 3 * MINUTE + 2 * SECOND,
    decisions: ["missed 12:01Z catchUp: none", "missed 12:02Z catchUp: none", "launched 12:03Z scheduled"],
    nextDue: 4 * MINUTE,
  },
  {
    name: "latest: the newest of several late ticks is caught up on",
    catchUp: "latest",
    cursor: 0,
    now: 3 * MINUTE + 30 * SECOND,
    decisions: [`missed 12:01Z ${SUPERSEDED}`, `missed 12:02Z ${SUPERSEDED}`, "launched 12:03Z catch-up"],
    nextDue: 4 * MINUTE,
  },
  {
    name: "latest: not when it is older than the window",
    spec: { cron: ["0 * * * *"] },
    catchUp: "latest",
    windowMs: 10 * MINUTE,
    cursor: 0,
    now: 2 * HOUR + 10 * MINUTE + 1,
    decisions: [`missed 13:00Z ${SUPERSEDED}`, "missed 14:00Z older than catchUpWindow 10m"],
    nextDue: 3 * HOUR,
  },
  {
    name: "latest: ticks exactly as old as the window count",
    spec: { cron: ["0 * * * *"] },
    catchUp: "latest",
    windowMs: 10 * MINUTE,
    cursor: 0,
    now: HOUR + 10 * MINUTE,
    decisions: ["launched 13:00Z catch-up"],
    nextDue: 2 * HOUR,
  },
  {
    name: "latest: a stall of 1.5 s loses no tick of a job that runs every second",
    spec: SECONDLY,
    catchUp: "latest",
    cursor: 0,
    now: 2.5 * SECOND,
    decisions: ["launched 12:00:01Z scheduled", "launched 12:00:02Z scheduled"],
    nextDue: 3 * SECOND,
  },
  {
    name: "latest: a stall of 7 s loses the ticks beyond the grace only",
    spec: SECONDLY,
    catchUp: "latest",
    cursor: 0,
    now: 7 * SECOND,
    decisions: [
      `missed 12:00:01Z ${SUPERSEDED}`,
      "launched 12:00:02Z scheduled",
      "launched 12:00:03Z scheduled",
      "launched 12:00:04Z scheduled",
      "launched 12:00:05Z scheduled",
      "launched 12:00:06Z scheduled",
      "launched 12:00:07Z scheduled",
    ],
    nextDue: 8 * SECOND,
  },
  {
    name: "latest: a tick on time is launched even when it is older than the window",
    catchUp: "latest",
    windowMs: 0,
    cursor: 0,
    now: MINUTE + SECOND,
    decisions: ["launched 12:01Z scheduled"],
    nextDue: 2 * MINUTE,
  },
  {
    name: "all: every tick in the window, oldest first",
    catchUp: "all",
    windowMs: 2 * MINUTE,
    cursor: 0,
    now: 4 * MINUTE,
    decisions: [
      "missed 12:01Z older than catchUpWindow 2m",
      "launched 12:02Z catch-up",
      "launched 12:03Z catch-up",
      "launched 12:04Z scheduled",
    ],
    nextDue: 5 * MINUTE,
  },
  {
    name: "a schedule that has ended is not planned again",
    spec: { cron: ["* * * * *"], endMs: NOON + 2 * MINUTE },
    catchUp: "all",
    cursor: 0,
    now: HOUR,
    decisions: ["launched 12:01Z catch-up", "launched 12:02Z catch-up"],
    nextDue: null,
  },
  {
    name: "a clock behind the cursor decides nothing",
    catchUp: "all",
    cursor: 5 * MINUTE,
    now: 0,
    decisions: [],
    nextDue: 6 * MINUTE,
  },
  {
    name: "fractions of a millisecond change nothing",
    spec: { cron: ["0 * * * *"] },
    catchUp: "all",
    windowMs: HOUR,
    cursor: 0,
    now: 2 * HOUR + 0.5,
    decisions: ["missed 13:00Z older than catchUpWindow 1h", "launched 14:00Z scheduled"],
    nextDue: 3 * HOUR,
  },
  {
    name: "all: beyond the limit the oldest are missed, and the setting is named",
    catchUp: "all",
    limit: 2,
    cursor: 0,
    now: 4 * MINUTE + 30 * SECOND,
    decisions: [
      "missed 12:01Z beyond catchUpLimit 2: so many newer ticks were due",
      "missed 12:02Z beyond catchUpLimit 2: so many newer ticks were due",
      "launched 12:03Z catch-up",
      "launched 12:04Z catch-up",
    ],
    nextDue: 5 * MINUTE,
  },
  {
    name: "all: the limit counts late ticks, not the one on time",
    catchUp: "all",
    limit: 1,
    cursor: 0,
    now: 3 * MINUTE,
    decisions: [
      "missed 12:01Z beyond catchUpLimit 1: so many newer ticks were due",
      "launched 12:02Z catch-up",
      "launched 12:03Z scheduled",
    ],
    nextDue: 4 * MINUTE,
  },
  {
    name: "all: window and limit each name themselves",
    catchUp: "all",
    limit: 1,
    windowMs: 2 * MINUTE + 30 * SECOND,
    cursor: 0,
    now: 4 * MINUTE + 30 * SECOND,
    decisions: [
      "missed 12:01Z older than catchUpWindow 2m30s",
      "missed 12:02Z beyond catchUpLimit 1: so many newer ticks were due",
      "missed 12:03Z beyond catchUpLimit 1: so many newer ticks were due",
      "launched 12:04Z catch-up",
    ],
    nextDue: 5 * MINUTE,
  },
  {
    name: "all: as many as the limit are all caught up on",
    catchUp: "all",
    limit: 2,
    cursor: 0,
    now: 2 * MINUTE + 30 * SECOND,
    decisions: ["launched 12:01Z catch-up", "launched 12:02Z catch-up"],
    nextDue: 3 * MINUTE,
  },
  {
    name: "paused, none: a tick is skipped when it is due",
    catchUp: "none",
    pausedAtMs: 30 * SECOND,
    cursor: 0,
    now: MINUTE,
    decisions: ["skipped 12:01Z paused"],
    nextDue: 2 * MINUTE,
  },
  {
    name: "paused, latest: the newest tick is held, those before it are skipped",
    catchUp: "latest",
    pausedAtMs: 30 * SECOND,
    cursor: 0,
    now: 3 * MINUTE,
    decisions: ["skipped 12:01Z paused", "skipped 12:02Z paused"],
    nextDue: 4 * MINUTE,
  },
  {
    name: "paused, latest: a held tick that is older than the window is skipped",
    catchUp: "latest",
    spec: { cron: ["0 13 * * *"] },
    windowMs: 10 * MINUTE,
    pausedAtMs: 30 * SECOND,
    cursor: 0,
    now: HOUR + 10 * MINUTE + SECOND,
    decisions: ["skipped 13:00Z paused"],
    nextDue: DAY + HOUR,
  },
  {
    name: "paused, all: ticks are held up to window and limit",
    catchUp: "all",
    limit: 2,
    pausedAtMs: 30 * SECOND,
    cursor: 0,
    now: 3 * MINUTE,
    decisions: ["skipped 12:01Z paused"],
    nextDue: 4 * MINUTE,
  },
  {
    name: "paused: what was late before the pause is missed by its policy",
    catchUp: "none",
    pausedAtMs: 2 * MINUTE + 30 * SECOND,
    cursor: 0,
    now: 3 * MINUTE,
    decisions: ["missed 12:01Z catchUp: none", "missed 12:02Z catchUp: none", "skipped 12:03Z paused"],
    nextDue: 4 * MINUTE,
  },
  {
    name: "paused: what was on time when the pause began is part of it",
    catchUp: "none",
    pausedAtMs: MINUTE + SECOND,
    cursor: 0,
    now: MINUTE + 2 * SECOND,
    decisions: ["skipped 12:01Z paused"],
    nextDue: 2 * MINUTE,
  },
  {
    name: "a tick that is to be skipped is skipped, the others are launched",
    catchUp: "all",
    skips: [2 * MINUTE],
    cursor: 0,
    now: 3 * MINUTE,
    decisions: ["launched 12:01Z catch-up", "skipped 12:02Z skip-next", "launched 12:03Z scheduled"],
    nextDue: 4 * MINUTE,
  },
  {
    name: "a job with no runs left is over",
    catchUp: "all",
    runsLeft: 0,
    cursor: 0,
    now: 3 * MINUTE,
    decisions: [],
    nextDue: null,
  },
];

describe("planTicks", () => {
  test.each(ROWS)(
    "$name",
    ({ spec = MINUTELY, catchUp, windowMs = HOUR, cursor, now, decisions, nextDue, ...row }) => {
      const planned = job({
        spec,
        catchUp,
        catchUpWindowMs: windowMs,
        cursor: NOON + cursor,
        ...(row.limit === undefined ? {} : { catchUpLimit: row.limit }),
        ...(row.runsLeft === undefined ? {} : { runsLeft: row.runsLeft }),
        ...(row.pausedAtMs === undefined ? {} : { pausedAtMs: NOON + row.pausedAtMs }),
        ...(row.skips === undefined ? {} : { skips: row.skips.map(skip => NOON + skip) }),
      });
      const plan = planTicks({ jobs: [planned], nowMs: NOON + now });
      expect(plan.decisions.map(brief)).toEqual(decisions);
      expect(plan.nextDue.get("job")).toBe(nextDue === null ? null : NOON + nextDue);
      expect(plan.complete).toBe(true);
    },
  );

  test("launches no more ticks than the job has runs left, then asks again", () => {
    const planned = job({ spec: MINUTELY, catchUp: "all", runsLeft: 2 });
    const plan = planTicks({ jobs: [planned], nowMs: NOON + 3 * MINUTE });
    expect(plan.decisions.map(brief)).toEqual(["launched 12:01Z catch-up", "launched 12:02Z catch-up"]);
    expect(plan.nextDue.get("job")).toBe(NOON + 3 * MINUTE);
    expect(plan.complete).toBe(false);
  });

  test("a paused job that is resumed has each tick decided once, by its policy", () => {
    const paused = job({ spec: MINUTELY, catchUp: "latest", pausedAtMs: NOON });
    const during = planTicks({ jobs: [paused], nowMs: NOON + 3 * MINUTE });
    const cursor = during.decisions.at(-1)?.tickAtMs ?? NOON;
    const { pausedAtMs: _, ...resumed } = { ...paused, cursor };
    const after = planTicks({ jobs: [resumed], nowMs: NOON + 3 * MINUTE + 30 * SECOND });
    expect([...during.decisions, ...after.decisions].map(brief)).toEqual([
      "skipped 12:01Z paused",
      "skipped 12:02Z paused",
      "launched 12:03Z catch-up",
    ]);
  });

  test("orders the decisions of all jobs by due time", () => {
    const jobs = [
      job({ name: "b", spec: { cron: ["*/2 * * * *"] }, catchUp: "all" }),
      job({ name: "a", spec: { cron: ["1-59/2 * * * *"] }, catchUp: "all" }),
    ];
    const { decisions } = planTicks({ jobs, nowMs: NOON + 4 * MINUTE });
    expect(decisions.map(decision => `${decision.job} ${brief(decision)}`)).toEqual([
      "a launched 12:01Z catch-up",
      "b launched 12:02Z catch-up",
      "a launched 12:03Z catch-up",
      "b launched 12:04Z scheduled",
    ]);
  });
});

/** A schedule whose jitter is said instead of hashed. */
function withJitter(schedule: Schedule, jitterMs: number, jitterOf: (tickAtMs: number) => number): Schedule {
  return {
    next: after => schedule.next(after),
    previous: at => schedule.previous(at),
    count: (after, upTo, limit) => schedule.count(after, upTo, limit),
    candidate: after => schedule.candidate(after),
    fingerprint: schedule.fingerprint,
    jitterMs,
    jitterOf,
  };
}

describe("jitter", () => {
  const jitters = new Map([
    [NOON + MINUTE, 50 * SECOND],
    [NOON + 2 * MINUTE, 40 * SECOND],
  ]);
  const schedule = withJitter(scheduleOf(MINUTELY), MINUTE, tickAtMs => jitters.get(tickAtMs) ?? 0);
  const plan = (nowMs: number, cursor = NOON) =>
    planTicks({ jobs: [job({ spec: MINUTELY, catchUp: "none", schedule, cursor })], nowMs });

  test("makes the tick due later", () => {
    expect(plan(NOON + MINUTE + 49 * SECOND).decisions).toEqual([]);
    expect(plan(NOON + MINUTE + 49 * SECOND).nextDue.get("job")).toBe(NOON + MINUTE + 50 * SECOND);
    expect(plan(NOON + MINUTE + 50 * SECOND).decisions.map(brief)).toEqual(["launched 12:01Z scheduled"]);
  });

  test("is no lateness", () => {
    expect(plan(NOON + MINUTE + 55 * SECOND).decisions.map(brief)).toEqual(["launched 12:01Z scheduled"]);
    expect(plan(NOON + MINUTE + 56 * SECOND).decisions.map(brief)).toEqual(["missed 12:01Z catchUp: none"]);
  });

  test("of an earlier tick holds the later ones back, which are on time when it is let go", () => {
    const seconds = withJitter(scheduleOf(SECONDLY), 9 * SECOND, at => (at === NOON + SECOND ? 8_500 : 0));
    const planned = job({ spec: SECONDLY, catchUp: "none", schedule: seconds });
    expect(planTicks({ jobs: [planned], nowMs: NOON + 9 * SECOND }).decisions).toEqual([]);
    const { decisions } = planTicks({ jobs: [planned], nowMs: NOON + 9.5 * SECOND });
    expect(decisions.map(brief)).toEqual(
      Array.from({ length: 9 }, (_, i) => `launched 12:00:0${i + 1}Z scheduled`),
    );
  });
});

describe("jitter, where a policy asks how old a tick is", () => {
  const JITTER = 3 * HOUR;
  const held = (
    spec: Partial<ScheduleSpec>,
    jitterOf: (tickAtMs: number) => number,
    parts: Partial<PlannedJob>,
  ) => {
    const schedule = withJitter(scheduleOf(spec), JITTER, jitterOf);
    return job({ spec, schedule, catchUpWindowMs: HOUR, ...parts });
  };
  const HOURLY = { cron: ["0 * * * *"] };
  const DUE = NOON + HOUR + 2.5 * HOUR;
  const only = (tickAtMs: number) => (tickAtMs === NOON + HOUR ? 2.5 * HOUR : 0);

  test.each<[string, Partial<PlannedJob>, number, readonly string[]]>([
    [
      "latest: a tick is as old as the time since it was due",
      { catchUp: "latest" },
      DUE + 10 * SECOND,
      [`missed 13:00Z ${SUPERSEDED}`, `missed 14:00Z ${SUPERSEDED}`, "launched 15:00Z catch-up"],
    ],
    [
      "all: those that waited for it too",
      { catchUp: "all" },
      DUE + 10 * SECOND,
      ["launched 13:00Z catch-up", "launched 14:00Z catch-up", "launched 15:00Z catch-up"],
    ],
    [
      "all: at the window's edge",
      { catchUp: "all" },
      DUE + HOUR,
      [
        "launched 13:00Z catch-up",
        "launched 14:00Z catch-up",
        "launched 15:00Z catch-up",
        "launched 16:00Z catch-up",
      ],
    ],
    [
      "all: beyond it",
      { catchUp: "all" },
      DUE + HOUR + 1,
      [
        ...[13, 14, 15].map(hour => `missed ${hour}:00Z older than catchUpWindow 1h`),
        "launched 16:00Z catch-up",
      ],
    ],
    [
      "all: the limit says so where the window does not",
      { catchUp: "all", catchUpLimit: 2 },
      DUE + 10 * SECOND,
      [
        "missed 13:00Z beyond catchUpLimit 2: so many newer ticks were due",
        "launched 14:00Z catch-up",
        "launched 15:00Z catch-up",
      ],
    ],
    [
      "a pause begins with what it holds, not with what its jitter still held",
      { catchUp: "none", pausedAtMs: NOON + 2 * HOUR },
      DUE + HOUR,
      [...[13, 14, 15, 16].map(hour => `skipped ${hour}:00Z paused`)],
    ],
  ])("%s", (_, parts, nowMs, decisions) => {
    const { decisions: found } = planTicks({ jobs: [held(HOURLY, only, parts)], nowMs });
    expect(found.map(brief)).toEqual(decisions);
  });

  test("is told with each decision, as the time at which the tick was let go", () => {
    const planned = held(HOURLY, only, { catchUp: "all" });
    const { decisions } = planTicks({ jobs: [planned], nowMs: DUE + HOUR });
    expect(decisions.map(({ dueAtMs, tickAtMs }) => dueAtMs ?? tickAtMs)).toEqual([
      DUE,
      DUE,
      DUE,
      NOON + 4 * HOUR,
    ]);
  });
});

describe("lanes of a job", () => {
  test("are planned apart, and share what is left of its runs", () => {
    const lanes = [
      job({ spec: SECONDLY, catchUp: "all", runsLeft: 3, epoch: 1, cursor: NOON }),
      job({ spec: { everyMs: 3 * SECOND }, catchUp: "all", runsLeft: 3, cursor: NOON + MINUTE }),
    ];
    const { decisions, nextDue } = planTicks({ jobs: lanes, nowMs: NOON + 2 * MINUTE, limit: 2 });
    expect(decisions.map(({ epoch, tickAtMs }) => [epoch, tickAtMs - NOON])).toEqual([
      [1, SECOND],
      [1, 2 * SECOND],
      [undefined, MINUTE + 3 * SECOND],
    ]);
    expect([...nextDue.keys()].sort()).toEqual(["1:job", "job"]);
  });
});

describe("pauses that have ended", () => {
  test("are why the ticks in them were passed over, by their due time; what the policy kept is launched", () => {
    const pauses = [
      { fromMs: NOON + 2.5 * MINUTE, toMs: NOON + 4.5 * MINUTE },
      { fromMs: NOON + 7 * MINUTE, toMs: NOON + 8 * MINUTE },
    ];
    const brieves = (parts: Partial<PlannedJob>) => {
      const planned = job({ spec: MINUTELY, pauses, ...parts });
      return planTicks({ jobs: [planned], nowMs: NOON + 9.5 * MINUTE }).decisions.map(brief);
    };
    const outcomes = [
      "missed",
      "missed",
      "skipped",
      "skipped",
      "missed",
      "missed",
      "skipped",
      "missed",
      "missed",
    ];
    const rows = outcomes.map((outcome, i) => {
      return `${outcome} 12:0${i + 1}Z ${outcome === "skipped" ? "paused" : "catchUp: none"}`;
    });
    expect(brieves({ catchUp: "none" })).toEqual(rows);
    expect(brieves({ catchUp: "all" })).toEqual(outcomes.map((_, i) => `launched 12:0${i + 1}Z catch-up`));
  });
});

describe("limits", () => {
  test("cut a long catch-up, and the next plan goes on", () => {
    const first = planTicks({
      jobs: [job({ spec: MINUTELY, catchUp: "all" })],
      nowMs: NOON + 5 * MINUTE,
      limit: 2,
    });
    expect(first.decisions.map(brief)).toEqual(["launched 12:01Z catch-up", "launched 12:02Z catch-up"]);
    expect(first.complete).toBe(false);
    expect(first.nextDue.get("job")).toBe(NOON + 3 * MINUTE);
    const jobs = [job({ spec: MINUTELY, catchUp: "all", cursor: NOON + 2 * MINUTE })];
    const second = planTicks({ jobs, nowMs: NOON + 5 * MINUTE });
    expect(second.decisions.map(brief)).toEqual([
      "launched 12:03Z catch-up",
      "launched 12:04Z catch-up",
      "launched 12:05Z scheduled",
    ]);
    expect(second.complete).toBe(true);
  });

  describe("of late ticks", () => {
    const late = (name: string, parts: Partial<PlannedJob> = {}) =>
      job({ name, spec: SECONDLY, catchUp: "all", cursor: NOON - 1_000 * SECOND, ...parts });
    const counts = (decisions: readonly Decision[]) => {
      const counted: Record<string, number> = {};
      for (const decision of decisions) counted[decision.job] = (counted[decision.job] ?? 0) + 1;
      return counted;
    };

    test("leave those over whose policy launches them however late they are, behind all others", () => {
      const jobs = [
        late("all"),
        late("latest", { catchUp: "latest" }),
        late("none", { catchUp: "none" }),
        late("on time", { cursor: NOON - 3 * SECOND }),
      ];
      const { decisions, nextDue, left, cut, complete } = planTicks({ jobs, nowMs: NOON, lateLimit: 460 });
      expect(counts(decisions)).toEqual({ "on time": 3, latest: 107, none: 107, all: 250 });
      const order = ["on time", "losing", "all"];
      const urgencies = decisions.map(({ job: name }) => (order.includes(name) ? name : "losing"));
      expect([...new Set(urgencies)]).toEqual(order);
      expect(urgencies).toEqual(urgencies.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)));
      expect([left, cut, complete]).toEqual([[], ["all"], false]);
      expect([...nextDue]).toEqual([
        ["all", NOON - 749 * SECOND],
        ["latest", NOON + SECOND],
        ["none", NOON + SECOND],
        ["on time", NOON + SECOND],
      ]);
    });

    test("share them out among the jobs, and leave those out that got none", () => {
      const jobs = ["a", "b", "c", "d", "e"].map(name => late(name));
      const plan = planTicks({ jobs, nowMs: NOON, lateLimit: 900 });
      expect(counts(plan.decisions)).toEqual({ a: 250, b: 250, c: 250, d: 150 });
      expect([plan.left, plan.cut]).toEqual([["e"], ["a", "b", "c", "d"]]);
      expect([...plan.nextDue.keys()]).toEqual(["a", "b", "c", "d"]);
      expect(counts(planTicks({ jobs: jobs.slice(3), nowMs: NOON, lateLimit: 900 }).decisions)).toEqual({
        d: 450,
        e: 450,
      });
    });

    test("are decided together where they are few, however many their jobs", () => {
      const few = { cursor: NOON - 60 * SECOND };
      const jobs = [late("many"), ...["a", "b", "c"].map(name => late(name, few))];
      const plan = planTicks({ jobs, nowMs: NOON, lateLimit: 430 });
      expect(counts(plan.decisions)).toEqual({ many: 250, a: 60, b: 60, c: 60 });
      expect([plan.left, plan.cut]).toEqual([[], ["many"]]);
    });

    test("let these jobs get on however many other ticks there are", () => {
      const plan = planTicks({ jobs: [late("a"), late("b")], nowMs: NOON, lateLimit: 0 });
      expect(counts(plan.decisions)).toEqual({ a: 250 });
    });

    test("record fewer missed ticks one by one where many jobs have them", () => {
      const jobs = Array.from({ length: 500 }, (_, i) => late(`${i}`, { catchUp: "latest" }));
      const { decisions } = planTicks({ jobs, nowMs: NOON });
      const missed = decisions.filter(({ outcome, job: name }) => outcome === "missed" && name === "7");
      expect(missed).toHaveLength(11);
      expect(missed[0]).toMatchObject({ count: 1_000 - 6 - 10 });
    });
  });

  test("leave the newest 100 missed ticks single and count the older ones", () => {
    const jobs = [job({ spec: MINUTELY, catchUp: "none", cursor: NOON - 3 * DAY })];
    const { decisions, complete } = planTicks({ jobs, nowMs: NOON });
    expect(decisions).toHaveLength(1 + 100 + 1);
    expect(decisions[0]).toEqual({
      outcome: "missed",
      job: "job",
      fromAtMs: NOON - 3 * DAY + MINUTE,
      tickAtMs: NOON - 101 * MINUTE,
      count: 3 * 24 * 60 - 101,
      reason: { code: "catch_up_none" },
    });
    expect(decisions.slice(-2).map(brief)).toEqual([
      "missed 11:59Z catchUp: none",
      "launched 12:00Z scheduled",
    ]);
    expect(complete).toBe(true);
  });

  test("count to a minimum where counting would take too long", () => {
    const jobs = [job({ spec: MINUTELY, catchUp: "latest", cursor: NOON - 300 * DAY })];
    expect(planTicks({ jobs, nowMs: NOON }).decisions[0]).toMatchObject({
      count: 10_000,
    });
  });

  test("count exactly for every, over years of seconds", () => {
    const jobs = [job({ spec: SECONDLY, catchUp: "latest", cursor: NOON - 1_000 * DAY })];
    const [oldest] = planTicks({ jobs, nowMs: NOON }).decisions;
    expect(oldest).toMatchObject({
      count: 1_000 * 86_400 - 5 - 100 - 1,
      fromAtMs: NOON - 1_000 * DAY + SECOND,
    });
  });

  test("cut a jitter that spans more ticks than anybody should walk through, without losing one", () => {
    const schedule = withJitter(scheduleOf({ everyMs: 1 }), MINUTE, () => 0);
    let cursor = NOON;
    let counted = 0;
    for (let complete = false; !complete; ) {
      const planned = job({ spec: {}, schedule, catchUp: "none", cursor });
      const plan = planTicks({ jobs: [planned], nowMs: NOON + 30 * SECOND, onTimeMs: 0 });
      for (const decision of plan.decisions)
        counted += (decision.outcome === "missed" && decision.count) || 1;
      cursor = plan.decisions.at(-1)?.tickAtMs ?? cursor;
      complete = plan.complete;
    }
    expect(cursor).toBe(NOON + 30 * SECOND);
    expect(counted).toBe(30_000);
  });

  test("of one still make progress", () => {
    let cursor = NOON;
    const seen: string[] = [];
    for (let turn = 0; turn < 10; turn++) {
      const jobs = [job({ spec: MINUTELY, catchUp: "latest", cursor })];
      const { decisions } = planTicks({ jobs, nowMs: NOON + 3 * MINUTE, limit: 1 });
      seen.push(...decisions.map(brief));
      cursor = decisions.at(-1)?.tickAtMs ?? cursor;
    }
    expect(seen).toEqual([`missed 12:01Z…12:02Z ×2 ${SUPERSEDED}`, "launched 12:03Z scheduled"]);
  });
});

describe("whatever the times of planning", () => {
  const specs: readonly Partial<ScheduleSpec>[] = [
    MINUTELY,
    { cron: ["*/7 * * * * *"] },
    { everyMs: 90 * SECOND, jitterMs: 5 * MINUTE },
    { cron: ["*/30 * * * *", "15 1 * * *"], timezone: "America/New_York", jitterMs: MINUTE },
  ];
  const start = Date.parse("2026-11-01T04:30Z");
  const steps = fc.array(fc.integer({ min: 0, max: 20 * MINUTE }), { minLength: 1, maxLength: 12 });

  /** Plans at each time until nothing is left, moving the cursors as the leader does. */
  function run(jobs: PlannedJob[], times: readonly number[], limit: number): Decision[] {
    const decided: Decision[] = [];
    for (const nowMs of times) {
      let complete = false;
      while (!complete) {
        const plan = planTicks({ jobs, nowMs, limit, lateLimit: 3 * limit });
        for (const { job: name, tickAtMs } of plan.decisions) {
          const index = jobs.findIndex(one => one.name === name);
          const planned = jobs[index];
          if (planned !== undefined) jobs[index] = { ...planned, cursor: tickAtMs };
        }
        decided.push(...plan.decisions);
        complete = plan.complete;
      }
    }
    return decided;
  }

  test("all with an endless window launches every tick exactly once, in order", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 50 }), (durations, limit) => {
        let nowMs = start;
        const times = durations.map(duration => (nowMs += duration));
        const jobs = specs.map((spec, i) =>
          job({
            name: `job-${i}`,
            spec,
            catchUp: "all",
            catchUpWindowMs: Number.POSITIVE_INFINITY,
            cursor: start,
          }),
        );
        const decided = run([...jobs], times, limit);
        expect(decided.every(decision => decision.outcome === "launched")).toBe(true);
        for (const { name, schedule } of jobs) {
          const ticks = ticksBetween(schedule, start, nowMs).map(tick => tick.at);
          const firstHeld = ticks.findIndex(at => at + schedule.jitterOf(at) > nowMs);
          const launched = decided
            .filter(decision => decision.job === name)
            .map(decision => decision.tickAtMs);
          expect(launched).toEqual(firstHeld < 0 ? ticks : ticks.slice(0, firstHeld));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("no policy leaves a tick undecided, decides one twice, or goes back", () => {
    const policy = fc.constantFrom<CatchUpPolicy>("none", "latest", "all");
    const windowMs = fc.integer({ min: 0, max: 30 * MINUTE });
    fc.assert(
      fc.property(
        steps,
        policy,
        windowMs,
        fc.integer({ min: 1, max: 200 }),
        (durations, catchUp, catchUpWindowMs, limit) => {
          let nowMs = start;
          const times = durations.map(duration => (nowMs += duration));
          const jobs = specs.map((spec, i) =>
            job({ name: `job-${i}`, spec, catchUp, catchUpWindowMs, cursor: start }),
          );
          const decided = run([...jobs], times, limit);
          for (const { name, schedule } of jobs) {
            const mine = decided.filter(decision => decision.job === name);
            const covered = mine.flatMap(decision =>
              decision.outcome === "missed" && decision.fromAtMs !== undefined
                ? ticksBetween(schedule, decision.fromAtMs - 1, decision.tickAtMs).map(tick => tick.at)
                : [decision.tickAtMs],
            );
            expect(covered).toEqual(
              ticksBetween(schedule, start, covered.at(-1) ?? start).map(tick => tick.at),
            );
            const next = schedule.next(covered.at(-1) ?? start);
            expect((next?.at ?? 0) + schedule.jitterOf(next?.at ?? 0)).toBeGreaterThan(nowMs);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
