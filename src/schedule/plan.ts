/**
 * Planning: jobs, cursors and a time in; decisions and the next wake-up out. Pure, so that every rule of
 * catching up can be tested with numbers.
 *
 * The undecided ticks of a job that are due fall into two parts:
 *
 *     cursor ──[ missed … missed ][ launched … launched ]── first tick that is not due
 *                                 ▲ launchFrom
 *
 * The catch-up policy only says where `launchFrom` lies. So a plan that is cut off by a limit, or made at
 * another time, goes on where the one before it stopped: decisions are always a prefix of the undecided ticks.
 *
 * Of a paused job the first part is skipped instead, from the pause on, and the second part is held.
 *
 * Of a job with `overlap: queue` at most one tick is launched at a time. While its run is unfinished the newest due tick
 * is held, whatever the policy says of its age, and older ones are skipped.
 *
 * A job whose schedule changed has a *lane* for each schedule that still has undecided ticks: its own rules, its own
 * cursor. Lanes do not hold each other back; they share the job's `maxRuns`.
 *
 * Late ticks of one job must not make punctual ticks of another late. So lanes are planned by urgency. Lanes without
 * late ticks come first, then those whose policy would miss a tick that waits. Late ticks that are launched however
 * late they are (`catchUp: all`) come last, in bounded number.
 */
import type { MissReason, SkipReason } from "../reasons.ts";
import { type CatchUpRules, findLaunchFrom, missReasons } from "./catch-up.ts";
import { type DueSpan, findDueSpan, firstDueFrom } from "./due-span.ts";
import type { Schedule, Tick } from "./schedule.ts";
import { SECOND_MS } from "./time-units.ts";
import { newestWaiting, type Wait, waitedFrom, waitedToMs } from "./wait.ts";

export interface PlannedJob extends CatchUpRules {
  readonly name: string;
  /** The number of the epoch whose schedule this is, when that has been closed; absent for the one in force. */
  readonly epoch?: number;
  /** How many more ticks may be launched before the job ends; no limit when absent. */
  readonly runsLeft?: number;
  /** Ticks that an operator wants to be skipped. */
  readonly skips?: readonly number[];
  /** For a job with `overlap: queue`: the run that its ticks wait for, or waited for last; null when there was none. */
  readonly waitsFor?: Wait | null;
  /** When the job was paused in the past, oldest first: what passed then was skipped, not missed. */
  readonly pauses?: readonly PastPause[];
}

export interface PastPause {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface PlanInput {
  readonly jobs: readonly PlannedJob[];
  readonly nowMs: number;
  /** Most decisions for one job. */
  readonly limit?: number;
  /**
   * Most decisions with the late ticks of `catchUp: all`, less than that where there are others; never so few that these
   * jobs make no progress.
   */
  readonly lateLimit?: number;
  /** Up to this long after it is due a tick is on time: launched under any policy, and not as a catch-up. */
  readonly onTimeMs?: number;
}

export interface Plan {
  /** By urgency, then oldest due first; the decisions of one lane strictly ascending by tick. */
  readonly decisions: readonly Decision[];
  /**
   * For every lane of the input (`laneOf`), when its first undecided tick is due (with jitter). For a paused lane it is
   * the first tick that is not due yet. Null when it has none.
   */
  readonly nextDue: ReadonlyMap<string, number | null>;
  /** The lanes with late ticks that `lateLimit` left over, in the order in which to plan them next. */
  readonly late: readonly string[];
  /** False when a limit cut the plan: commit its decisions, then plan again immediately. */
  readonly complete: boolean;
}

export type Decision = LaunchDecision | PassDecision;

interface DecisionBase {
  readonly job: string;
  /** The epoch whose tick it is; absent for the one in force. */
  readonly epoch?: number;
  /** The tick; of several, the newest. */
  readonly tickAtMs: number;
  /** When the tick was let go, by its jitter or the end of the run before it; absent where that is its time. */
  readonly dueAtMs?: number;
}

export interface LaunchDecision extends DecisionBase {
  readonly outcome: "launch";
  readonly kind: "scheduled" | "catch-up";
  /** The job's launched ticks are counted for `maxRuns`. */
  readonly isCounted?: true;
}

/** Why a tick gets no run: `miss` by the catch-up policy, `skip` because something else keeps it from being launched. */
type Pass =
  | { readonly outcome: "miss"; readonly reason: MissReason }
  | { readonly outcome: "skip"; readonly reason: SkipReason };

/** A tick that gets no run. */
export type PassDecision = Pass & PassedTicks;

interface PassedTicks extends DecisionBase {
  /** The run that was in the way. */
  readonly blockedBy?: string;
  /** The oldest tick, when the decision covers several. */
  readonly fromAtMs?: number;
  /** How many ticks, when it covers several. */
  readonly count?: number;
  /** The count is a lower bound: counting stopped early. */
  readonly countIsMinimum?: true;
}

/** What has a cursor of its own: a job's name, or one of its closed epochs. */
export function laneOf({ job, epoch }: { readonly job: string; readonly epoch?: number }): string {
  return epoch === undefined ? job : `${epoch}:${job}`;
}

const DEFAULT_LIMIT = 1_000;
const DEFAULT_LATE_LIMIT = 1_000;
/** A lane with late ticks gets this many decisions at a time: planning it costs as much for fewer. */
const LATE_A_LANE = 250;
/** Longer than an ordinary handoff or a stall of the event loop, shorter than what people call an outage. */
const DEFAULT_ON_TIME_MS = 5 * SECOND_MS;
/** Up to this many passed ticks of a job are decided one by one; older ones share a decision. */
const SINGLE_PASSES = 100;
/** Of all jobs together this many passed ticks are decided one by one in a plan. They cost a tenth of a launch each. */
const SINGLE_PASSES_A_PLAN = 5_000;
/** Ticks are counted one by one up to here: some 10 ms of work. */
const COUNT_LIMIT = 10_000;

/** Decides every tick that is due at `nowMs` and lies behind its job's cursor: launched, or missed and why. */
export function planTicks(input: PlanInput): Plan {
  const { jobs, nowMs, limit = DEFAULT_LIMIT, lateLimit = DEFAULT_LATE_LIMIT } = input;
  const onTimeMs = input.onTimeMs ?? DEFAULT_ON_TIME_MS;
  const nextDue = new Map<string, number | null>();
  const decided: DueDecision[] = [];
  const launches = new Map<string, number>();
  let complete = true;
  const due = dueJobs(jobs, { nowMs, onTimeMs }, nextDue);
  const urgent = due.filter(({ urgency }) => urgency === "losing").length;
  const singlePasses = Math.min(SINGLE_PASSES, Math.floor(SINGLE_PASSES_A_PLAN / Math.max(urgent, 1)));
  const plan = ({ job, urgency }: DueJob, most: number): JobPlan => {
    const rules: Rules = { nowMs, onTimeMs, limit: most, singlePasses };
    const planned = planJob(afterOtherLanes(job, launches), rules);
    decided.push(...withDueTimes(job.schedule, urgency, planned.decisions));
    nextDue.set(laneOf({ ...job, job: job.name }), planned.nextDue);
    complete &&= planned.complete;
    const launched = planned.decisions.filter(({ outcome }) => outcome === "launch").length;
    launches.set(job.name, (launches.get(job.name) ?? 0) + launched);
    return planned;
  };

  for (const one of due.filter(({ urgency }) => urgency !== "late")) plan(one, limit);
  const left: string[] = [];
  const cut: string[] = [];
  const late = due.filter(({ urgency }) => urgency === "late");
  let room = Math.max(lateLimit - decided.length, LATE_A_LANE);
  const share = Math.min(Math.max(Math.floor(room / Math.max(late.length, 1)), LATE_A_LANE), limit);
  for (const one of late) {
    const lane = laneOf({ ...one.job, job: one.job.name });
    if (room < Math.min(LATE_A_LANE, limit)) left.push(lane);
    else {
      const planned = plan(one, share);
      room -= planned.decisions.length;
      if (!planned.complete) cut.push(lane);
    }
  }
  complete &&= left.length === 0;
  decided.sort(
    (a, b) => URGENCIES.indexOf(a.urgency) - URGENCIES.indexOf(b.urgency) || a.dueAtMs - b.dueAtMs,
  );
  return { decisions: decided.map(({ decision }) => decision), nextDue, late: [...left, ...cut], complete };
}

/**
 * What waiting costs a lane.
 *
 * - "punctual": its ticks are on time, and would be late.
 * - "losing": it has late ticks; a tick that is on time now, or the newest, would be missed or replaced.
 * - "late": all its ticks are launched, however late.
 */
type Urgency = "punctual" | "losing" | "late";

const URGENCIES: readonly Urgency[] = ["punctual", "losing", "late"];

/** The lanes of a job share its `maxRuns`. */
function afterOtherLanes(job: PlannedJob, launches: ReadonlyMap<string, number>): PlannedJob {
  const launched = launches.get(job.name) ?? 0;
  return job.runsLeft === undefined || launched === 0 ? job : { ...job, runsLeft: job.runsLeft - launched };
}

/**
 * What becomes of the ticks of a job that no configuration has any more: those up to `untilMs` are skipped, whether
 * they were held or late. Nothing is launched for it.
 */
export function planRemoval(job: PlannedJob, untilMs: number): readonly PassDecision[] {
  const { runsLeft = Number.POSITIVE_INFINITY, cursor } = job;
  if (runsLeft <= 0) return [];
  const stretch: Stretch = { after: cursor, end: Math.floor(untilMs) + 1, passOf: () => skip("removed") };
  return passIn(job, stretch, { limit: DEFAULT_LIMIT, singlePasses: SINGLE_PASSES });
}

function skip(code: SkipReason["code"]): Pass {
  return { outcome: "skip", reason: { code } };
}

interface Rules {
  readonly nowMs: number;
  readonly limit: number;
  readonly onTimeMs: number;
  /** Of the ticks that are passed, this many are decided one by one. */
  readonly singlePasses: number;
}

interface JobPlan {
  readonly decisions: readonly Decision[];
  readonly nextDue: number | null;
  readonly complete: boolean;
}

interface DueDecision {
  readonly decision: Decision;
  readonly urgency: Urgency;
  readonly dueAtMs: number;
}

interface DueJob {
  readonly job: PlannedJob;
  readonly urgency: Urgency;
}

/** The jobs with a due tick, in their order; the others only get their `nextDue`. */
function dueJobs(
  jobs: readonly PlannedJob[],
  { nowMs, onTimeMs }: Pick<Rules, "nowMs" | "onTimeMs">,
  nextDue: Map<string, number | null>,
): DueJob[] {
  const due: DueJob[] = [];
  for (const job of jobs) {
    const dueAtMs = dueTime(job.schedule, job.schedule.next(job.cursor));
    nextDue.set(laneOf({ ...job, job: job.name }), dueAtMs);
    if (dueAtMs === null || dueAtMs > nowMs) continue;
    const isPatient = job.catchUp === "all" && job.waitsFor === undefined && job.pausedAtMs === undefined;
    due.push({ job, urgency: dueAtMs >= nowMs - onTimeMs ? "punctual" : isPatient ? "late" : "losing" });
  }
  return due;
}

function planJob(job: PlannedJob, rules: Rules): JobPlan {
  const { runsLeft = Number.POSITIVE_INFINITY } = job;
  if (runsLeft <= 0) return { decisions: [], nextDue: null, complete: true };
  const span = findDueSpan({ schedule: job.schedule, cursor: job.cursor, ...rules });
  const policyFrom = findLaunchFrom(job, span, rules.nowMs);
  const launchFrom =
    job.pausedAtMs === undefined ? Math.min(policyFrom, waitedFrom(job, span, rules)) : policyFrom;
  const passes = passBefore(job, Math.min(launchFrom, span.end), span, rules);
  const room = rules.limit - passes.length;
  const launches = planLaunches(job, launchFrom, span, { ...rules, limit: room }, runsLeft);
  const firstLeft = launches.cutAt ?? span.held;
  return {
    decisions: [...passes, ...launches.decisions],
    nextDue: dueTime(job.schedule, firstLeft),
    complete: launches.cutAt === null && span.isWhole,
  };
}

function planLaunches(
  job: PlannedJob,
  from: number,
  span: DueSpan,
  rules: Rules,
  runsLeft: number,
): Launches {
  if (job.pausedAtMs !== undefined) return HELD;
  if (job.waitsFor === undefined) return launchesFrom(job, from, span, Math.min(rules.limit, runsLeft));
  if (rules.limit <= 0) return launchesFrom(job, from, span, 0);
  const waited = newestWaiting(job, from, span, rules);
  const replaced = passIn(job, { ...replacedBefore(job, from), end: waited }, rules);
  if (job.waitsFor?.endedMs === Number.POSITIVE_INFINITY) return { decisions: replaced, cutAt: null };
  const launches = launchesFrom(job, Math.max(from, waited), span, rules.limit - replaced.length, rules);
  return { ...launches, decisions: [...replaced, ...launches.decisions] };
}

function replacedBefore(job: PlannedJob, from: number): Omit<Stretch, "end"> {
  const isSkip = (tickAtMs: number) => job.skips?.includes(tickAtMs) === true;
  return {
    after: Math.max(job.cursor, from - 1),
    passOf: tickAtMs => skip(isSkip(tickAtMs) ? "skip_next" : "replaced"),
    blockedBy: job.waitsFor?.run,
  };
}

/**
 * The ticks in (cursor, end), which get no run: skipped where the job was paused when they were let go, missed elsewhere.
 * What was on time when a pause began belongs to it; of the pause that is in force also what waited for a run then.
 */
function passBefore(job: PlannedJob, end: number, span: DueSpan, rules: Rules): PassDecision[] {
  const { schedule, cursor, pausedAtMs, pauses: past = [] } = job;
  const missReason = missReasons(job, span, rules.nowMs);
  const miss = (tickAtMs: number): Pass => ({ outcome: "miss", reason: missReason(tickAtMs) });
  const pauses =
    pausedAtMs === undefined ? past : [...past, { fromMs: pausedAtMs, toMs: Number.POSITIVE_INFINITY }];
  const passes: PassDecision[] = [];
  let after = cursor;
  const pass = (stretch: Omit<Stretch, "after">) => {
    passes.push(...passIn(job, { ...stretch, after }, rules));
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

/** The ticks in (after, end), all missed or all skipped. */
interface Stretch {
  readonly after: number;
  readonly end: number;
  /** What was in the way of ticks that are replaced. */
  readonly blockedBy?: string | undefined;
  passOf(tickAtMs: number): Pass;
}

/** The newest ticks of the stretch singly, everything older in one decision before them. */
function passIn(
  job: PlannedJob,
  stretch: Stretch,
  { limit, singlePasses }: Pick<Rules, "limit" | "singlePasses">,
): PassDecision[] {
  const { after, end } = stretch;
  const passes: PassDecision[] = [];
  if (end - 1 <= after) return passes;
  const singles = Math.min(singlePasses, Math.max(limit / 2 - 1, 0));
  let last = job.schedule.previous(end - 1);
  for (
    ;
    last !== null && last.at > after && passes.length < singles;
    last = job.schedule.previous(last.at - 1)
  ) {
    passes.push(passOf(job, last.at, stretch));
  }
  if (last !== null && last.at > after) passes.push(passOfMany(job, last.at, stretch));
  return passes.reverse();
}

function passOf(job: PlannedJob, tickAtMs: number, stretch: Stretch): PassDecision {
  const { blockedBy } = stretch;
  const pass = { ...stretch.passOf(tickAtMs), ...tickOf(job, tickAtMs) };
  return blockedBy === undefined || pass.reason.code !== "replaced" ? pass : { ...pass, blockedBy };
}

function tickOf({ name, epoch }: PlannedJob, tickAtMs: number): DecisionBase {
  return { job: name, tickAtMs, ...(epoch === undefined ? {} : { epoch }) };
}

/** One decision for all ticks in (after, lastAt]. */
function passOfMany(job: PlannedJob, lastAt: number, stretch: Stretch): PassDecision {
  const { count, isExact } = job.schedule.count(stretch.after, lastAt, COUNT_LIMIT);
  const pass = passOf(job, lastAt, stretch);
  const first = job.schedule.next(stretch.after);
  if (count <= 1 || first === null) return pass;
  return { ...pass, fromAtMs: first.at, count, ...(isExact ? {} : { countIsMinimum: true }) };
}

interface Launches {
  readonly decisions: readonly Decision[];
  /** The first tick of the span that the limit left over, or null. */
  readonly cutAt: Tick | null;
}

const HELD: Launches = { decisions: [], cutAt: null };

/** `queue`: the rules for a job with `overlap: queue`, of which one tick is launched. */
function launchesFrom(job: PlannedJob, from: number, span: DueSpan, room: number, queue?: Rules): Launches {
  const decisions: Decision[] = [];
  const onTimeFrom = span.onTimeFrom ?? Number.POSITIVE_INFINITY;
  const counted = job.runsLeft === undefined ? {} : ({ isCounted: true } as const);
  let tick = from < span.end ? job.schedule.next(Math.max(job.cursor, from - 1)) : null;
  for (; tick !== null && tick.at < span.end; tick = job.schedule.next(tick.at)) {
    const isOccupied = queue !== undefined && decisions.at(-1)?.outcome === "launch";
    if (decisions.length >= room || isOccupied) return { decisions, cutAt: tick };
    const waitedTo = waitedToMs(job, tick);
    const about = { ...tickOf(job, tick.at), ...(waitedTo !== null && { dueAtMs: waitedTo }) };
    const isReleased = queue !== undefined && waitedTo !== null && waitedTo >= queue.nowMs - queue.onTimeMs;
    const kind = tick.at >= onTimeFrom || isReleased ? "scheduled" : "catch-up";
    if (job.skips?.includes(tick.at)) decisions.push({ ...skip("skip_next"), ...about });
    else decisions.push({ outcome: "launch", ...about, kind, ...counted });
  }
  return { decisions, cutAt: null };
}

/** When each decision was due; a tick that waited for an earlier one of its job is due with that one. */
function withDueTimes(schedule: Schedule, urgency: Urgency, decisions: readonly Decision[]): DueDecision[] {
  let dueAtMs = Number.NEGATIVE_INFINITY;
  return decisions.map(decision => {
    const letGoAt = decision.tickAtMs + schedule.jitterOf(decision.tickAtMs);
    dueAtMs = Math.max(dueAtMs, letGoAt, decision.dueAtMs ?? letGoAt);
    return {
      decision: dueAtMs === decision.tickAtMs ? decision : { ...decision, dueAtMs },
      urgency,
      dueAtMs,
    };
  });
}

function dueTime(schedule: Schedule, tick: Tick | null): number | null {
  return tick === null ? null : tick.at + schedule.jitterOf(tick.at);
}
