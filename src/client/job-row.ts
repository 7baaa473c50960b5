import type { Outcome, Spread } from "../launch/strip.ts";
import type { Status } from "./status.ts";

/** A job as lists show it: what `status` says of it, and how its last ticks went. Times are ISO 8601 in UTC. */
export interface JobRow extends StatusOfJob {
  /** What does its work, without arguments; null where it has no handler, and where an earlier release has stored the job. */
  readonly handler: string | null;
  readonly queue: string;
  readonly pausedBy: PausedBy | null;
  /** How its last ticks and runs went, 60 at most, oldest first. Empty where only releases that keep none have led. */
  readonly strip: readonly Outcome[];
  /** Since midnight, UTC. */
  readonly counts: DayCounts;
  /** Runs that a handler is at work on. A run that waits in its queue is `running` in the strip too. */
  readonly running: number;
  /** Of the runs in `strip` that have ended: the last attempt. To within 0.3%. */
  readonly durationMs: Spread | null;
  /** Of the launches in `strip`. */
  readonly lateMs: Spread | null;
  /** For how long a tick has been due that is not decided, from a minute on; otherwise 0. */
  readonly overdueMs: number;
}

type StatusOfJob = Status["jobs"][number];

export interface PausedBy {
  readonly by: string;
  readonly at: string;
  readonly reason: string | null;
  readonly until: string | null;
}

export interface DayCounts {
  readonly completedToday: number;
  readonly failedToday: number;
  readonly skippedToday: number;
  readonly missedToday: number;
}

/** How many jobs are in each state, by the other filters. */
export interface Facets {
  readonly all: number;
  /** The last run that ended failed. */
  readonly failing: number;
  readonly overdue: number;
  readonly paused: number;
  readonly running: number;
  readonly skippedToday: number;
  readonly missedToday: number;
  /** The next tick comes within five minutes. */
  readonly dueSoon: number;
  readonly quarantined: number;
}

export type JobState = keyof Facets;

export const JOB_STATES = [
  "all",
  "failing",
  "overdue",
  "paused",
  "running",
  "skippedToday",
  "missedToday",
  "dueSoon",
  "quarantined",
] as const satisfies readonly JobState[];

/** `next` and `last`: the next and the last decided tick. With a minus sign the order is reversed. Jobs without a value come last. */
export const JOB_SORTS = [
  "name",
  "-name",
  "next",
  "-next",
  "last",
  "-last",
  "overdue",
  "-overdue",
  "failedToday",
  "-failedToday",
] as const;
export type JobSort = (typeof JOB_SORTS)[number];

export interface JobListOptions {
  /** Words; each must be part of the name, the handler or the queue. Case does not matter. */
  readonly search?: string | undefined;
  readonly state?: JobState | undefined;
  readonly queue?: string | undefined;
  readonly handler?: string | undefined;
  /** `name` by default. */
  readonly sort?: JobSort | undefined;
  /** 1 to 1,000; 100 by default. */
  readonly limit?: number | undefined;
  /** `next` of an answer to the same question. */
  readonly cursor?: string | undefined;
}

export interface JobList {
  readonly items: readonly JobRow[];
  /** For the jobs behind these; null when there are none. */
  readonly next: string | null;
  /** How many jobs the filters pass. */
  readonly total: number;
  readonly facets: Facets;
  /** `local`: no leader has stored its jobs yet, so these are those of the local configuration. */
  readonly jobsFrom: Status["jobsFrom"];
}
