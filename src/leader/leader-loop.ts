import type { Clock } from "../clock/clock.ts";
import type { Job } from "../config/config.ts";
import type { Progress } from "../election/progress.ts";
import type { Term, TermWorkEnd } from "../election/term.ts";
import { BellwetherError, isBellwetherError } from "../errors.ts";
import type { Events } from "../events.ts";
import { latenessOf } from "../launch/history.ts";
import type { Launcher } from "../launch/launcher.ts";
import type { DecisionResult } from "../launch/unanswered.ts";
import { tellReason } from "../reasons.ts";
import { type Decision, planTicks } from "../schedule/plan.ts";
import { DueQueue } from "./due-queue.ts";
import { Quarantine } from "./quarantine.ts";
import { Retirement } from "./retirement.ts";
import { TermState } from "./term-state.ts";
import type { WaitingLanes } from "./waiting-lanes.ts";

/**
 * Ticks per transaction. A thousand hold Redis up for some 50 ms. Smaller transactions launch later: the workers that
 * the first one wakes compete with the next. Measured in bench/same-second.ts: all of 1,000 jobs are launched after 94
 * ms in one transaction, 148 ms in two, 183 ms in four.
 */
const BATCH = 1_000;
/** Jobs planned in one go; between two of them the event loop turns, so that the lease is renewed in time. */
const JOBS_A_TURN = 1_000;
/** Of these, at least this many that have late ticks, so that they make progress. */
const LATE_JOBS_A_TURN = 100;
const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 2_000;
/** A leader that could launch nothing for this long resigns: another replica may fare better. */
const GIVE_UP_MS = 30_000;
/** How soon a command is noticed that no launch meets. */
const CONTROLS_POLL_MS = 400;

export interface LeaderLoopOptions {
  readonly launcher: Pick<
    Launcher,
    | ("open" | "commit" | "isOpen" | "setJobs" | "readControls" | "readControlsVersion")
    | ("finish" | "readNewestRuns" | "removed" | "retire" | "quarantine")
  >;
  readonly clock: Clock;
  readonly events: Events;
  readonly jobs: readonly Job[];
  /** Whether no live replica that may lead has other jobs; without it none has. May reject. */
  readonly isAgreed?: () => Promise<boolean>;
  /** Is waited for when the term is open and nothing is launched yet. */
  readonly settle?: (term: Term) => Promise<void>;
  readonly random?: () => number;
}

/** Why the work of a term stops, or begins again. "new jobs": everything that was due under the ones before is decided. */
type Stop = TermWorkEnd | "reopen" | "new jobs";

/**
 * What a term does: read the cursors, plan, launch, sleep, until the term ends.
 *
 *     open ──▶ plan ──▶ commit ──▶ sleep until the next tick
 *       ▲       ▲         │              │
 *       │       └─────────┴──────────────┘
 *       └── unknown outcome, moved cursors, new connection, new jobs
 *
 * Nothing is remembered over an error: whatever went wrong, the cursors in Redis say what must be done.
 */
export class LeaderLoop {
  readonly #options: LeaderLoopOptions;
  #jobs: ReadonlyMap<string, Job>;
  #newJobs: readonly Job[] | null = null;
  #wake = new AbortController();
  readonly #retirement: Retirement;
  readonly #quarantine: Quarantine;

  constructor(options: LeaderLoopOptions) {
    this.#options = options;
    this.#jobs = byName(options.jobs);
    this.#quarantine = new Quarantine(options);
    const { isAgreed = async () => true } = options;
    this.#retirement = new Retirement({
      ...options,
      isAgreed: async () => this.#newJobs === null && (await isAgreed()),
    });
  }

  /**
   * Leads these jobs as soon as nothing is due under the ones before: whatever those still had to decide is decided
   * by their own rules.
   */
  setJobs(jobs: readonly Job[]): void {
    this.#newJobs = jobs;
    this.#wake.abort();
  }

  async runTerm(term: Term): Promise<TermWorkEnd> {
    const { clock, events, random = Math.random } = this.#options;
    const failures = new FailureStreak(clock, term.progress);
    term.progress?.succeed();
    this.#quarantine.restart();
    this.#takeNewJobs();
    while (!term.signal.aborted) {
      try {
        const outcome = await this.#work(term, failures);
        if (typeof outcome === "object") return outcome;
        if (outcome === "new jobs") this.#takeNewJobs();
        if (outcome === "fenced") return term.signal.aborted ? "ended" : "fenced";
      } catch (error) {
        if (term.signal.aborted) return "ended";
        const { forMs, retryMs } = failures.record(error);
        // `redis.unreachable` reports a connection that is away; nothing was tried.
        const isAway = isBellwetherError(error, "BW_REDIS_AWAY");
        if (!isAway && failures.isFirstReport()) {
          events.emit("launch.failed", { term: term.number, error: messageOf(error) });
        }
        if (forMs >= GIVE_UP_MS)
          throw new BellwetherError(
            "BW_LAUNCH_FAILING",
            { forMs, error: messageOf(error) },
            { cause: error },
          );
        await clock.sleep(retryMs * (0.5 + random() / 2), term.signal);
      }
    }
    return "ended";
  }

  /** Leads from freshly read cursors until the term ends or they can no longer be trusted. */
  async #work(term: Term, failures: FailureStreak): Promise<Stop> {
    const { launcher, clock } = this.#options;
    const opened = await launcher.open(term.fence, clock.nowMs(), () => term.progress?.step());
    if (opened.outcome === "fenced") return "fenced";
    term.progress?.step();
    await this.#options.settle?.(term);
    for (const { nowMs, results } of opened.found) {
      for (const one of results) this.#tell(term, one, nowMs);
    }
    const termState = new TermState(await this.#quarantine.open(term, this.#jobs, opened), opened);
    for (;;) {
      if (termState.controls.stepDown === term.number) {
        return { outcome: "stepdown", askedBy: termState.controls.stepDownBy };
      }
      const outcome = await this.#launchDue(term, termState, failures);
      if (outcome !== "new controls") return outcome;
      termState.controls = await launcher.readControls();
    }
  }

  /** Launches due ticks under the controls in force. */
  async #launchDue(
    term: Term,
    termState: TermState,
    failures: FailureStreak,
  ): Promise<Stop | "new controls"> {
    const { launcher, clock } = this.#options;
    const due = new DueQueue();
    /** The lanes whose late ticks the last plans left over, behind all that is due in `due`. */
    let late: readonly string[] = [];
    const { waiting } = termState;
    waiting.clear();
    for (const lane of termState.lanes) due.put(lane, Number.NEGATIVE_INFINITY);
    let nextLookMs = Number.NEGATIVE_INFINITY;
    while (!term.signal.aborted) {
      if (!launcher.isOpen() || clock.monotonicMs() >= this.#quarantine.nextMs) return "reopen";
      // A newer tick takes the place of one that waits only while the run has not ended.
      if (waiting.next.dueMs <= clock.nowMs()) {
        const free = await this.#freeLanes(waiting);
        if (free === null) return "reopen";
        for (const lane of free) due.put(lane, Number.NEGATIVE_INFINITY);
      }
      const nowMs = clock.nowMs();
      const taken = due.takeDue(nowMs, JOBS_A_TURN);
      taken.push(...waiting.takeDue(nowMs, JOBS_A_TURN - taken.length));
      if (taken.length === 0) {
        if (late.length === 0) {
          failures.end();
          if (this.#newJobs) return "new jobs";
          const outcome = await this.#tidy(term, termState);
          if (outcome !== "done") return outcome;
        }
        // Not after every tick: the next one would wait for the answer.
        if (clock.monotonicMs() >= nextLookMs) {
          nextLookMs = clock.monotonicMs() + CONTROLS_POLL_MS;
          // Where the connection breaks in the middle of the look nothing was launched: opening again finds out.
          const version = await launcher.readControlsVersion(term.fence).catch(() => null);
          if (version === null) return "reopen";
          if (version !== termState.controls.version) return "new controls";
        }
        const free = await this.#freeLanes(waiting);
        if (free === null) return "reopen";
        for (const lane of free) due.put(lane, Number.NEGATIVE_INFINITY);
        if (free.length > 0) continue;
        if (late.length === 0) {
          const next = waiting.next;
          const dueInMs = Math.min(due.nextDueMs ?? Number.POSITIVE_INFINITY, next.dueMs) - clock.nowMs();
          const lookInMs = Math.min(nextLookMs, next.lookMs) - clock.monotonicMs();
          await this.#sleep(Math.min(dueInMs, lookInMs), term.signal);
          continue;
        }
      }
      const lateTaken = late.slice(0, Math.max(JOBS_A_TURN - taken.length, LATE_JOBS_A_TURN));
      late = late.slice(lateTaken.length);
      taken.push(...lateTaken);
      // What is punctual may be among those that were not taken.
      const isMoreDue = (due.nextDueMs ?? Number.POSITIVE_INFINITY) <= nowMs;
      const planned = taken.map(lane => termState.planned(lane));
      const plan = planTicks({ jobs: planned, nowMs, lateLimit: isMoreDue ? 0 : BATCH });
      const outcome = await this.#commit(term, plan.decisions, termState, failures);
      if (outcome !== "committed") return outcome;
      if (plan.decisions.length > 0) failures.end();
      late = [...late, ...plan.late];
      const isLate = new Set(plan.late);
      for (const [lane, dueMs] of plan.nextDue) {
        if (!isLate.has(lane) && !waiting.put(lane, dueMs) && dueMs !== null) due.put(lane, dueMs);
      }
      termState.review(taken);
      term.progress?.step();
      await clock.sleep(0, term.signal);
    }
    return "ended";
  }

  /** What can wait until nothing is due: closed epochs that have no tick any more, and jobs that were removed. */
  async #tidy(term: Term, termState: TermState): Promise<"done" | "fenced" | "reopen"> {
    const { finished } = termState;
    if (finished.size > 0) {
      if (!(await this.#options.launcher.finish(term.fence, [...finished]))) return "fenced";
      finished.clear();
    }
    if (!this.#retirement.isDue()) return "done";
    return this.#retirement.check(term, termState.controls.version, (result, nowMs) => {
      this.#tell(term, result, nowMs);
    });
  }

  /**
   * The lanes among those that wait whose job's run has ended; null where Redis did not say. Nothing but looking is
   * reliable: another program may have worked on the run, or removed it.
   */
  async #freeLanes(waiting: WaitingLanes): Promise<readonly string[] | null> {
    const { launcher, clock } = this.#options;
    const jobs = waiting.toLookAt(clock.monotonicMs()).flatMap(name => this.#jobs.get(name) ?? []);
    if (jobs.length === 0) return [];
    const fromMs = clock.nowMs();
    const newestRuns = await launcher.readNewestRuns(jobs).catch(() => null);
    return newestRuns && waiting.takeFree(jobs, newestRuns, { fromMs, untilMs: clock.nowMs() });
  }

  /** Never for long: a broken connection, a corrected clock and new controls must be noticed. */
  async #sleep(ms: number, ending: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    await clock.sleep(ms, AbortSignal.any([ending, this.#wake.signal]));
  }

  #takeNewJobs(): void {
    const jobs = this.#newJobs;
    if (jobs === null) return;
    this.#newJobs = null;
    this.#wake = new AbortController();
    this.#jobs = byName(jobs);
    this.#options.launcher.setJobs(jobs);
    this.#retirement.restart();
    this.#quarantine.release();
  }

  async #commit(
    term: Term,
    decisions: readonly Decision[],
    termState: TermState,
    failures: FailureStreak,
  ): Promise<"committed" | Stop> {
    const batches = this.#quarantine.batchesOf(decisions, BATCH);
    for (const batch of batches) {
      if (term.signal.aborted) return "ended";
      const outcome = await this.#commitBatch(term, batch, termState);
      if (outcome === "quarantined") failures.end();
      if (outcome !== "committed") return outcome === "quarantined" ? "reopen" : outcome;
    }
    // What was left out of a transaction that was tried apart is planned again.
    return batches.flat().length === decisions.length ? "committed" : "reopen";
  }

  async #commitBatch(
    term: Term,
    batch: readonly Decision[],
    termState: TermState,
  ): Promise<"committed" | "quarantined" | "fenced" | "reopen"> {
    const { launcher, clock } = this.#options;
    const nowMs = clock.nowMs();
    const commit = launcher.commit({
      fence: term.fence,
      term: term.number,
      decisions: batch,
      cursors: termState.cursors,
      controlsVersion: termState.controls.version,
      nowMs,
    });
    const outcome = await commit.catch(async error => {
      if (!(await this.#quarantine.fail(term, batch, error))) throw error;
      return { outcome: "quarantined" } as const;
    });
    if (outcome.outcome === "fenced" || outcome.outcome === "quarantined") return outcome.outcome;
    if (outcome.outcome === "moved") return "reopen";
    if (outcome.results.length > 0) term.progress?.succeed();
    for (const result of outcome.results) {
      termState.settle(result);
      this.#tell(term, result, nowMs);
    }
    for (const [job, blocker] of outcome.held) termState.waiting.hold(job, blocker, nowMs);
    if (await this.#quarantine.settle(term, outcome)) return "quarantined";
    if (outcome.refused === null) return "committed";
    const ticks = batch.length - outcome.results.length;
    throw new BellwetherError("BW_LAUNCH_REFUSED", { ticks, why: outcome.refused });
  }

  #tell(term: Term, result: DecisionResult, nowMs: number): void {
    const { events } = this.#options;
    const { decision, run = "" } = result;
    const about = { job: decision.job, tick: new Date(decision.tickAtMs).toISOString(), term: term.number };
    if (decision.outcome === "launch") {
      const lateMs = latenessOf(decision, nowMs);
      events.emit("tick.launched", { ...about, lateMs, run, kind: decision.kind });
      return;
    }
    const { fromAtMs, count, blockedBy } = decision;
    const rest = {
      ...(blockedBy === undefined ? {} : { run: blockedBy }),
      ...(fromAtMs === undefined ? {} : { from: new Date(fromAtMs).toISOString(), count: count ?? 1 }),
    };
    if (decision.outcome === "miss")
      events.emit("tick.missed", { ...about, ...tellReason(decision.reason), ...rest });
    else events.emit("tick.skipped", { ...about, ...tellReason(decision.reason), ...rest });
  }
}

function byName(jobs: readonly Job[]): ReadonlyMap<string, Job> {
  return new Map(jobs.map(job => [job.name, job]));
}

/** A row of failures without a success between them. */
class FailureStreak {
  readonly #clock: Clock;
  readonly #progress: Progress | undefined;
  #sinceMs: number | null = null;
  #failures = 0;
  #isReported = false;

  constructor(clock: Clock, progress: Progress | undefined) {
    this.#clock = clock;
    this.#progress = progress;
  }

  record(error: unknown): { readonly forMs: number; readonly retryMs: number } {
    if (isAnswer(error)) this.#progress?.refuse();
    else this.#progress?.fail(messageOf(error));
    const nowMs = this.#clock.monotonicMs();
    this.#sinceMs ??= nowMs;
    this.#failures++;
    const retryMs = Math.min(MIN_RETRY_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS);
    return { forMs: nowMs - this.#sinceMs, retryMs };
  }

  /** True once in each row: a failure is reported when it begins. */
  isFirstReport(): boolean {
    const isFirstReport = !this.#isReported;
    this.#isReported = true;
    return isFirstReport;
  }

  end(): void {
    this.#progress?.succeed();
    this.#sinceMs = null;
    this.#failures = 0;
    this.#isReported = false;
  }
}

const UNANSWERED: ReadonlySet<string> = new Set([
  "BW_REDIS_AWAY",
  "BW_REDIS_NO_ANSWER",
  "BW_CONNECTION_CHANGED",
]);

/** Whether Redis has answered, with a refusal. */
function isAnswer(error: unknown): boolean {
  if (!isBellwetherError(error)) return error instanceof Error && error.name === "ReplyError";
  return !UNANSWERED.has(error.code);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
