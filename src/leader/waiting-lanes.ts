import type { Job } from "../config/config.ts";
import type { Blocker } from "../launch/overlap.ts";
import type { NewestRun } from "../launch/unfinished.ts";
import { jobOfLane } from "../schedule/decision.ts";
import type { Wait } from "../schedule/wait.ts";

/** How often the runs are looked at that ticks wait for: the next one is launched this long after the end, at most. */
const LOOK_MS = 150;
/** A check of this many runs holds Redis up for some 2 ms; with more runs, checks are further apart. */
const RUNS_A_LOOK = 1_000;

/**
 * The lanes of jobs with `overlap: queue` whose run has not ended. Such a lane is not in the due queue. It is due when
 * the run has ended, or when a newer tick takes the place of the one that waits.
 */
export class WaitingLanes {
  /** What is known of the newest runs; of a job that is not here nothing is known, and its next launch finds out. */
  readonly #waits = new Map<string, Wait>();
  /** By job, when its run was known not to have ended (epoch ms). */
  readonly #seen = new Map<string, number>();
  /** By lane, when its first tick that is not due yet will be. */
  readonly #nextDue = new Map<string, number>();
  #nextLookMs = Number.NEGATIVE_INFINITY;

  constructor(newestRuns: ReadonlyMap<string, NewestRun>) {
    for (const [job, { state, run, sinceMs, endedMs }] of newestRuns) {
      if (state !== "removed") this.#waits.set(job, { run, sinceMs, endedMs });
    }
  }

  waitOf(job: string): Wait | null {
    return this.#waits.get(job) ?? null;
  }

  /** A check at `atMs` or later found that the job's run has not ended. */
  hold(job: string, { run, sinceMs }: Blocker, atMs: number): void {
    this.#seen.set(job, atMs);
    this.#waits.set(job, { run, sinceMs, endedMs: Number.POSITIVE_INFINITY });
  }

  /** The job has a new run, of which nothing more is known. */
  forget(job: string): void {
    this.#waits.delete(job);
    this.#seen.delete(job);
  }

  /** Takes the lane in if its job's run has not ended. `nextDueMs`: when its first tick that is not due yet will be. */
  put(lane: string, nextDueMs: number | null): boolean {
    if (this.#waits.get(jobOfLane(lane))?.endedMs !== Number.POSITIVE_INFINITY) return false;
    this.#nextDue.set(lane, nextDueMs ?? Number.POSITIVE_INFINITY);
    return true;
  }

  /** Takes up to `limit` lanes out that have a newer due tick. */
  takeDue(nowMs: number, limit: number): string[] {
    const due: string[] = [];
    for (const [lane, dueMs] of this.#nextDue) {
      if (due.length >= limit) break;
      if (dueMs <= nowMs) due.push(lane);
    }
    for (const lane of due) this.#nextDue.delete(lane);
    return due;
  }

  /** Takes all lanes out. */
  clear(): void {
    this.#nextDue.clear();
  }

  /** When to look at their runs, or to take a lane that is due; monotonic and epoch ms. Infinity when none waits. */
  get next(): { readonly lookMs: number; readonly dueMs: number } {
    const lookMs = this.#nextDue.size === 0 ? Number.POSITIVE_INFINITY : this.#nextLookMs;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const ms of this.#nextDue.values()) dueMs = Math.min(dueMs, ms);
    return { lookMs, dueMs };
  }

  /** The jobs whose runs are to be looked at now, if it is time; `monotonicMs` is when the look is made. */
  toLookAt(monotonicMs: number): string[] {
    if (this.#nextDue.size === 0 || monotonicMs < this.#nextLookMs) return [];
    this.#nextLookMs = monotonicMs + LOOK_MS * Math.ceil(this.#nextDue.size / RUNS_A_LOOK);
    return [...new Set([...this.#nextDue.keys()].map(jobOfLane))];
  }

  /**
   * Takes the lanes of those of the jobs out whose runs had ended, or were removed, when a check found `newestRuns`.
   */
  takeFree(jobs: readonly Job[], newestRuns: ReadonlyMap<string, NewestRun>, look: Look): string[] {
    const free = new Set<string>();
    for (const { name } of jobs) {
      const newest = newestRuns.get(name);
      const wait = this.#waits.get(name);
      if (newest?.state === "unfinished") this.hold(name, newest, look.fromMs);
      else free.add(name);
      if (free.has(name) && wait) {
        this.#waits.set(name, { ...wait, endedMs: this.#endOf(name, wait, newest, look) });
      }
    }
    const lanes = [...this.#nextDue.keys()].filter(lane => free.has(jobOfLane(lane)));
    for (const lane of lanes) this.#nextDue.delete(lane);
    return lanes;
  }

  /** Checks may be far apart, and the clock of the run's worker may be wrong: each bounds what the other says. */
  #endOf(job: string, { run, sinceMs }: Wait, newest: NewestRun | undefined, { untilMs }: Look): number {
    if (newest?.state !== "finished" || newest.run !== run) return untilMs;
    return Math.min(Math.max(newest.endedMs, this.#seen.get(job) ?? sinceMs), untilMs);
  }
}

/** When a check was asked for, and when its answer was there (epoch ms). */
interface Look {
  readonly fromMs: number;
  readonly untilMs: number;
}
