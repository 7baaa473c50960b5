import type { Wakeup } from "../clock/wakeup.ts";
import type { Job } from "../config/config.ts";
import type { Term, TermWorkEnd } from "../election/term.ts";
import { BellwetherError } from "../errors.ts";
import { endedPauses } from "../launch/controls.ts";
import type { Decision } from "../schedule/decision.ts";
import { type Plan, planTicks } from "../schedule/plan.ts";
import { type AheadPlan, AheadPlans } from "./ahead.ts";
import { type BatchSize, MAX_BATCH } from "./batch-size.ts";
import { reportDecision } from "./decision-events.ts";
import { DueLanes } from "./due-lanes.ts";
import type { FailureStreak } from "./failure-streak.ts";
import type { LeaderParts } from "./leader-parts.ts";
import type { Quarantine } from "./quarantine.ts";
import type { Retirement } from "./retirement.ts";
import type { TermState } from "./term-state.ts";

/** How long before they are due ticks are planned, and their runs made: 1,000 take some 50 ms of a core that is free. */
const AHEAD_MS = 200;
/** As many turns of lanes as that time has room for. */
const TURNS_AHEAD = 3;
/** While they are committed as many may wait behind them: what is due on time then waits for `MAX_BATCH` at most. */
const LATE_A_TURN = MAX_BATCH / 2;
/**
 * How soon a command is noticed that no launch meets and whose notice got lost. The check is also the leader's sign of life, and
 * shows that its launch connection works.
 */
const CONTROLS_POLL_MS = 400;
/** Comparing definitions may take this long, and must make no tick late. */
const CHECK_ROOM_MS = 50;

export interface TermWorkOptions extends LeaderParts {
  readonly term: Term;
  readonly state: TermState;
  readonly jobs: ReadonlyMap<string, Job>;
  /** Aborts when other jobs are to be led. */
  readonly newJobs: AbortSignal;
  /** Notified when an operator has commanded something. */
  readonly orders: Wakeup;
  /** Called with the newest entry of the audit each time that it is read. */
  readonly onActs?: ((newest: string) => void) | undefined;
  readonly batchSize: BatchSize;
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
  #ahead = new AheadPlans();

  constructor(options: TermWorkOptions) {
    this.#options = options;
  }

  async run(): Promise<Stop> {
    const { term, state, launcher } = this.#options;
    try {
      for (;;) {
        if ((await this.#endPauses()) === "fenced") return "fenced";
        if (state.controls.stepDown === term.number) {
          return { outcome: "stepdown", askedBy: state.controls.stepDownBy };
        }
        const outcome = await this.#launchDue();
        if (outcome !== "new controls") return outcome;
        state.controls = await launcher.readControls();
      }
    } finally {
      launcher.forgetPrepared();
    }
  }

  /** Ends the pauses that were asked for until a time that has passed. */
  async #endPauses(): Promise<"done" | "fenced"> {
    const { term, state, launcher, clock } = this.#options;
    const jobs = endedPauses(state.controls, clock.nowMs());
    if (jobs.length === 0) return "done";
    if (!(await launcher.endPauses(term.fence, jobs))) return "fenced";
    state.controls = await launcher.readControls();
    return "done";
  }

  /** Launches due ticks under the controls in force. */
  async #launchDue(): Promise<Stop | "new controls"> {
    const { term, state, launcher, clock, quarantine } = this.#options;
    const lanes = new DueLanes(state.lanes, state.waiting);
    this.#ahead = new AheadPlans();
    launcher.forgetPrepared();
    this.#nextLookMs = Number.NEGATIVE_INFINITY;
    while (!term.signal.aborted) {
      if (!launcher.isOpen() || clock.monotonicMs() >= quarantine.nextMs) return "reopen";
      // A newer tick takes the place of one that waits only while the run has not ended.
      if (state.waiting.next.dueMs <= clock.nowMs()) {
        if ((await this.#freeLanes(lanes)) === null) return "reopen";
      }
      const nowMs = clock.nowMs();
      const ahead = this.#ahead.take(nowMs, lanes);
      const due = ahead === null ? lanes.takeDue(nowMs) : [];
      if (ahead === null && due.length === 0) {
        const outcome = await this.#rest(lanes);
        if (outcome === "due") continue;
        if (outcome !== "late") return outcome;
      }
      const outcome = await (ahead === null
        ? this.#launch([...due, ...lanes.takeLate(due.length)], nowMs, lanes)
        : this.#commit(ahead, lanes));
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
    const { term, state, launcher, clock, failures, newJobs, orders, onActs } = this.#options;
    if (!lanes.hasLate) {
      failures.end();
      if (newJobs.aborted) return "new jobs";
      const outcome = await this.#tidy();
      if (outcome !== "done") return outcome;
    }
    const isOrdered = orders.consume();
    // Looking would take back the runs that are with Redis already, and they are due soon.
    const isReady = launcher.hasSentAhead() && this.#ahead.dueMs - clock.nowMs() <= AHEAD_MS;
    // Not after every tick: the next one would wait for the answer.
    if (isOrdered || (clock.monotonicMs() >= this.#nextLookMs && !isReady)) {
      this.#nextLookMs = clock.monotonicMs() + CONTROLS_POLL_MS;
      // Where the connection breaks in the middle of the look nothing was launched: opening again finds out.
      const found = await launcher.checkControls(term.fence).catch(() => null);
      if (found === null) return "reopen";
      onActs?.(found.newestAct);
      if (found.version !== state.controls.version) return "new controls";
      if (endedPauses(state.controls, clock.nowMs()).length > 0) return "new controls";
      if (!lanes.hasLate && lanes.nextDueMs - clock.nowMs() > CHECK_ROOM_MS) {
        const checked = await launcher.checkDefinitions(term.fence).catch(() => "other");
        if (checked !== "same") return checked === "fenced" ? "fenced" : "reopen";
      }
    }
    const free = await this.#freeLanes(lanes);
    if (free === null) return "reopen";
    if (free > 0) return "due";
    if (lanes.hasLate) return "late";
    const dueInMs = Math.min(lanes.nextDueMs, this.#ahead.dueMs) - clock.nowMs();
    if (this.#isToPlan(dueInMs, lanes)) {
      this.#ahead.triedMs = lanes.nextDueMs;
      await this.#planAhead(lanes, lanes.nextDueMs, TURNS_AHEAD);
      this.#sendAhead(this.#ahead.nextBatch);
      return "due";
    }
    const lookInMs = Math.min(this.#nextLookMs, state.waiting.next.lookMs) - clock.monotonicMs();
    // Never for long: a broken connection, a corrected clock and new controls must be noticed.
    const woken = AbortSignal.any([term.signal, newJobs, orders.signal]);
    const planInMs = dueInMs > AHEAD_MS ? dueInMs - AHEAD_MS : dueInMs;
    await clock.sleep(isReady ? planInMs : Math.min(planInMs, lookInMs), woken);
    return "due";
  }

  #isToPlan(dueInMs: number, lanes: DueLanes): boolean {
    const { isEmpty, triedMs } = this.#ahead;
    return isEmpty && dueInMs > 0 && dueInMs <= AHEAD_MS && triedMs !== lanes.nextDueMs;
  }

  /**
   * Plans what is due then, before it is, or before what is due now is committed, and makes its runs: what is left to do then is to
   * look and to commit. Of jobs whose runs must not overlap, or are counted, nothing is known before.
   */
  async #planAhead(lanes: DueLanes, dueMs: number, turns: number): Promise<void> {
    const { term, launcher, clock, quarantine, batchSize } = this.#options;
    let mayPlanNext = true;
    // What has to be left for the next turn goes first then.
    const leftDueMs = turns === 1 ? Number.NEGATIVE_INFINITY : dueMs;
    for (let turn = 0; turn < turns && !term.signal.aborted; turn++) {
      const { taken, isAll } = lanes.takeAhead(dueMs, leftDueMs, lane => this.#isKnown(lane));
      mayPlanNext &&= isAll;
      if (taken.length === 0) return;
      const plan = this.#plan(taken, dueMs, lanes);
      const batches = quarantine.batchesOf(plan.decisions, batchSize.ticks);
      this.#ahead.add({ plan, batches, mayPlanNext }, dueMs);
      // Those of a plan that is to be used now are prepared each while the one before it is committed.
      for (const decisions of turns === 1 ? batches.slice(0, 1) : batches)
        await launcher.prepare({ term: term.number, decisions, nowMs: dueMs });
      term.progress?.step();
      await clock.sleep(0, term.signal);
    }
  }

  /** What is committed next. Where lanes wait, looking at them would take it back. */
  #sendAhead(decisions: readonly Decision[] | undefined): void {
    const { term, state, launcher } = this.#options;
    if (decisions === undefined || state.waiting.next.lookMs < Number.POSITIVE_INFINITY) return;
    launcher.sendAhead({ term: term.number, decisions });
  }

  /** Whether no other lane, no run and no count decides what becomes of its ticks. */
  #isKnown(lane: string): boolean {
    return this.#options.jobs.get(lane)?.overlap === "allow" && !this.#options.state.isCounted(lane);
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

  #plan(taken: readonly string[], nowMs: number, lanes: DueLanes): Plan {
    const { state } = this.#options;
    // What is punctual may be among those that were not taken.
    const lateLimit = lanes.isMoreDue(nowMs) ? 0 : LATE_A_TURN;
    const plan = planTicks({ jobs: taken.map(lane => state.planned(lane, nowMs)), nowMs, lateLimit });
    lanes.putLeft(plan);
    return plan;
  }

  async #launch(taken: readonly string[], nowMs: number, lanes: DueLanes): Promise<"committed" | Stop> {
    const { quarantine } = this.#options;
    const plan = this.#plan(taken, nowMs, lanes);
    // Of a job with several lanes these may count against a limit of those.
    if (plan.decisions.length > 0) this.#ahead.drop(lanes);
    const batches = quarantine.batchesOf(plan.decisions, this.#options.batchSize.ticks);
    const mayPlanNext = taken.every(lane => this.#isKnown(lane));
    return this.#commit({ plan, batches, mayPlanNext }, lanes);
  }

  async #commit(ahead: AheadPlan, lanes: DueLanes): Promise<"committed" | Stop> {
    const { state, failures } = this.#options;
    const { plan } = ahead;
    const outcome = await this.#commitAll(ahead, lanes);
    if (outcome !== "committed") return outcome;
    if (plan.decisions.length > 0) failures.end();
    lanes.putBack(plan);
    state.review(plan.nextDue.keys());
    return outcome;
  }

  async #commitAll({ plan, batches, mayPlanNext }: AheadPlan, lanes: DueLanes): Promise<"committed" | Stop> {
    const { term, launcher, failures } = this.#options;
    for (const [i, batch] of batches.entries()) {
      if (term.signal.aborted) return "ended";
      const next = batches[i + 1];
      const outcome = await this.#commitBatch(batch, async nowMs => {
        if (next !== undefined) await launcher.prepare({ term: term.number, decisions: next, nowMs });
        else if (mayPlanNext && this.#ahead.isEmpty) await this.#planAhead(lanes, nowMs, 1);
        this.#sendAhead(next ?? this.#ahead.nextBatch);
      });
      if (outcome === "quarantined") failures.end();
      if (outcome !== "committed") return outcome === "quarantined" ? "reopen" : outcome;
    }
    // What was left out of a transaction that was tried apart is planned again.
    return batches.flat().length === plan.decisions.length ? "committed" : "reopen";
  }

  async #commitBatch(
    batch: readonly Decision[],
    meanwhile: (nowMs: number) => Promise<void>,
  ): Promise<"committed" | "quarantined" | "fenced" | "reopen"> {
    const { term, state, launcher, clock, events, quarantine, batchSize } = this.#options;
    const [nowMs, sentMs] = [clock.nowMs(), clock.monotonicMs()];
    const commit = launcher.commit({
      fence: term.fence,
      term: term.number,
      decisions: batch,
      cursors: state.cursors,
      controlsVersion: state.controls.version,
      nowMs,
      meanwhile: () => meanwhile(nowMs),
    });
    const outcome = await commit.catch(async error => {
      if (!(await quarantine.fail(term, batch, error))) throw error;
      return { outcome: "quarantined" } as const;
    });
    batchSize.took(batch.length, clock.monotonicMs() - sentMs);
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
