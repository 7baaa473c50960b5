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
 */
import { type DueSpan, findDueSpan } from "./due-span.ts";
import { durationText } from "./duration.ts";
import type { Schedule, Tick } from "./schedule.ts";
import { SECOND_MS } from "./time-units.ts";

export type CatchUpPolicy = "none" | "latest" | "all";

export interface PlannedJob {
  readonly name: string;
  readonly schedule: Schedule;
  readonly catchUp: CatchUpPolicy;
  /** How old a tick may be, from its time to now, to be caught up on. Infinity for any age. */
  readonly catchUpWindowMs: number;
  /** Epoch ms of the newest decided tick. Nothing at or before it is ever decided again. */
  readonly cursor: number;
  /** Ticks before this belong to an earlier schedule of the job: they are missed, whatever the policy. */
  readonly beginsAt?: number;
}

export interface PlanInput {
  readonly jobs: readonly PlannedJob[];
  readonly nowMs: number;
  /** Most decisions for one job. */
  readonly limit?: number;
  /** Most decisions in all; jobs that have waited longest come first. */
  readonly totalLimit?: number;
  /** Up to this long after it is due a tick is on time: launched under any policy, and not as a catch-up. */
  readonly onTimeMs?: number;
}

export interface Plan {
  /** Oldest due first; the decisions of one job strictly ascending by tick. */
  readonly decisions: readonly Decision[];
  /** For every job of the input, when its first undecided tick is due (with jitter), or null when it has none. */
  readonly nextDue: ReadonlyMap<string, number | null>;
  /** False when a limit cut the plan: commit its decisions, then plan again at once. */
  readonly complete: boolean;
}

export type Decision = LaunchDecision | MissDecision;

export interface LaunchDecision {
  readonly outcome: "launch";
  readonly job: string;
  readonly tickAt: number;
  readonly kind: "scheduled" | "catch-up";
}

export interface MissDecision {
  readonly outcome: "miss";
  readonly job: string;
  /** The missed tick; of several, the newest. */
  readonly tickAt: number;
  readonly reason: string;
  /** The oldest tick, when the decision stands for several. */
  readonly fromAt?: number;
  /** How many ticks, when it stands for several. */
  readonly count?: number;
  /** The count is a lower bound: counting stopped early. */
  readonly countIsMinimum?: true;
}

const DEFAULT_LIMIT = 1_000;
const DEFAULT_TOTAL_LIMIT = 10_000;
/** Longer than an ordinary handoff or a stall of the event loop, shorter than what people call an outage. */
const DEFAULT_ON_TIME_MS = 5 * SECOND_MS;
/** So many missed ticks of a job are decided one by one; older ones share a decision. */
const SINGLE_MISSES = 100;
/** Ticks are counted one by one up to here: some 10 ms of work. */
const COUNT_LIMIT = 10_000;

/** Decides every tick that is due at `nowMs` and lies behind its job's cursor: launched, or missed and why. */
export function planTicks(input: PlanInput): Plan {
  const { jobs, nowMs, limit = DEFAULT_LIMIT, totalLimit = DEFAULT_TOTAL_LIMIT } = input;
  const rules: Rules = { nowMs, limit, onTimeMs: input.onTimeMs ?? DEFAULT_ON_TIME_MS };
  const nextDue = new Map<string, number | null>();
  const decided: DueDecision[] = [];
  let complete = true;
  for (const { job, dueAt } of dueJobs(jobs, nowMs, nextDue)) {
    const room = totalLimit - decided.length;
    const plan: JobPlan =
      room > 0
        ? planJob(job, { ...rules, limit: Math.min(limit, room) })
        : { decisions: [], nextDue: dueAt, complete: false };
    decided.push(...withDueTimes(job.schedule, plan.decisions));
    nextDue.set(job.name, plan.nextDue);
    complete &&= plan.complete;
  }
  // The sort is stable and due times never fall within a job, so each job's own order is kept.
  decided.sort((a, b) => a.dueAt - b.dueAt);
  return { decisions: decided.map(({ decision }) => decision), nextDue, complete };
}

interface Rules {
  readonly nowMs: number;
  readonly limit: number;
  readonly onTimeMs: number;
}

interface JobPlan {
  readonly decisions: readonly Decision[];
  readonly nextDue: number | null;
  readonly complete: boolean;
}

interface DueDecision {
  readonly decision: Decision;
  readonly dueAt: number;
}

/** The jobs with a due tick, longest waiting first; the others only get their `nextDue`. */
function dueJobs(jobs: readonly PlannedJob[], nowMs: number, nextDue: Map<string, number | null>) {
  const due: { job: PlannedJob; dueAt: number }[] = [];
  for (const job of jobs) {
    const dueAt = dueTime(job.schedule, job.schedule.next(job.cursor));
    nextDue.set(job.name, dueAt);
    if (dueAt !== null && dueAt <= nowMs) due.push({ job, dueAt });
  }
  return due.sort((a, b) => a.dueAt - b.dueAt);
}

function planJob(job: PlannedJob, rules: Rules): JobPlan {
  const span = findDueSpan({ schedule: job.schedule, cursor: job.cursor, ...rules });
  const launchFrom = Math.max(
    findLaunchFrom(job, span, rules.nowMs),
    job.beginsAt ?? Number.NEGATIVE_INFINITY,
  );
  const misses = missBefore(job, Math.min(launchFrom, span.end), span, rules);
  const launches = launchesFrom(job, launchFrom, span, rules.limit - misses.length);
  const firstLeft = launches.cutAt ?? span.held;
  return {
    decisions: [...misses, ...launches.decisions],
    nextDue: dueTime(job.schedule, firstLeft),
    complete: launches.cutAt === null && span.isWhole,
  };
}

/** Where the launched ticks of the span begin; at its end or later when none is launched. */
function findLaunchFrom(job: PlannedJob, span: DueSpan, nowMs: number): number {
  const onTimeFrom = span.onTimeFrom ?? Number.POSITIVE_INFINITY;
  const windowFrom = Math.ceil(nowMs - job.catchUpWindowMs);
  switch (job.catchUp) {
    case "all":
      return Math.min(windowFrom, onTimeFrom);
    case "latest":
      return span.newest !== null && span.newest >= windowFrom
        ? Math.min(span.newest, onTimeFrom)
        : onTimeFrom;
    case "none":
      return onTimeFrom;
  }
}

/** The misses in (cursor, end): the newest ones singly, everything older in one decision before them. */
function missBefore(job: PlannedJob, end: number, span: DueSpan, rules: Rules): Decision[] {
  const misses: Decision[] = [];
  if (end - 1 <= job.cursor) return misses;
  const singles = Math.min(SINGLE_MISSES, rules.limit - 1);
  let last = job.schedule.previous(end - 1);
  for (
    ;
    last !== null && last.at > job.cursor && misses.length < singles;
    last = job.schedule.previous(last.at - 1)
  ) {
    misses.push(missOf(job, last.at, span));
  }
  if (last !== null && last.at > job.cursor) misses.push(missOfMany(job, last.at, span));
  return misses.reverse();
}

function missOf(job: PlannedJob, tickAt: number, span: DueSpan): MissDecision {
  return { outcome: "miss", job: job.name, tickAt, reason: missReason(job, tickAt, span) };
}

/** One decision for all ticks in (cursor, lastAt]. */
function missOfMany(job: PlannedJob, lastAt: number, span: DueSpan): MissDecision {
  const { count, isExact } = job.schedule.count(job.cursor, lastAt, COUNT_LIMIT);
  const miss = missOf(job, lastAt, span);
  const first = job.schedule.next(job.cursor);
  if (count <= 1 || first === null) return miss;
  return { ...miss, fromAt: first.at, count, ...(isExact ? {} : { countIsMinimum: true }) };
}

function missReason(job: PlannedJob, tickAt: number, span: DueSpan): string {
  if (tickAt < (job.beginsAt ?? Number.NEGATIVE_INFINITY)) return "the schedule changed";
  if (job.catchUp === "none") return "catchUp: none";
  if (job.catchUp === "latest" && tickAt !== span.newest) return "catchUp: latest, a newer tick was due";
  return `older than catchUpWindow ${durationText(job.catchUpWindowMs)}`;
}

interface Launches {
  readonly decisions: readonly Decision[];
  /** The first tick of the span that the limit left over, or null. */
  readonly cutAt: Tick | null;
}

function launchesFrom(job: PlannedJob, from: number, span: DueSpan, room: number): Launches {
  const decisions: Decision[] = [];
  const onTimeFrom = span.onTimeFrom ?? Number.POSITIVE_INFINITY;
  let tick = from < span.end ? job.schedule.next(Math.max(job.cursor, from - 1)) : null;
  for (; tick !== null && tick.at < span.end; tick = job.schedule.next(tick.at)) {
    if (decisions.length >= room) return { decisions, cutAt: tick };
    const kind = tick.at >= onTimeFrom ? "scheduled" : "catch-up";
    decisions.push({ outcome: "launch", job: job.name, tickAt: tick.at, kind });
  }
  return { decisions, cutAt: null };
}

/** When each decision fell due; a tick that waited for an earlier one of its job is due with that one. */
function withDueTimes(schedule: Schedule, decisions: readonly Decision[]): DueDecision[] {
  let dueAt = Number.NEGATIVE_INFINITY;
  return decisions.map(decision => {
    dueAt = Math.max(dueAt, decision.tickAt + schedule.jitterOf(decision.tickAt));
    return { decision, dueAt };
  });
}

function dueTime(schedule: Schedule, tick: Tick | null): number | null {
  return tick === null ? null : tick.at + schedule.jitterOf(tick.at);
}
