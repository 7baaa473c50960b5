import { Wakeup } from "../clock/wakeup.ts";
import type { Job } from "../config/config.ts";
import { jobsByName } from "../config/job-index.ts";
import type { Term, TermWorkEnd } from "../election/term.ts";
import { BellwetherError, isBellwetherError, messageOf } from "../errors.ts";
import { BatchSize } from "./batch-size.ts";
import { reportDecision } from "./decision-events.ts";
import { FailureStreak } from "./failure-streak.ts";
import type { LeaderParts } from "./leader-parts.ts";
import { Quarantine } from "./quarantine.ts";
import { Retirement } from "./retirement.ts";
import { TermState } from "./term-state.ts";
import { type Stop, TermWork } from "./term-work.ts";

/** A leader that could launch nothing for this long resigns: another replica may fare better. */
const GIVE_UP_MS = 30_000;

export interface LeaderLoopOptions extends LeaderParts {
  readonly jobs: readonly Job[];
  /** Whether no live replica that may lead has other jobs; without it none has. May reject. */
  readonly isAgreed?: () => Promise<boolean>;
  /** Is waited for when the term is open and nothing is launched yet. */
  readonly settle?: (term: Term) => Promise<void>;
  /** Called with the newest entry of the audit each time that it is read. */
  readonly onActs?: (newest: string) => void;
  readonly random?: () => number;
}

/**
 * What a term does: read the cursors, plan, launch, sleep, until the term ends.
 *
 *     open ──▶ plan ──▶ commit ──▶ sleep until the next tick
 *       ▲       ▲         │              │
 *       │       └─────────┴──────────────┘
 *       └── unknown outcome, moved cursors, new connection, new jobs
 *
 * Nothing is remembered over an error: whatever went wrong, the cursors in Redis say what must be done. Everything behind
 * `open` is in term-work.ts.
 */
export class LeaderLoop {
  readonly #options: LeaderLoopOptions;
  #jobs: ReadonlyMap<string, Job>;
  #newJobs: readonly Job[] | null = null;
  /** Aborted while there are new jobs. */
  #renewal = new AbortController();
  readonly #orders = new Wakeup();
  readonly #retirement: Retirement;
  readonly #batchSize = new BatchSize();
  readonly #quarantine: Quarantine;

  constructor(options: LeaderLoopOptions) {
    this.#options = options;
    this.#jobs = jobsByName(options.jobs);
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
    this.#renewal.abort();
  }

  /** An operator has commanded something: a leader that rests reads it now. */
  hintOrders(): void {
    this.#orders.notify();
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
        if (forMs >= GIVE_UP_MS) {
          const details = { forMs, error: messageOf(error) };
          throw new BellwetherError("BW_LAUNCH_FAILING", details, { cause: error });
        }
        await clock.sleep(retryMs * (0.5 + random() / 2), term.signal);
      }
    }
    return "ended";
  }

  /** Leads from freshly read cursors until the term ends or they can no longer be trusted. */
  async #work(term: Term, failures: FailureStreak): Promise<Stop> {
    const { launcher, clock, events, settle } = this.#options;
    const opened = await launcher.open(term.fence, clock.nowMs(), () => term.progress?.step());
    if (opened.outcome === "fenced") return "fenced";
    term.progress?.step();
    await settle?.(term);
    for (const { nowMs, decided } of opened.found) {
      for (const decision of decided) {
        reportDecision(events, term.number, decision, nowMs, this.#jobs.get(decision.job)?.sharedQueue);
      }
    }
    const work = new TermWork({
      ...this.#options,
      term,
      failures,
      jobs: this.#jobs,
      newJobs: this.#renewal.signal,
      orders: this.#orders,
      state: new TermState(await this.#quarantine.open(term, this.#jobs, opened), opened),
      batchSize: this.#batchSize,
      quarantine: this.#quarantine,
      retirement: this.#retirement,
    });
    return work.run();
  }

  #takeNewJobs(): void {
    const jobs = this.#newJobs;
    if (jobs === null) return;
    this.#newJobs = null;
    this.#renewal = new AbortController();
    this.#jobs = jobsByName(jobs);
    this.#options.launcher.setJobs(jobs);
    this.#retirement.restart();
    this.#quarantine.release();
  }
}
