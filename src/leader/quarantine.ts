import type { Job } from "../config/config.ts";
import type { Term } from "../election/term.ts";
import { isBellwetherError, messageOf } from "../errors.ts";
import type { Committed } from "../launch/commit.ts";
import type { OpenOutcome } from "../launch/launcher.ts";
import { pagesOf } from "../launch/pages.ts";
import type { QuarantineRecord } from "../launch/quarantine.ts";
import { type QuarantineReason, tellReason } from "../reasons.ts";
import { isServerRefusal } from "../redis/refusal.ts";
import type { Decision } from "../schedule/decision.ts";
import type { LeaderParts } from "./leader-parts.ts";

const FIRST_RETRY_MS = 60_000;
const MAX_RETRY_MS = 10 * 60_000;

/** A job whose launches failed since its last success. */
interface Suspect {
  readonly sinceMs: number;
  readonly isCorrupt: boolean;
  reason: string;
  /** How often in a row. */
  failures: number;
  /** How many runs of other jobs had been added when its failures began to count. */
  added: number;
  /** Quarantined until then (monotonic); null while it is tried. */
  heldUntilMs: number | null;
  /** 0 for a job that was not quarantined yet. */
  delayMs: number;
  /** `job.quarantined` was emitted in this term. */
  isTold: boolean;
  /** An earlier leader has quarantined it. */
  readonly isRecorded: boolean;
}

/**
 * Keeps one job that cannot be launched from holding up all others.
 *
 *     ok ──fails──▶ suspect ──fails alone, others succeed──▶ quarantined ──a minute and more──▶ suspect
 *      ▲              │ succeeds
 *      └──────────────┘
 *
 * A failed transaction does not always say whose run was at fault. So the jobs in it are committed apart, in smaller and
 * smaller groups, until one fails alone. Where no other job's run was added meanwhile the fault may be the server's, and no
 * job is quarantined. Ticks of a quarantined job stay undecided; its catch-up policy decides them later.
 */
export class Quarantine {
  readonly #options: LeaderParts;
  readonly #suspects = new Map<string, Suspect>();
  readonly #unsaved = new Map<string, QuarantineRecord | null>();
  #added = 0;

  constructor(options: LeaderParts) {
    this.#options = options;
  }

  /** A new term tries every job. */
  restart(): void {
    this.#suspects.clear();
    this.#unsaved.clear();
  }

  /** The definitions may have changed: every job is tried. */
  release(): void {
    for (const suspect of this.#held()) {
      suspect.heldUntilMs = Number.NEGATIVE_INFINITY;
      suspect.delayMs = 0;
    }
  }

  /** When to open the term again because a quarantined job is to be tried (monotonic). */
  get nextMs(): number {
    return Math.min(...this.#held().map(({ heldUntilMs }) => heldUntilMs ?? Number.POSITIVE_INFINITY));
  }

  /** Which of the jobs are led, as the term has just been opened. */
  async open(
    term: Term,
    jobs: ReadonlyMap<string, Job>,
    { corrupt, quarantined }: Extract<OpenOutcome, { outcome: "opened" }>,
  ): Promise<ReadonlyMap<string, Job>> {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [job, { sinceMs, reason, isCorrupt }] of quarantined) {
      if (!jobs.has(job)) this.#unsaved.set(job, null);
      else if (!this.#suspects.has(job)) {
        const suspect = this.#suspect(reason, sinceMs);
        this.#suspects.set(job, { ...suspect, isCorrupt, failures: 1, isRecorded: true });
      }
    }
    for (const [job, suspect] of this.#suspects) {
      if (suspect.heldUntilMs !== null && suspect.heldUntilMs <= nowMs) suspect.heldUntilMs = null;
      if (suspect.isCorrupt && !corrupt.has(job)) this.#recover(term, job);
    }
    for (const [job, reason] of corrupt) {
      const known = this.#suspects.get(job);
      if (known?.isCorrupt && known.heldUntilMs !== null) continue;
      const suspect = { ...(known ?? this.#suspect(reason)), isCorrupt: true, reason };
      this.#suspects.set(job, suspect);
      this.#hold(term, job, suspect);
    }
    await this.#save(term);
    const isAnyLeftOut = this.#suspects.size > 0 || corrupt.size > 0;
    return isAnyLeftOut
      ? new Map([...jobs].filter(([job]) => !this.#isHeld(job) && !corrupt.has(job)))
      : jobs;
  }

  /** The transactions in which to commit the decisions, `limit` in each at most; suspects come last, apart from the others. */
  batchesOf(decisions: readonly Decision[], limit: number): readonly (readonly Decision[])[] {
    // A small one after large ones would cost nearly as much as these.
    const size = Math.ceil(decisions.length / Math.ceil(decisions.length / limit)) || limit;
    const launched = new Set(decisions.filter(({ outcome }) => outcome === "launched").map(({ job }) => job));
    const apart = [...launched].filter(job => this.#suspects.has(job));
    if (apart.length === 0) return pagesOf(decisions, size);
    const isApart = new Set(apart);
    const others = decisions.filter(({ job }) => !isApart.has(job));
    const batches = pagesOf(others, size);
    const failures = (job: string) => this.#suspects.get(job)?.failures ?? 0;
    for (const count of [...new Set(apart.map(failures))].sort((a, b) => a - b)) {
      const alike = apart.filter(job => failures(job) === count);
      for (const group of pagesOf(alike, Math.ceil(alike.length / 4))) {
        const members = new Set(group);
        const theirs = decisions.filter(({ job }) => members.has(job));
        // Its ticks together may be too large where one is not.
        const end = theirs.findIndex(({ outcome }) => outcome === "launched") + 1;
        batches.push(...pagesOf(group.length === 1 ? theirs.slice(0, end) : theirs, size));
      }
    }
    return batches;
  }

  /** Takes in how a transaction ended. True when a job has been quarantined: open the term again. */
  async settle(term: Term, committed: Committed): Promise<boolean> {
    const before = this.#added;
    for (const { job, outcome: became } of committed.decided) {
      if (became !== "launched") continue;
      this.#added++;
      if (this.#suspects.has(job) && !committed.failed.has(job)) this.#recover(term, job);
    }
    const failed = [...committed.failed].filter(([, reason]) => !isServerRefusal(reason));
    for (const [job, reason] of failed) this.#fail(term, job, { reason, before, isAlone: true, most: 2 });
    await this.#save(term);
    return failed.some(([job]) => this.#isHeld(job));
  }

  /** Takes in that a transaction failed as a whole. True as for `settle`. */
  async fail(term: Term, batch: readonly Decision[], error: unknown): Promise<boolean> {
    if (isBellwetherError(error, "BW_REDIS_AWAY") || isBellwetherError(error, "BW_CONNECTION_CHANGED"))
      return false;
    const isRefused = isBellwetherError(error, "BW_LAUNCH_REFUSED");
    const cause = isRefused ? error.cause : error;
    const refusal =
      cause instanceof Error && "previousErrors" in cause ? [cause.previousErrors].flat()[0] : null;
    const reason = messageOf(refusal ?? cause);
    if (isServerRefusal(reason)) return false;
    const jobs = new Set(batch.filter(({ outcome }) => outcome === "launched").map(({ job }) => job));
    const isAlone = jobs.size === 1;
    // A connection may break by itself, and again.
    for (const job of jobs) {
      this.#fail(term, job, { reason, before: this.#added, isAlone, most: isRefused ? 2 : 4 });
    }
    const [job = ""] = jobs;
    return isAlone && this.#isHeld(job);
  }

  #fail(
    term: Term,
    job: string,
    failure: { reason: string; before: number; isAlone: boolean; most: number },
  ): void {
    const { reason, before, isAlone, most } = failure;
    const suspect = this.#suspects.get(job) ?? { ...this.#suspect(reason), added: before };
    this.#suspects.set(job, suspect);
    suspect.reason = reason;
    suspect.failures++;
    const wasHeld = suspect.isTold || suspect.isRecorded;
    const isJudged = suspect.failures >= most && (wasHeld || this.#added > suspect.added);
    if (isAlone && isJudged) this.#hold(term, job, suspect);
  }

  #suspect(reason: string, sinceMs = this.#options.clock.nowMs()): Suspect {
    return {
      sinceMs: Math.floor(sinceMs),
      isCorrupt: false,
      reason,
      failures: 0,
      added: this.#added,
      heldUntilMs: null,
      delayMs: 0,
      isTold: false,
      isRecorded: false,
    };
  }

  #hold(term: Term, job: string, suspect: Suspect): void {
    const { clock, events } = this.#options;
    suspect.delayMs = Math.min(suspect.delayMs * 2 || FIRST_RETRY_MS, MAX_RETRY_MS);
    suspect.heldUntilMs = clock.monotonicMs() + suspect.delayMs;
    suspect.added = this.#added;
    const { reason, sinceMs, delayMs, isCorrupt } = suspect;
    this.#unsaved.set(job, { sinceMs, reason, isCorrupt });
    if (suspect.isTold) return;
    suspect.isTold = true;
    const code = isCorrupt ? "state_corrupt" : "run_not_added";
    const told = { ...tellReason({ code, why: reason }), fix: FIXES[code], retryInMs: delayMs };
    events.emit("job.quarantined", { job, term: term.number, ...told });
  }

  #recover(term: Term, job: string): void {
    const { clock, events } = this.#options;
    const suspect = this.#suspects.get(job);
    this.#suspects.delete(job);
    if (!suspect?.isTold && !suspect?.isRecorded) return;
    this.#unsaved.set(job, null);
    const forMs = Math.max(clock.nowMs() - suspect.sinceMs, 0);
    events.emit("job.recovered", { job, term: term.number, forMs });
  }

  #isHeld(job: string): boolean {
    return (this.#suspects.get(job)?.heldUntilMs ?? null) !== null;
  }

  #held(): Suspect[] {
    return [...this.#suspects.values()].filter(({ heldUntilMs }) => heldUntilMs !== null);
  }

  /** The records are for people. Where Redis does not take them now, they are written with the next ones. */
  async #save(term: Term): Promise<void> {
    if (this.#unsaved.size === 0) return;
    const records = new Map(this.#unsaved);
    try {
      await this.#options.launcher.quarantine(term.fence, records);
      for (const [job, record] of records) if (this.#unsaved.get(job) === record) this.#unsaved.delete(job);
    } catch {
      // Kept.
    }
  }
}

const FIXES: Readonly<Record<QuarantineReason["code"], string>> = {
  state_corrupt:
    "run the command that the reason names, or correct the value; the leader tries again by itself",
  run_not_added:
    "fix what the reason names: the queue's keys in Redis, the job's data, or limits of the server; the leader tries again by itself, and after each change of the configuration",
};
