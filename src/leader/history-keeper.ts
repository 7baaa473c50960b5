import type { Clock } from "../clock/clock.ts";
import { Wakeup } from "../clock/wakeup.ts";
import type { Term } from "../election/term.ts";
import type { Events } from "../events.ts";
import { HISTORY_ENTRIES } from "../launch/history.ts";
import { estimateOf, type FinishedPass, nextPass, type Sample } from "../launch/history-budget.ts";
import type { Histories, PassUnderWay, UseState } from "../launch/history-use.ts";

/** How often the sum is estimated. Within this time histories grow by some 80 MB at 5,000 runs a second. */
const INTERVAL_MS = 30_000;
/** A leader has more urgent work at first. */
const FIRST_MS = 5_000;
/** Between two scripts of a pass, so that launches need not wait for them. A pass over 100,000 jobs takes some 20 s. */
const PAUSE_MS = 15;
/** Each pass cuts to a lower level than the one before: after these the next check goes on. */
const PASSES = 12;

export interface HistorySettings {
  readonly perJob: number;
  readonly memoryBytes: number | null;
}

export interface HistoryKeeperOptions {
  readonly clock: Pick<Clock, "sleep" | "nowMs">;
  readonly events: Events;
  readonly term: Pick<Term, "number" | "signal">;
  readonly histories: Pick<Histories, "read" | "sample" | "page" | "tend" | "note">;
  /** What the replica carries by now. */
  readonly settings: () => HistorySettings;
  /** Does a check; null when it fails. It reports where Redis refuses it. */
  readonly attempt: <T>(check: () => Promise<T>) => Promise<T | null>;
}

/**
 * Keeps the histories within their budget, in the term of a leader. Where it is at is in Redis, written by each script of a
 * pass together with what that script cut: the next leader goes on from there.
 */
export class HistoryKeeper {
  readonly #options: HistoryKeeperOptions;
  readonly #changed = new Wakeup();
  #isOverReported = false;

  constructor(options: HistoryKeeperOptions) {
    this.#options = options;
  }

  /** The settings may be others now: check again. */
  hint(): void {
    this.#changed.notify();
  }

  /** Checks for as long as the work goes on. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const ending = new AbortController();
    void this.#repeat(ending.signal);
    try {
      return await work();
    } finally {
      ending.abort();
    }
  }

  async #repeat(ending: AbortSignal): Promise<void> {
    const { clock, attempt } = this.#options;
    await clock.sleep(FIRST_MS, ending);
    while (!ending.aborted) {
      this.#changed.clear();
      if ((await attempt(() => this.check(ending))) === "fenced") return;
      await clock.sleep(INTERVAL_MS, AbortSignal.any([ending, this.#changed.signal]));
    }
  }

  /** Estimates what the histories take, and passes over all of them where that is needed. */
  async check(ending: AbortSignal = this.#options.term.signal): Promise<"done" | "fenced"> {
    const { histories, settings } = this.#options;
    const before = await histories.read();
    let state = before;
    let last: FinishedPass | null = null;
    for (let i = 0; i < PASSES && !ending.aborted; i++) {
      const { pass } = state;
      if (pass !== null && isOf(pass, settings())) {
        const ended = await this.#walk(pass, ending);
        if (ended === "fenced") return "fenced";
        if (ended === "done") last = await this.#finish();
      } else {
        const begun = await this.#begin(state, last);
        if (begun === "fenced") return "fenced";
        if (begun === "rest") break;
        last = null;
      }
      state = await histories.read();
    }
    this.#report(before, await histories.read());
    return "done";
  }

  /** Begins a pass where one is needed; otherwise writes down what was found. */
  async #begin(
    { perJob: trimmedTo, countedAtMs }: UseState,
    last: FinishedPass | null,
  ): Promise<"begun" | "rest" | "fenced"> {
    const { histories, clock, settings } = this.#options;
    const { perJob, memoryBytes: budgetBytes } = settings();
    const sample = await histories.sample();
    if (sample === null) return "fenced";
    const isShortened = perJob < (trimmedTo ?? HISTORY_ENTRIES);
    const next = nextPass({ sample, budgetBytes, isShortened, last, countedAtMs, nowMs: clock.nowMs() });
    if (typeof next === "object") {
      const about = { passBudget: budgetBytes ?? "", passPerJob: perJob, page: "0" };
      const sums = { done: 0, bytes: 0, entries: 0, jobs: 0, foldedNow: 0, droppedNow: 0 };
      return (await histories.note({ ...next, ...about, ...sums })) ? "begun" : "fenced";
    }
    const used = last === null ? this.#estimated(sample) : {};
    const about = { budget: budgetBytes ?? "", perJob, mode: "", over: next === "over" ? 1 : 0 };
    return (await histories.note({ ...used, ...about })) ? "rest" : "fenced";
  }

  /** "changed": the settings are others now, or the term ends. */
  async #walk(pass: PassUnderWay, ending: AbortSignal): Promise<"done" | "fenced" | "changed"> {
    const { histories, clock, settings } = this.#options;
    let from = pass.page;
    let { done } = pass;
    let noted = {};
    do {
      const { jobs, next } = await histories.page(from);
      let left = jobs.slice(done);
      while (left.length > 0) {
        if (ending.aborted || !isOf(pass, settings())) return "changed";
        const finished = await histories.tend(pass, left, noted);
        if (finished === null) return "fenced";
        left = left.slice(finished);
        noted = {};
        await clock.sleep(PAUSE_MS, ending);
      }
      from = next;
      done = 0;
      noted = { page: from, done };
    } while (from !== "0");
    return "done";
  }

  /** The sums of the pass are what the histories take. Null when a newer term is in force, or has begun the pass anew. */
  async #finish(): Promise<FinishedPass | null> {
    const { histories } = this.#options;
    const { pass } = await histories.read();
    return pass !== null && (await histories.note(this.#counted(pass))) ? pass : null;
  }

  #counted({ bytes, entries, jobs, perJob, budgetBytes }: PassUnderWay) {
    const atMs = Math.floor(this.#options.clock.nowMs());
    const used = { usedBytes: bytes, usedEntries: entries, usedJobs: jobs, errorBytes: 0 };
    return { ...used, perJob, budget: budgetBytes ?? "", measuredAt: atMs, countedAt: atMs, mode: "" };
  }

  #estimated(sample: Sample) {
    const { bytes, entries, errorBytes } = estimateOf(sample);
    const measuredAt = Math.floor(this.#options.clock.nowMs());
    return { usedBytes: bytes, usedEntries: entries, usedJobs: sample.jobs, errorBytes, measuredAt };
  }

  #report(before: UseState, { use }: UseState): void {
    const { events, term } = this.#options;
    if (use === null) return;
    const { bytes, budgetBytes, isOver } = use;
    const folded = use.folded - (before.use?.folded ?? 0);
    const dropped = use.dropped - (before.use?.dropped ?? 0);
    const about = { term: term.number, bytes, budgetBytes: budgetBytes ?? 0 };
    if (folded + dropped > 0) events.emit("history.folded", { ...about, folded, dropped });
    if (isOver && !this.#isOverReported) events.emit("history.overBudget", { ...about, jobs: use.jobs });
    this.#isOverReported = isOver;
  }
}

/** Whether the pass is one of these settings. */
function isOf(pass: PassUnderWay, { perJob, memoryBytes }: HistorySettings): boolean {
  return pass.perJob === perJob && pass.budgetBytes === memoryBytes;
}
