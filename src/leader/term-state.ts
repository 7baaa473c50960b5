import type { Job } from "../config/config.ts";
import type { Controls } from "../launch/controls.ts";
import type { OpenOutcome } from "../launch/launcher.ts";
import { type Decision, laneOf } from "../schedule/decision.ts";
import type { PlannedJob } from "../schedule/planned-job.ts";
import { WaitingLanes } from "./waiting-lanes.ts";

/** The rules of one schedule of a job. */
type Lane = Pick<Job, "schedule" | "catchUp" | "catchUpWindowMs" | "catchUpLimit" | "maxRuns"> & {
  readonly job: string;
  readonly epoch?: number;
};

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
  /** The jobs with `overlap: queue`. */
  readonly #queueing: ReadonlySet<string>;
  readonly #cursors: Map<string, number>;
  /** Launched ticks of the jobs with `maxRuns`. */
  readonly #launched: Map<string, number>;
  readonly #lanes: Map<string, Lane>;

  constructor(
    jobs: ReadonlyMap<string, Job>,
    { jobStates, closed, controls, newestRuns }: Omit<Opened, "outcome">,
  ) {
    const own = closed.filter(({ job }) => jobs.has(job));
    this.controls = controls;
    this.waiting = new WaitingLanes(newestRuns);
    const queueing = [...jobs.values()].filter(({ overlap }) => overlap === "queue");
    this.#queueing = new Set(queueing.map(({ name }) => name));
    this.#lanes = new Map<string, Lane>([
      ...[...jobs.values()].map(job => [job.name, { ...job, job: job.name }] as const),
      ...own.map(epoch => [laneOf(epoch), epoch] as const),
    ]);
    this.#launched = new Map([...jobStates].map(([job, { launched }]) => [job, launched]));
    this.#cursors = new Map([
      ...[...jobStates].map(([job, { cursor }]) => [job, cursor] as const),
      ...own.map(epoch => [laneOf(epoch), epoch.cursor] as const),
    ]);
  }

  get cursors(): ReadonlyMap<string, number> {
    return this.#cursors;
  }

  get lanes(): Iterable<string> {
    return this.#lanes.keys();
  }

  settle(decision: Decision): void {
    const { job, tickAtMs, outcome } = decision;
    this.#cursors.set(laneOf(decision), tickAtMs);
    if (outcome !== "launched") return;
    this.#launched.set(job, (this.#launched.get(job) ?? 0) + 1);
    this.waiting.forget(job);
  }

  planned(lane: string): PlannedJob {
    const { job, epoch, schedule, catchUp, catchUpWindowMs, catchUpLimit } = this.#lanes.get(lane) as Lane;
    return {
      name: job,
      schedule,
      catchUp,
      catchUpWindowMs,
      catchUpLimit,
      cursor: this.#cursors.get(lane) as number,
      epoch,
      runsLeft: this.#runsLeft(lane) ?? undefined,
      pausedAtMs: this.controls.paused.get(job)?.atMs,
      pauses: this.controls.pastPauses.get(job),
      skips: this.controls.skips.get(job),
      waitsFor: this.#queueing.has(job) ? this.waiting.waitOf(job) : undefined,
    };
  }

  /** Finds those of the lanes that are finished. */
  review(lanes: readonly string[]): void {
    for (const lane of lanes.filter(lane => this.#isFinished(lane))) {
      this.#lanes.delete(lane);
      this.finished.add(lane);
    }
  }

  #isFinished(lane: string): boolean {
    const { epoch, schedule } = this.#lanes.get(lane) as Lane;
    if (epoch === undefined) return false;
    return schedule.next(this.#cursors.get(lane) as number) === null || (this.#runsLeft(lane) ?? 1) <= 0;
  }

  /** Null for no limit. */
  #runsLeft(lane: string): number | null {
    const { job, maxRuns } = this.#lanes.get(lane) as Lane;
    return maxRuns === null ? null : maxRuns - (this.#launched.get(job) ?? 0);
  }
}
