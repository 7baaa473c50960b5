import type { Clock } from "../clock/clock.ts";
import type { Job } from "../config/config.ts";
import type { Term } from "../election/elector.ts";
import { BellwetherError } from "../errors.ts";
import type { Events } from "../events.ts";
import type { Book, Launcher, Settled } from "../launch/launcher.ts";
import { tickOfRun } from "../launch/run-id.ts";
import { type Decision, type PlannedJob, planTicks } from "../schedule/plan.ts";
import { DueQueue } from "./due-queue.ts";

/**
 * Ticks per transaction. A thousand hold Redis up for some 50 ms; smaller ones are launched later, because the
 * workers that the first of them wakes get in the way of the next (bench/same-second.ts: all of 1,000 jobs launched
 * after 94 ms in one transaction, 148 in two, 183 in four).
 */
const BATCH = 1_000;
/** Jobs planned in one go; between two of them the event loop turns, so that the lease is renewed in time. */
const JOBS_A_TURN = 1_000;
/** The longest sleep: how soon a broken connection or a corrected clock is noticed while nothing is due. */
const MAX_SLEEP_MS = 1_000;
const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 2_000;
/** A leader that could launch nothing for this long resigns: another replica may fare better. */
const GIVE_UP_MS = 30_000;

export interface LeaderLoopOptions {
  readonly launcher: Pick<Launcher, "open" | "commit" | "isOpen">;
  readonly clock: Clock;
  readonly events: Events;
  readonly jobs: readonly Job[];
  readonly random?: () => number;
}

/**
 * What a term does: read the cursors, plan, launch, sleep, until the term ends.
 *
 *     open ──▶ plan ──▶ commit ──▶ sleep until the next tick
 *       ▲       ▲         │              │
 *       │       └─────────┴──────────────┘
 *       └── unknown outcome, moved cursors, new connection
 *
 * Nothing is remembered over an error: whatever went wrong, the cursors in Redis say what must be done.
 */
export class LeaderLoop {
  readonly #options: LeaderLoopOptions;
  readonly #jobs: ReadonlyMap<string, Job>;

  constructor(options: LeaderLoopOptions) {
    this.#options = options;
    this.#jobs = new Map(options.jobs.map(job => [job.name, job]));
  }

  async lead(term: Term): Promise<"fenced" | "ended"> {
    const { clock, events, random = Math.random } = this.#options;
    const trouble = new Trouble(clock);
    while (!term.signal.aborted) {
      try {
        const outcome = await this.#work(term, trouble);
        if (outcome === "fenced") return term.signal.aborted ? "ended" : "fenced";
      } catch (error) {
        if (term.signal.aborted) return "ended";
        const { forMs, retryMs, isNew } = trouble.meet();
        // Once per trouble: a connection that stays away is told by redis.unreachable, not by every retry.
        if (isNew) events.emit("launch.failed", { term: term.number, error: messageOf(error) });
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
  async #work(term: Term, trouble: Trouble): Promise<"fenced" | "reopen" | "ended"> {
    const { launcher, clock } = this.#options;
    const opened = await launcher.open(term.fence, clock.nowMs());
    if (opened.outcome === "fenced") return "fenced";
    const { books } = opened;
    const cursors = new Map([...books].map(([job, { cursor }]) => [job, cursor]));
    const due = new DueQueue();
    for (const job of this.#jobs.keys()) due.put(job, Number.NEGATIVE_INFINITY);

    while (!term.signal.aborted) {
      if (!launcher.isOpen()) return "reopen";
      const nowMs = clock.nowMs();
      const taken = due.takeDue(nowMs, JOBS_A_TURN);
      if (taken.length === 0) {
        trouble.end();
        await clock.sleep(
          Math.min((due.nextDueMs ?? Number.POSITIVE_INFINITY) - nowMs, MAX_SLEEP_MS),
          term.signal,
        );
        continue;
      }
      const plan = planTicks({ jobs: taken.map(name => this.#planned(name, cursors, books)), nowMs });
      const outcome = await this.#commit(term, plan.decisions, cursors);
      if (outcome !== "committed") return outcome;
      if (plan.decisions.length > 0) trouble.end();
      for (const [name, dueMs] of plan.nextDue) if (dueMs !== null) due.put(name, dueMs);
      await clock.sleep(0, term.signal);
    }
    return "ended";
  }

  async #commit(
    term: Term,
    decisions: readonly Decision[],
    cursors: Map<string, number>,
  ): Promise<"committed" | "fenced" | "reopen" | "ended"> {
    const { launcher, clock } = this.#options;
    for (let i = 0; i < decisions.length; i += BATCH) {
      if (term.signal.aborted) return "ended";
      const batch = decisions.slice(i, i + BATCH);
      const nowMs = clock.nowMs();
      const outcome = await launcher.commit({
        fence: term.fence,
        term: term.number,
        decisions: batch,
        cursors,
        nowMs,
      });
      if (outcome.outcome === "fenced") return "fenced";
      if (outcome.outcome === "moved") return "reopen";
      for (const { decision } of outcome.settled) cursors.set(decision.job, decision.tickAt);
      for (const settled of outcome.settled) this.#tell(term, settled, nowMs);
      if (outcome.refused !== null) {
        const ticks = batch.length - outcome.settled.length;
        throw new BellwetherError("BW_LAUNCH_REFUSED", { ticks, why: outcome.refused });
      }
    }
    return "committed";
  }

  #planned(name: string, cursors: ReadonlyMap<string, number>, books: ReadonlyMap<string, Book>): PlannedJob {
    const job = this.#jobs.get(name) as Job;
    const { schedule, catchUp, catchUpWindowMs } = job;
    const cursor = cursors.get(name) as number;
    return { name, schedule, catchUp, catchUpWindowMs, cursor, beginsAt: books.get(name)?.beginsAt ?? 0 };
  }

  #tell(term: Term, settled: Settled, nowMs: number): void {
    const { events } = this.#options;
    const { decision, outcome, run = "", by, displaced } = settled;
    const about = { job: decision.job, tick: new Date(decision.tickAt).toISOString(), term: term.number };
    if (decision.outcome === "miss") {
      const { reason, fromAt, count } = decision;
      const range = fromAt === undefined ? {} : { from: new Date(fromAt).toISOString(), count: count ?? 1 };
      events.emit("tick.missed", { ...about, reason, ...range });
    } else if (outcome === "skipped") {
      events.emit("tick.skipped", { ...about, reason: "overlap", ...(by ? { run: by } : {}) });
    } else {
      const lateMs = Math.max(0, Math.floor(nowMs - decision.tickAt));
      events.emit("tick.launched", { ...about, lateMs, run, kind: decision.kind });
    }
    if (displaced !== undefined) {
      const tick = tickOfRun(displaced);
      events.emit("tick.skipped", { ...about, tick, reason: "replaced by a newer tick", run });
    }
  }
}

/** A row of failures without a success between them. */
class Trouble {
  readonly #clock: Clock;
  #sinceMs: number | null = null;
  #failures = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  meet(): { readonly forMs: number; readonly retryMs: number; readonly isNew: boolean } {
    const nowMs = this.#clock.monotonicMs();
    this.#sinceMs ??= nowMs;
    this.#failures++;
    const retryMs = Math.min(MIN_RETRY_MS * 2 ** (this.#failures - 1), MAX_RETRY_MS);
    return { forMs: nowMs - this.#sinceMs, retryMs, isNew: this.#failures === 1 };
  }

  end(): void {
    this.#sinceMs = null;
    this.#failures = 0;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
