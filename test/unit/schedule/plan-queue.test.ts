import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reasonText } from "../../../src/reasons.ts";
import type { CatchUpPolicy } from "../../../src/schedule/catch-up.ts";
import type { Decision } from "../../../src/schedule/decision.ts";
import { planTicks } from "../../../src/schedule/plan.ts";
import type { PlannedJob } from "../../../src/schedule/planned-job.ts";
import type { Wait } from "../../../src/schedule/wait.ts";
import { scheduleOf, ticksBetween } from "./setup.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const NOON = Date.parse("2026-01-10T12:00Z");
const MINUTELY = scheduleOf({ cron: ["* * * * *"] });
const NEVER = Number.POSITIVE_INFINITY;

function job(parts: Partial<PlannedJob>): PlannedJob {
  const rest = { cursor: NOON, catchUp: "latest", catchUpWindowMs: HOUR, waitsFor: null } as const;
  return { name: "job", schedule: MINUTELY, ...rest, ...parts };
}

/** `launched 12:01 scheduled`, `skipped 12:01 paused by run`. */
function brief(decision: Decision): string {
  const time = (at: number) => new Date(at).toISOString().slice(11, 16);
  if (decision.outcome === "launched") return `launched ${time(decision.tickAtMs)} ${decision.kind}`;
  const { outcome, tickAtMs, fromAtMs, reason, blockedBy } = decision;
  const by = blockedBy === undefined ? "" : ` by ${blockedBy}`;
  return `${outcome} ${fromAtMs === undefined ? "" : `${time(fromAtMs)}…`}${time(tickAtMs)} ${reasonText(reason)}${by}`;
}

function ticksOf(after: number, upTo: number): number[] {
  return ticksBetween(MINUTELY, after, upTo).map(({ at }) => at);
}

interface Row {
  readonly name: string;
  readonly catchUp?: CatchUpPolicy;
  readonly windowMs?: number;
  /** After noon: since when, and until when. */
  readonly waits?: readonly [since: number, ended: number];
  readonly cursor?: number;
  readonly pausedAtMs?: number;
  readonly skips?: readonly number[];
  readonly runsLeft?: number;
  readonly now: number;
  readonly decisions: readonly string[];
  /** After noon. */
  readonly nextDue: number | null;
}

const REPLACED = "replaced by a newer tick by run";

const ROWS: readonly Row[] = [
  {
    name: "one tick is launched at a time",
    catchUp: "all",
    now: 3 * MINUTE,
    decisions: ["launched 12:01 catch-up"],
    nextDue: 2 * MINUTE,
  },
  {
    name: "the tick that is due waits, undecided",
    waits: [0, NEVER],
    now: MINUTE,
    decisions: [],
    nextDue: 2 * MINUTE,
  },
  {
    name: "a newer tick takes the place of the one that waits",
    waits: [0, NEVER],
    now: 3 * MINUTE,
    decisions: [`skipped 12:01 ${REPLACED}`, `skipped 12:02 ${REPLACED}`],
    nextDue: 4 * MINUTE,
  },
  {
    name: "no age makes a waiting tick missed",
    catchUp: "none",
    windowMs: 0,
    waits: [0, NEVER],
    now: MINUTE + 50 * SECOND,
    decisions: [],
    nextDue: 2 * MINUTE,
  },
  {
    name: "what was due before the run began is decided by the policy",
    catchUp: "none",
    waits: [2 * MINUTE, NEVER],
    now: 3 * MINUTE,
    decisions: ["missed 12:01 catchUp: none", `skipped 12:02 ${REPLACED}`],
    nextDue: 4 * MINUTE,
  },
  {
    name: "the tick is on time when the run has just ended",
    catchUp: "none",
    waits: [0, MINUTE + 50 * SECOND],
    now: MINUTE + 51 * SECOND,
    decisions: ["launched 12:01 scheduled"],
    nextDue: 2 * MINUTE,
  },
  {
    name: "of several that waited until the end the newest is launched",
    catchUp: "all",
    waits: [0, 2 * MINUTE + 50 * SECOND],
    now: 2 * MINUTE + 51 * SECOND,
    decisions: [`skipped 12:01 ${REPLACED}`, "launched 12:02 scheduled"],
    nextDue: 3 * MINUTE,
  },
  {
    name: "long after the end the policy decides: the window counts from the end",
    windowMs: MINUTE,
    waits: [0, MINUTE + 10 * SECOND],
    now: MINUTE + 55 * SECOND,
    decisions: ["launched 12:01 catch-up"],
    nextDue: 2 * MINUTE,
  },
  {
    name: "long after the end a job without catching up has missed the tick",
    catchUp: "none",
    waits: [0, MINUTE + 10 * SECOND],
    now: MINUTE + 55 * SECOND,
    decisions: ["missed 12:01 catchUp: none"],
    nextDue: 2 * MINUTE,
  },
  {
    name: "ticks after the end of a run that nothing waited for are the policy's",
    waits: [0, 10 * SECOND],
    now: 3 * MINUTE,
    decisions: [
      "missed 12:01 catchUp: latest, a newer tick was due",
      "missed 12:02 catchUp: latest, a newer tick was due",
      "launched 12:03 scheduled",
    ],
    nextDue: 4 * MINUTE,
  },
  {
    name: "a tick that waits belongs to a pause that begins meanwhile",
    catchUp: "none",
    waits: [0, NEVER],
    pausedAtMs: MINUTE + 30 * SECOND,
    now: 2 * MINUTE,
    decisions: ["skipped 12:01 paused", "skipped 12:02 paused"],
    nextDue: 3 * MINUTE,
  },
  {
    name: "a pause holds what the policy keeps, whether the run ends or not",
    waits: [0, NEVER],
    pausedAtMs: MINUTE + 30 * SECOND,
    now: 2 * MINUTE,
    decisions: ["skipped 12:01 paused"],
    nextDue: 3 * MINUTE,
  },
  {
    name: "a tick that an operator skips takes no place",
    waits: [0, NEVER],
    skips: [2 * MINUTE],
    now: 2 * MINUTE,
    decisions: [],
    nextDue: 3 * MINUTE,
  },
  {
    name: "a tick that an operator skips is decided where no other waits",
    waits: [0, NEVER],
    skips: [MINUTE],
    now: MINUTE,
    decisions: ["skipped 12:01 skip-next"],
    nextDue: 2 * MINUTE,
  },
  {
    name: "a job that may run once more still has the newest tick wait",
    waits: [0, NEVER],
    runsLeft: 1,
    now: 2 * MINUTE,
    decisions: [`skipped 12:01 ${REPLACED}`],
    nextDue: 3 * MINUTE,
  },
];

describe("of a job with overlap: queue", () => {
  test.each(ROWS)("$name", row => {
    const { catchUp = "latest", windowMs = HOUR, waits, cursor = 0, pausedAtMs, skips, runsLeft, now } = row;
    const waitsFor: Wait | null = waits
      ? { run: "run", sinceMs: NOON + waits[0], endedMs: NOON + waits[1] }
      : null;
    const { decisions, nextDue } = planTicks({
      jobs: [
        job({
          catchUp,
          catchUpWindowMs: windowMs,
          waitsFor,
          cursor: NOON + cursor,
          ...(pausedAtMs === undefined ? {} : { pausedAtMs: NOON + pausedAtMs }),
          ...(skips === undefined ? {} : { skips: skips.map(at => NOON + at) }),
          ...(runsLeft === undefined ? {} : { runsLeft }),
        }),
      ],
      nowMs: NOON + now,
    });
    expect(decisions.map(brief)).toEqual(row.decisions);
    expect(nextDue.get("job")).toBe(row.nextDue === null ? null : NOON + row.nextDue);
  });

  test("says how long the tick has waited, so that it is not late", () => {
    const endedMs = NOON + 90 * SECOND;
    const waitsFor = { run: "run", sinceMs: NOON, endedMs };
    const { decisions } = planTicks({ jobs: [job({ waitsFor })], nowMs: endedMs + 100 });
    expect(decisions).toMatchObject([{ outcome: "launched", tickAtMs: NOON + MINUTE, dueAtMs: endedMs }]);
  });

  test("every tick is decided once, in order, and none is launched beside an unfinished run", () => {
    const step = fc.record({
      passMs: fc.integer({ min: 0, max: 5 * MINUTE }),
      endsRun: fc.boolean(),
      limit: fc.integer({ min: 2, max: 20 }),
      isPaused: fc.boolean(),
    });
    const policy = fc.constantFrom<CatchUpPolicy>("all", "latest", "none");
    const steps = fc.array(step, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        policy,
        fc.integer({ min: 0, max: 10 * MINUTE }),
        steps,
        (catchUp, catchUpWindowMs, all) => {
          const decided: number[] = [];
          let [cursor, nowMs, pausedAtMs] = [NOON, NOON, undefined as number | undefined];
          let waitsFor: Wait | null = null;
          for (const { passMs, endsRun, limit, isPaused } of all) {
            nowMs += passMs;
            if (endsRun && waitsFor?.endedMs === NEVER) waitsFor = { ...(waitsFor as Wait), endedMs: nowMs };
            pausedAtMs = isPaused ? (pausedAtMs ?? nowMs) : undefined;
            const rules = { catchUp, catchUpWindowMs, cursor, waitsFor };
            const planned = job({ ...rules, ...(pausedAtMs === undefined ? {} : { pausedAtMs }) });
            const { decisions, nextDue, complete } = planTicks({ jobs: [planned], nowMs, limit });
            const launches = decisions.filter(({ outcome }) => outcome === "launched");
            const isBlocked: boolean = waitsFor?.endedMs === NEVER;
            expect(launches.length).toBeLessThanOrEqual(isBlocked || isPaused ? 0 : 1);
            const due = ticksOf(cursor, nowMs);
            if (isBlocked && complete && due.length > 0) {
              // What has waited is never missed, and the newest tick is never replaced.
              const due = ticksOf(cursor, nowMs);
              if (!isPaused) expect(decisions.at(-1)?.tickAtMs).not.toBe(due.at(-1));
            }
            for (const decision of decisions) {
              decided.push(...ticksOf(cursor, decision.tickAtMs));
              cursor = decision.tickAtMs;
              if (decision.outcome !== "launched") continue;
              waitsFor = { run: `run at ${cursor}`, sinceMs: cursor, endedMs: NEVER };
            }
            if (complete && !isPaused && !isBlocked && decisions.length === 0) {
              expect(nextDue.get("job")).toBeGreaterThan(nowMs);
            }
          }
          expect(decided).toEqual(ticksOf(NOON, cursor));
        },
      ),
    );
  });
});
