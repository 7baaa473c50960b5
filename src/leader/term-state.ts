import type { Job } from "../config/config.ts";
import { type Controls, pausesAt } from "../launch/controls.ts";
import type { ClosedEpoch } from "../launch/epochs.ts";
import type { OpenOutcome } from "../launch/launcher.ts";
import { type Decision, laneOf } from "../schedule/decision.ts";
import type { PlannedJob } from "../schedule/planned-job.ts";
import { WaitingLanes } from "./waiting-lanes.ts";

/** The rules of one schedule of a job. */
type Rules = Pick<Job, "schedule" | "catchUp" | "catchUpWindowMs" | "catchUpLimit" | "maxRuns">;

interface Lane {
  readonly job: string;
  /** Absent for the schedule in force. */
  readonly epoch?: number;
  readonly rules: Rules;
}

type Opened = Extract<OpenOutcome, { outcome: "opened" }>;

/**
 * What the leader knows while its term is open. Each job has a lane for the schedule in force, and one for each closed
 * epoch that has undecided ticks. Closed epochs of jobs that this leader does not have are left alone: nothing says where
 * their runs would go.
 */
export class TermState {
  controls: Controls;
  /** Closed epochs that have no undecided tick any more, by lane, until they are forgotten. */
  readonly finished = new Set<string>();
  /** What waits for the run before it. */
  readonly waiting: WaitingLanes;
  readonly #jobs: ReadonlyMap<string, Job>;
  readonly #cursors: Map<string, number>;
  /** Launched ticks of the jobs with `maxRuns`. */
  readonly #launched: Map<string, number>;
  /** Of closed epochs. */
  readonly #closed: Map<string, ClosedEpoch>;

  constructor(
    jobs: ReadonlyMap<string, Job>,
    { cursors, launched, closed, controls, newestRuns }: Omit<Opened, "outcome">,
  ) {
    const own = closed.filter(({ job }) => jobs.has(job));
    this.controls = controls;
    this.waiting = new WaitingLanes(newestRuns);
    this.#jobs = jobs;
    this.#closed = new Map(own.map(epoch => [laneOf(epoch), epoch]));
    this.#launched = new Map(launched);
    this.#cursors = cursors;
    for (const epoch of own) this.#cursors.set(laneOf(epoch), epoch.cursor);
  }

  get cursors(): ReadonlyMap<string, number> {
    return this.#cursors;
  }

  get lanes(): Iterable<string> {
    return [...this.#jobs.keys(), ...this.#closed.keys()];
  }

  settle(decision: Decision): void {
    const { job, tickAtMs, outcome } = decision;
    this.#cursors.set(laneOf(decision), tickAtMs);
    if (outcome !== "launched") return;
    const isCounted = this.#jobs.get(job)?.maxRuns !== null || this.#launched.has(job);
    if (isCounted) this.#launched.set(job, (this.#launched.get(job) ?? 0) + 1);
    this.waiting.forget(job);
  }

  planned(lane: string, nowMs: number): PlannedJob {
    const { job, epoch, rules } = this.#lane(lane);
    const { schedule, catchUp, catchUpWindowMs, catchUpLimit } = rules;
    const { pause, past } = pausesAt(this.controls, job, nowMs);
    return {
      name: job,
      schedule,
      catchUp,
      catchUpWindowMs,
      catchUpLimit,
      cursor: this.#cursors.get(lane) as number,
      epoch,
      runsLeft: this.#runsLeft(lane) ?? undefined,
      pausedAtMs: pause?.atMs,
      pauses: past,
      skips: this.controls.skips.get(job),
      waitsFor: this.#jobs.get(job)?.overlap === "queue" ? this.waiting.waitOf(job) : undefined,
    };
  }

  /** Whether launches of another lane may change what is planned for this one: `maxRuns` is shared. */
  isCounted(lane: string): boolean {
    return this.#runsLeft(lane) !== null;
  }

  /** Finds those of the lanes that are finished. */
  review(lanes: Iterable<string>): void {
    if (this.#closed.size === 0) return;
    for (const lane of lanes) {
      if (!this.#isFinished(lane)) continue;
      this.#closed.delete(lane);
      this.finished.add(lane);
    }
  }

  #isFinished(lane: string): boolean {
    const epoch = this.#closed.get(lane);
    if (epoch === undefined) return false;
    return (
      epoch.schedule.next(this.#cursors.get(lane) as number) === null || (this.#runsLeft(lane) ?? 1) <= 0
    );
  }

  /** Null for no limit. */
  #runsLeft(lane: string): number | null {
    const { job, rules } = this.#lane(lane);
    return rules.maxRuns === null ? null : rules.maxRuns - (this.#launched.get(job) ?? 0);
  }

  #lane(lane: string): Lane {
    const epoch = this.#closed.get(lane);
    if (epoch !== undefined) return { job: epoch.job, epoch: epoch.epoch, rules: epoch };
    return { job: lane, rules: this.#jobs.get(lane) as Job };
  }
}
