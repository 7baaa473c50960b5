/**
 * Planning: jobs, cursors and a time in; decisions and the next wake-up out. Pure, so that every rule of
 * catching up can be tested with numbers.
 *
 * A job whose schedule changed has a *lane* for each schedule that still has undecided ticks: its own rules, its own
 * cursor. Lanes do not hold each other back; they share the job's `maxRuns`. What a plan makes of one lane is in
 * job-plan.ts.
 *
 * Late ticks of one job must not make punctual ticks of another late. So lanes are planned by urgency. Lanes without
 * late ticks come first, then those whose policy would miss a tick that waits. Late ticks that are launched however
 * late they are (`catchUp: all`) come last, in bounded number.
 */
import { type Decision, laneOf, type PassDecision } from "./decision.ts";
import { dueTime, type JobPlan, planJob } from "./job-plan.ts";
import { remove } from "./passes.ts";
import type { PlannedJob, PlanRules } from "./planned-job.ts";
import type { Schedule } from "./schedule.ts";
import { SECOND_MS } from "./time-units.ts";

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
   * For every lane of the input (`laneOf`) that is not left over, when its first undecided tick is due (with jitter). For a paused lane it is
   * the first tick that is not due yet. Null when it has none.
   */
  readonly nextDue: ReadonlyMap<string, number | null>;
  /** The lanes with late ticks for which `lateLimit` had no room: nothing is decided about them. */
  readonly left: readonly string[];
  /** The lanes that have more late ticks than are decided here. */
  readonly cut: readonly string[];
  /** False when a limit cut the plan: commit its decisions, then plan again immediately. */
  readonly complete: boolean;
}

const DEFAULT_LIMIT = 1_000;
const DEFAULT_LATE_LIMIT = 1_000;
/** A lane with late ticks gets this many decisions at a time, the last one of a plan fewer: planning it costs as much for fewer. */
const LATE_A_LANE = 250;
const LEAST_A_LANE = 50;
/** Longer than an ordinary handoff or a stall of the event loop, shorter than what people call an outage. */
const DEFAULT_ON_TIME_MS = 5 * SECOND_MS;
/** Up to this many passed ticks of a job are decided one by one; older ones share a decision. */
const SINGLE_PASSES = 100;
/** Of all jobs together this many passed ticks are decided one by one in a plan. They cost a tenth of a launch each. */
const SINGLE_PASSES_A_PLAN = 5_000;

/** Decides every tick that is due at `nowMs` and lies behind its job's cursor: launched, or missed and why. */
export function planTicks(input: PlanInput): Plan {
  const { jobs, nowMs, limit = DEFAULT_LIMIT, lateLimit = DEFAULT_LATE_LIMIT } = input;
  const onTimeMs = input.onTimeMs ?? DEFAULT_ON_TIME_MS;
  const nextDue = new Map<string, number | null>();
  const decided: Record<Urgency, Decision[]> = { punctual: [], losing: [], late: [] };
  const launches = new Map<string, number>();
  let complete = true;
  const due = dueJobs(jobs, { nowMs, onTimeMs }, nextDue);
  const losing = due.filter(({ urgency }) => urgency === "losing").length;
  const singlePasses = Math.min(SINGLE_PASSES, Math.floor(SINGLE_PASSES_A_PLAN / Math.max(losing, 1)));
  const plan = ({ job, urgency }: DueJob, most: number): JobPlan => {
    const planned = planJob(afterOtherLanes(job, launches), { nowMs, onTimeMs, limit: most, singlePasses });
    decided[urgency].push(...withDueTimes(job.schedule, planned.decisions));
    nextDue.set(laneOfJob(job), planned.nextDue);
    complete &&= planned.complete;
    const launched = planned.decisions.filter(({ outcome }) => outcome === "launched").length;
    launches.set(job.name, (launches.get(job.name) ?? 0) + launched);
    return planned;
  };

  for (const one of due.filter(({ urgency }) => urgency !== "late")) plan(one, limit);
  const left: string[] = [];
  const cut: string[] = [];
  const late = due.filter(({ urgency }) => urgency === "late");
  let room = Math.max(lateLimit - decided.punctual.length - decided.losing.length, LATE_A_LANE);
  const share = Math.min(Math.max(Math.floor(room / Math.max(late.length, 1)), LATE_A_LANE), limit);
  for (const one of late) {
    const lane = laneOfJob(one.job);
    if (room < Math.min(LEAST_A_LANE, limit)) {
      left.push(lane);
      nextDue.delete(lane);
    } else {
      const planned = plan(one, Math.min(share, room));
      room -= planned.decisions.length;
      if (!planned.complete) cut.push(lane);
    }
  }
  complete &&= left.length === 0;
  const decisions = [decided.punctual, decided.losing, decided.late].flatMap(some =>
    some.sort((a, b) => dueTimeOf(a) - dueTimeOf(b)),
  );
  return { decisions, nextDue, left, cut, complete };
}

/**
 * What waiting costs a lane.
 *
 * - "punctual": its ticks are on time, and would be late.
 * - "losing": it has late ticks; a tick that is on time now, or the newest, would be missed or replaced.
 * - "late": all its ticks are launched, however late.
 */
type Urgency = "punctual" | "losing" | "late";

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
  if (job.runsLeft !== undefined && job.runsLeft <= 0) return [];
  return remove(job, untilMs, { limit: DEFAULT_LIMIT, singlePasses: SINGLE_PASSES });
}

interface DueJob {
  readonly job: PlannedJob;
  readonly urgency: Urgency;
}

/** The jobs with a due tick, in their order; the others only get their `nextDue`. */
function dueJobs(
  jobs: readonly PlannedJob[],
  { nowMs, onTimeMs }: Pick<PlanRules, "nowMs" | "onTimeMs">,
  nextDue: Map<string, number | null>,
): DueJob[] {
  const due: DueJob[] = [];
  for (const job of jobs) {
    const dueAtMs = dueTime(job.schedule, job.schedule.next(job.cursor));
    nextDue.set(laneOfJob(job), dueAtMs);
    if (dueAtMs === null || dueAtMs > nowMs) continue;
    const isPatient = job.catchUp === "all" && job.waitsFor === undefined && job.pausedAtMs === undefined;
    due.push({ job, urgency: dueAtMs >= nowMs - onTimeMs ? "punctual" : isPatient ? "late" : "losing" });
  }
  return due;
}

/** The decisions with when they were due; a tick that waited for an earlier one of its job is due with that one. */
function withDueTimes(schedule: Schedule, decisions: readonly Decision[]): Decision[] {
  let dueAtMs = Number.NEGATIVE_INFINITY;
  return decisions.map(decision => {
    const letGoAt = decision.tickAtMs + schedule.jitterOf(decision.tickAtMs);
    dueAtMs = Math.max(dueAtMs, letGoAt, decision.dueAtMs ?? letGoAt);
    return dueAtMs === decision.tickAtMs ? decision : { ...decision, dueAtMs };
  });
}

function dueTimeOf({ tickAtMs, dueAtMs = tickAtMs }: Decision): number {
  return dueAtMs;
}

function laneOfJob({ name, epoch }: PlannedJob): string {
  return laneOf({ job: name, epoch });
}
