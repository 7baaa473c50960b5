import type { Job } from "../config/config.ts";
import type { Term, TermWorkEnd } from "../election/term.ts";
import { BellwetherError } from "../errors.ts";
import type { Decision } from "../schedule/decision.ts";
import { planTicks } from "../schedule/plan.ts";
import { reportDecision } from "./decision-events.ts";
import { DueLanes } from "./due-lanes.ts";
import type { FailureStreak } from "./failure-streak.ts";
import type { LeaderParts } from "./leader-parts.ts";
import type { Quarantine } from "./quarantine.ts";
import type { Retirement } from "./retirement.ts";
import type { TermState } from "./term-state.ts";

/**
 * Ticks per transaction. A thousand hold Redis up for some 50 ms. Smaller transactions launch later: the workers that
 * the first one wakes compete with the next. Measured in bench/same-second.ts: all of 1,000 jobs are launched after 94
 * ms in one transaction, 148 ms in two, 183 ms in four.
 */
const BATCH = 1_000;
/** How soon a command is noticed that no launch meets. */
const CONTROLS_POLL_MS = 400;

export interface TermWorkOptions extends LeaderParts {
  readonly term: Term;
  readonly state: TermState;
  readonly jobs: ReadonlyMap<string, Job>;
  /** Aborts when other jobs are to be led. */
  readonly newJobs: AbortSignal;
  readonly quarantine: Quarantine;
  readonly retirement: Retirement;
  readonly failures: FailureStreak;
}

/** Why the work stops, or begins again. "new jobs": everything that was due under the ones before is decided. */
export type Stop = TermWorkEnd | "reopen" | "new jobs";

/** What a leader does from one opening of its term to the next: plan what is due, launch it, sleep. */
export class TermWork {
  readonly #options: TermWorkOptions;
  /** When to check for controls that no launch meets (monotonic). */
  #nextLookMs = Number.NEGATIVE_INFINITY;

  constructor(options: TermWorkOptions) {
    this.#options = options;
  }

  async run(): Promise<Stop> {
    const { term, state, launcher } = this.#options;
    for (;;) {
      if (state.controls.stepDown === term.number) {
        return { outcome: "stepdown", askedBy: state.controls.stepDownBy };
      }
      const outcome = await this.#launchDue();
      if (outcome !== "new controls") return outcome;
      state.controls = await launcher.readControls();
    }
  }

  /** Launches due ticks under the controls in force. */
  async #launchDue(): Promise<Stop | "new controls"> {
    const { term, state, launcher, clock, quarantine } = this.#options;
    const lanes = new DueLanes(state.lanes, state.waiting);
    this.#nextLookMs = Number.NEGATIVE_INFINITY;
    while (!term.signal.aborted) {
      if (!launcher.isOpen() || clock.monotonicMs() >= quarantine.nextMs) return "reopen";
      // A newer tick takes the place of one that waits only while the run has not ended.
      if (state.waiting.next.dueMs <= clock.nowMs()) {
        if ((await this.#freeLanes(lanes)) === null) return "reopen";
      }
      const nowMs = clock.nowMs();
      const due = lanes.takeDue(nowMs);
      if (due.length === 0) {
        const outcome = await this.#rest(lanes);
        if (outcome === "due") continue;
        if (outcome !== "late") return outcome;
      }
      const outcome = await this.#launch([...due, ...lanes.takeLate(due.length)], nowMs, lanes);
      if (outcome !== "committed") return outcome;
      term.progress?.step();
      await clock.sleep(0, term.signal);
    }
    return "ended";
  }

  /**
   * While nothing is due: what can wait until then, and sleep. "due" when something may be due now, "late" when there are
   * late ticks to launch.
   */
  async #rest(lanes: DueLanes): Promise<Stop | "new controls" | "due" | "late"> {
    const { term, state, launcher, clock, failures, newJobs } = this.#options;
    if (!lanes.hasLate) {
      failures.end();
      if (newJobs.aborted) return "new jobs";
      const outcome = await this.#tidy();
      if (outcome !== "done") return outcome;
    }
    // Not after every tick: the next one would wait for the answer.
    if (clock.monotonicMs() >= this.#nextLookMs) {
      this.#nextLookMs = clock.monotonicMs() + CONTROLS_POLL_MS;
      // Where the connection breaks in the middle of the look nothing was launched: opening again finds out.
      const version = await launcher.readControlsVersion(term.fence).catch(() => null);
      if (version === null) return "reopen";
      if (version !== state.controls.version) return "new controls";
    }
    const free = await this.#freeLanes(lanes);
    if (free === null) return "reopen";
    if (free > 0) return "due";
    if (lanes.hasLate) return "late";
    const dueInMs = lanes.nextDueMs - clock.nowMs();
    const lookInMs = Math.min(this.#nextLookMs, state.waiting.next.lookMs) - clock.monotonicMs();
    // Never for long: a broken connection, a corrected clock and new controls must be noticed.
    await clock.sleep(Math.min(dueInMs, lookInMs), AbortSignal.any([term.signal, newJobs]));
    return "due";
  }

  /** Closed epochs that have no tick any more, and jobs that were removed. */
  async #tidy(): Promise<"done" | "fenced" | "reopen"> {
    const { term, state, launcher, retirement } = this.#options;
    const { finished } = state;
    if (finished.size > 0) {
      if (!(await launcher.finish(term.fence, [...finished]))) return "fenced";
      finished.clear();
    }
    return retirement.isDue() ? retirement.check(term, state.controls.version) : "done";
  }

  /**
   * Makes the waiting lanes due whose job's run has ended. Resolves with how many these are; null where Redis did not say.
   * Nothing but looking is reliable: another program may have worked on the run, or removed it.
   */
  async #freeLanes(lanes: DueLanes): Promise<number | null> {
    const { state, launcher, clock, jobs } = this.#options;
    const waiting = state.waiting.toLookAt(clock.monotonicMs()).flatMap(name => jobs.get(name) ?? []);
    if (waiting.length === 0) return 0;
    const fromMs = clock.nowMs();
    const newestRuns = await launcher.readNewestRuns(waiting).catch(() => null);
    if (newestRuns === null) return null;
    const free = state.waiting.takeFree(waiting, newestRuns, { fromMs, untilMs: clock.nowMs() });
    lanes.putDue(free);
    return free.length;
  }

  async #launch(taken: readonly string[], nowMs: number, lanes: DueLanes): Promise<"committed" | Stop> {
    const { state, failures } = this.#options;
    // What is punctual may be among those that were not taken.
    const lateLimit = lanes.isMoreDue(nowMs) ? 0 : BATCH;
    const plan = planTicks({ jobs: taken.map(lane => state.planned(lane)), nowMs, lateLimit });
    const outcome = await this.#commit(plan.decisions);
    if (outcome !== "committed") return outcome;
    if (plan.decisions.length > 0) failures.end();
    lanes.putBack(plan);
    state.review(taken);
    return outcome;
  }

  async #commit(decisions: readonly Decision[]): Promise<"committed" | Stop> {
    const { term, quarantine, failures } = this.#options;
    const batches = quarantine.batchesOf(decisions, BATCH);
    for (const batch of batches) {
      if (term.signal.aborted) return "ended";
      const outcome = await this.#commitBatch(batch);
      if (outcome === "quarantined") failures.end();
      if (outcome !== "committed") return outcome === "quarantined" ? "reopen" : outcome;
    }
    // What was left out of a transaction that was tried apart is planned again.
    return batches.flat().length === decisions.length ? "committed" : "reopen";
  }

  async #commitBatch(batch: readonly Decision[]): Promise<"committed" | "quarantined" | "fenced" | "reopen"> {
    const { term, state, launcher, clock, events, quarantine } = this.#options;
    const nowMs = clock.nowMs();
    const commit = launcher.commit({
      fence: term.fence,
      term: term.number,
      decisions: batch,
      cursors: state.cursors,
      controlsVersion: state.controls.version,
      nowMs,
    });
    const outcome = await commit.catch(async error => {
      if (!(await quarantine.fail(term, batch, error))) throw error;
      return { outcome: "quarantined" } as const;
    });
    if (outcome.outcome === "fenced" || outcome.outcome === "quarantined") return outcome.outcome;
    if (outcome.outcome === "moved") return "reopen";
    if (outcome.decided.length > 0) term.progress?.succeed();
    for (const decision of outcome.decided) {
      state.settle(decision);
      const { sharedQueue } = this.#options.jobs.get(decision.job) ?? {};
      reportDecision(events, term.number, decision, nowMs, sharedQueue);
    }
    for (const [job, blocker] of outcome.held) state.waiting.hold(job, blocker, nowMs);
    if (await quarantine.settle(term, outcome)) return "quarantined";
    if (outcome.refused === null) return "committed";
    const ticks = batch.length - outcome.decided.length;
    throw new BellwetherError("BW_LAUNCH_REFUSED", { ticks, why: outcome.refused });
  }
}
