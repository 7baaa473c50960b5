/**
 * The ticks that get no run. The newest ones are decided one by one; everything older shares one decision with a count,
 * so that a year of missed ticks costs no more than an hour of them.
 */
import { missReasons } from "./catch-up.ts";
import { type Pass, type PassDecision, skip } from "./decision.ts";
import { type DueSpan, firstDueFrom } from "./due-span.ts";
import type { PlannedJob, PlanRules } from "./planned-job.ts";
import { waitedFrom } from "./wait.ts";

/** Ticks are counted one by one up to here: some 10 ms of work. */
const COUNT_LIMIT = 10_000;

/** The ticks in (after, end), all missed or all skipped. */
interface Stretch {
  readonly after: number;
  readonly end: number;
  /** What was in the way of ticks that are replaced. */
  readonly blockedBy?: string | undefined;
  passOf(tickAtMs: number): Pass;
}

type Limits = Pick<PlanRules, "limit" | "singlePasses">;

/**
 * The ticks in (cursor, end): skipped where the job was paused when they were let go, missed elsewhere. What was on time
 * when a pause began belongs to it; of the pause that is in force also what waited for a run then.
 */
export function passBefore(job: PlannedJob, end: number, span: DueSpan, rules: PlanRules): PassDecision[] {
  const { schedule, cursor, pausedAtMs, pauses: past = [] } = job;
  const missReason = missReasons(job, span, rules.nowMs);
  const miss = (tickAtMs: number): Pass => ({ outcome: "missed", reason: missReason(tickAtMs) });
  const pauses =
    pausedAtMs === undefined ? past : [...past, { fromMs: pausedAtMs, toMs: Number.POSITIVE_INFINITY }];
  const passes: PassDecision[] = [];
  let after = cursor;
  const pass = (stretch: Omit<Stretch, "after">) => {
    passes.push(...passStretch(job, { ...stretch, after }, rules));
    after = Math.max(after, stretch.end - 1);
  };
  for (const { fromMs, toMs } of pauses) {
    if (after >= end - 1) break;
    const onTime = firstDueFrom(schedule, after, fromMs - rules.onTimeMs);
    const from = Math.min(onTime, fromMs === pausedAtMs ? waitedFrom(job, span, rules) : onTime, end);
    pass({ end: from, passOf: miss });
    const to = Math.min(firstDueFrom(schedule, after, toMs), end);
    pass({ end: to, passOf: () => skip("paused") });
  }
  pass({ end, passOf: miss });
  return passes;
}

/** The ticks in [from, end) of a job with `overlap: queue`: a newer tick takes their place. */
export function replace(job: PlannedJob, from: number, end: number, limits: Limits): PassDecision[] {
  const stretch: Stretch = {
    after: Math.max(job.cursor, from - 1),
    end,
    passOf: tickAtMs => skip(job.skips?.includes(tickAtMs) ? "skip_next" : "replaced"),
    blockedBy: job.waitsFor?.run,
  };
  return passStretch(job, stretch, limits);
}

/** The undecided ticks up to `untilMs` of a job that was removed. */
export function remove(job: PlannedJob, untilMs: number, limits: Limits): PassDecision[] {
  const end = Math.floor(untilMs) + 1;
  return passStretch(job, { after: job.cursor, end, passOf: () => skip("removed") }, limits);
}

function passStretch(job: PlannedJob, stretch: Stretch, { limit, singlePasses }: Limits): PassDecision[] {
  const { after, end } = stretch;
  const passes: PassDecision[] = [];
  if (end - 1 <= after) return passes;
  const singles = Math.min(singlePasses, Math.max(limit / 2 - 1, 0));
  let last = job.schedule.previous(end - 1);
  while (last !== null && last.at > after && passes.length < singles) {
    passes.push(passTick(job, last.at, stretch));
    last = job.schedule.previous(last.at - 1);
  }
  if (last !== null && last.at > after) passes.push(passTogether(job, last.at, stretch));
  return passes.reverse();
}

function passTick({ name: job, epoch }: PlannedJob, tickAtMs: number, stretch: Stretch): PassDecision {
  const pass = stretch.passOf(tickAtMs);
  const blockedBy = pass.reason.code === "replaced" ? stretch.blockedBy : undefined;
  return { ...pass, job, epoch, tickAtMs, blockedBy };
}

/** One decision for all ticks in (after, lastAt]. */
function passTogether(job: PlannedJob, lastAt: number, stretch: Stretch): PassDecision {
  const { count } = job.schedule.count(stretch.after, lastAt, COUNT_LIMIT);
  const pass = passTick(job, lastAt, stretch);
  const first = job.schedule.next(stretch.after);
  if (count <= 1 || first === null) return pass;
  return { ...pass, fromAtMs: first.at, count };
}
