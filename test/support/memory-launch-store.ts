import type { Job } from "../../src/config/config.ts";
import type { Commit, CommitOutcome } from "../../src/launch/commit.ts";
import { type Controls, NO_CONTROLS, type Pause } from "../../src/launch/controls.ts";
import { storedDefinitionOf } from "../../src/launch/definition.ts";
import type { ClosedEpoch } from "../../src/launch/epochs.ts";
import type { OpenOutcome } from "../../src/launch/launcher.ts";
import type { QuarantineRecord } from "../../src/launch/quarantine.ts";
import type { RemovedLane } from "../../src/launch/retire.ts";
import type { FoundDecisions } from "../../src/launch/unanswered.ts";
import type { NewestRun } from "../../src/launch/unfinished.ts";
import { BoundedSchedule } from "../../src/schedule/bounded-schedule.ts";
import { type Decision, laneOf } from "../../src/schedule/decision.ts";

/** What goes wrong with one call. "lost answer": it is carried out, and the caller gets no answer. */
export type Fault = "none" | "not done" | "lost answer" | "new connection";

/**
 * The launcher's contract over state in memory, with faults as the test wants them: cursors and decisions that
 * any number of leaders share. What the real launcher does to Redis is tested against Redis.
 */
export class MemoryLaunchStore {
  fence: string | null = null;
  /** By lane. */
  readonly cursors = new Map<string, number>();
  /** The jobs as the last leader knew them, each with the number and the beginning of its epoch. */
  readonly definitions = new Map<
    string,
    { readonly job: Job; readonly number: number; readonly fromMs: number }
  >();
  /** By lane, the epochs that have been closed and not been finished. */
  readonly closed = new Map<string, Omit<ClosedEpoch, "cursor">>();
  readonly launchedCounts = new Map<string, number>();
  readonly openings: {
    readonly nowMs: number;
    readonly jobs: readonly string[];
  }[] = [];
  /** What a check of the definitions finds. */
  foundDefinitions: "same" | "other" = "same";
  controls: Controls = NO_CONTROLS;
  newestAct = "";
  /** By job with `overlap: queue`, its newest run. */
  readonly newestRuns = new Map<string, NewestRun>();
  /** How often a leader asked for the version of the controls. */
  looks = 0;
  readonly decided: {
    readonly term: number;
    readonly decision: Decision;
    readonly nowMs: number;
    readonly wasPaused: boolean;
  }[] = [];
  /** Every epoch there has been, in the order in which they began. */
  readonly epochs: { readonly job: Job; readonly fromMs: number }[] = [];
  readonly commits: Commit[] = [];
  /** Committed decisions whose answer was lost, until the term is opened. */
  #unanswered: (FoundDecisions & { readonly fence: string })[] = [];
  fault: () => Fault = () => "none";
  /** By job, why its runs are not added. */
  readonly failing = new Map<string, string>();
  readonly corrupt = new Map<string, string>();
  readonly quarantined = new Map<string, QuarantineRecord>();
  /** While it is set, Redis adds no run. */
  refuse: (() => void) | null = null;

  /** Changes the controls, as an operator would. */
  setControls(change: Partial<Omit<Controls, "version">>): void {
    this.controls = { ...this.controls, ...change, version: this.controls.version + 1 };
  }

  launcher(first: readonly Job[]) {
    let isOpen = false;
    let jobs = first;
    const carryOut = <T>(act: () => T): T => {
      const fault = this.fault();
      if (fault === "not done" || fault === "lost answer") isOpen = false;
      if (fault === "not done") throw new Error("connection closed");
      const outcome = act();
      if (fault === "lost answer") throw new Error("connection closed");
      if (fault === "new connection") isOpen = false;
      return outcome;
    };
    return {
      isOpen: () => isOpen,
      setJobs: (next: readonly Job[]) => {
        jobs = next;
      },
      prepare: async () => undefined,
      sendAhead: () => undefined,
      hasSentAhead: () => false,
      forgetPrepared: () => undefined,
      readControls: async () => this.controls,
      checkControls: async () => {
        this.looks++;
        return { version: this.controls.version, newestAct: this.newestAct };
      },
      endPauses: async (fence: string, names: readonly string[]) => {
        if (fence !== this.fence) return false;
        this.#endPauses(names);
        return true;
      },
      retire: async () => [],
      checkDefinitions: async () => this.foundDefinitions,
      quarantine: async (_: string, records: ReadonlyMap<string, QuarantineRecord | null>) => {
        for (const [job, record] of records) {
          if (record) this.quarantined.set(job, record);
          else this.quarantined.delete(job);
        }
      },
      readNewestRuns: async () => this.newestRuns,
      removed: async (fence: string, nowMs: number) => this.#removed(fence, nowMs, jobs),
      finish: async (fence: string, lanes: readonly string[]) => {
        if (fence !== this.fence) return false;
        for (const lane of lanes) this.closed.delete(lane);
        return true;
      },
      open: async (fence: string, nowMs: number): Promise<OpenOutcome> =>
        carryOut(() => {
          if (fence !== this.fence) return { outcome: "fenced" };
          this.openings.push({ nowMs, jobs: jobs.map(job => job.name) });
          for (const job of jobs) this.#define(job, Math.floor(nowMs));
          isOpen = true;
          this.foundDefinitions = "same";
          const read = jobs.flatMap(({ name }) => (this.corrupt.has(name) ? [] : name));
          const closed = [...this.closed].map(([lane, epoch]) => {
            return { ...epoch, cursor: this.cursors.get(lane) as number };
          });
          const { controls, newestRuns } = this;
          const { corrupt, quarantined } = this;
          const found = this.#unanswered.filter(sent => sent.fence === fence);
          this.#unanswered = [];
          return {
            outcome: "opened",
            cursors: new Map(read.map(job => [job, this.cursors.get(job) as number])),
            launched: new Map([...this.launchedCounts].filter(([job]) => read.includes(job))),
            found,
            corrupt,
            quarantined,
            closed,
            controls,
            newestRuns,
          };
        }),
      commit: async (commit: Commit): Promise<CommitOutcome> => {
        let outcome: CommitOutcome | null = null;
        await commit.meanwhile?.();
        try {
          return carryOut(() => {
            outcome = this.#commit(commit);
            return outcome;
          });
        } catch (error) {
          const lost = outcome as CommitOutcome | null;
          if (lost?.outcome === "committed") this.#unanswered.push({ ...commit, decided: lost.decided });
          throw error;
        }
      },
    };
  }

  launched(job: string): number[] {
    return this.decided
      .filter(({ decision }) => decision.outcome === "launched" && decision.job === job)
      .map(({ decision }) => decision.tickAtMs);
  }

  /** What end-pauses.lua does. */
  #endPauses(names: readonly string[]): void {
    const [paused, pastPauses] = [new Map(this.controls.paused), new Map(this.controls.pastPauses)];
    for (const name of names) {
      const { atMs, untilMs } = paused.get(name) as Pause;
      paused.delete(name);
      pastPauses.set(name, [...(pastPauses.get(name) ?? []), { fromMs: atMs, toMs: untilMs ?? atMs }]);
    }
    this.setControls({ paused, pastPauses });
  }

  /** What define.lua does. */
  #define(job: Job, nowMs: number): void {
    const { name } = job;
    const [known, cursor] = [this.definitions.get(name), this.cursors.get(name)];
    const isChanged =
      known && storedDefinitionOf(known.job).fingerprint !== storedDefinitionOf(job).fingerprint;
    if (known && cursor !== undefined && !isChanged) return;
    const fromMs = Math.max(nowMs, cursor ?? nowMs);
    if (known && isChanged && cursor !== undefined) {
      const lane = laneOf({ job: name, epoch: known.number });
      const schedule = new BoundedSchedule(known.job.schedule, fromMs);
      const { fromMs: since, number: epoch } = known;
      this.closed.set(lane, { ...known.job, fromMs: since, epoch, job: name, schedule, untilMs: fromMs });
      this.cursors.set(lane, cursor);
    }
    this.cursors.set(name, isChanged ? fromMs : (cursor ?? nowMs));
    this.epochs.push({ job, fromMs: isChanged ? fromMs : (cursor ?? nowMs) });
    this.definitions.set(name, { job, number: (known?.number ?? 0) + 1, fromMs });
  }

  /** As `Launcher.removed`; when a job was first missed is known to the first caller only. */
  #removed(fence: string, nowMs: number, jobs: readonly Job[]): readonly RemovedLane[] | null {
    if (fence !== this.fence) return null;
    const kept = new Set(jobs.map(job => job.name));
    const about = (job: string) => ({ job, launched: this.launchedCounts.get(job) ?? 0, sinceMs: nowMs });
    return [
      ...[...this.closed].map(([lane, epoch]) => {
        return {
          ...epoch,
          cursor: this.cursors.get(lane) as number,
          ...about(epoch.job),
        };
      }),
      ...[...this.definitions].map(([name, { job }]) => {
        return { ...job, cursor: this.cursors.get(name) as number, ...about(name) };
      }),
    ].filter(lane => !kept.has(lane.job));
  }

  #commit(commit: Commit): CommitOutcome {
    this.commits.push(commit);
    if (commit.fence !== this.fence) return { outcome: "fenced" };
    if (this.refuse) {
      this.refuse();
      return {
        outcome: "committed",
        decided: [],
        held: new Map(),
        refused: "OOM no memory",
        failed: new Map(),
      };
    }
    const lanes = new Set(commit.decisions.map(laneOf));
    if ([...lanes].some(lane => this.cursors.get(lane) !== commit.cursors.get(lane)))
      return { outcome: "moved" };
    if (commit.controlsVersion !== this.controls.version) return { outcome: "moved" };
    const held = new Map<string, NewestRun>();
    const failed = new Map<string, string>();
    const decided = commit.decisions.filter(decision => {
      const newest = this.newestRuns.get(decision.job);
      if (decision.outcome === "launched" && newest?.state === "unfinished") held.set(decision.job, newest);
      if (held.has(decision.job)) return false;
      const why = this.failing.get(decision.job);
      if (decision.outcome === "launched" && why) failed.set(decision.job, why);
      if (failed.has(decision.job)) return false;
      this.cursors.set(laneOf(decision), decision.tickAtMs);
      const wasPaused = this.controls.paused.has(decision.job);
      this.decided.push({ term: commit.term, decision, nowMs: commit.nowMs, wasPaused });
      if (decision.outcome === "launched") {
        this.launchedCounts.set(decision.job, (this.launchedCounts.get(decision.job) ?? 0) + 1);
      }
      return true;
    });
    const [refused = null] = failed.values();
    return { outcome: "committed", decided, held, refused, failed };
  }
}
