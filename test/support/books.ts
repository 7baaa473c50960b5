import type { Job } from "../../src/config/config.ts";
import type { Commit, CommitOutcome, OpenOutcome, Settled } from "../../src/launch/launcher.ts";
import { NO_ORDERS, type Orders } from "../../src/launch/orders.ts";
import type { Decision } from "../../src/schedule/plan.ts";

/** What goes wrong with one call. "lost answer": it is carried out, and the caller is not told. */
export type Trouble = "none" | "not done" | "lost answer" | "new connection";

/**
 * The launcher's contract over books in memory, with trouble as the test wants it: cursors and decisions that
 * any number of leaders share. What the real launcher does to Redis is tested against Redis.
 */
export class Books {
  fence: string | null = null;
  readonly cursors = new Map<string, number>();
  readonly launchedCounts = new Map<string, number>();
  readonly openings: {
    readonly nowMs: number;
    readonly changedMs: number;
    readonly jobs: readonly string[];
  }[] = [];
  orders: Orders = NO_ORDERS;
  /** How often a leader asked for the version of the orders. */
  looks = 0;
  readonly decided: { readonly term: number; readonly decision: Decision }[] = [];
  readonly commits: Commit[] = [];
  trouble: () => Trouble = () => "none";
  /** While it is set, Redis adds no run. */
  refuse: (() => void) | null = null;

  /** Gives an order, as an operator would. */
  order(change: Partial<Omit<Orders, "version">>): void {
    this.orders = { ...this.orders, ...change, version: this.orders.version + 1 };
  }

  launcher(first: readonly Job[]) {
    let isOpen = false;
    let jobs = first;
    const carryOut = <T>(act: () => T): T => {
      const trouble = this.trouble();
      if (trouble === "not done" || trouble === "lost answer") isOpen = false;
      if (trouble === "not done") throw new Error("connection closed");
      const outcome = act();
      if (trouble === "lost answer") throw new Error("connection closed");
      if (trouble === "new connection") isOpen = false;
      return outcome;
    };
    return {
      isOpen: () => isOpen,
      setJobs: (next: readonly Job[]) => {
        jobs = next;
      },
      readOrders: async () => this.orders,
      readOrdersVersion: async () => {
        this.looks++;
        return this.orders.version;
      },
      retire: async () => [],
      open: async (fence: string, nowMs: number, changedMs: number): Promise<OpenOutcome> =>
        carryOut(() => {
          if (fence !== this.fence) return { outcome: "fenced" };
          this.openings.push({ nowMs, changedMs, jobs: jobs.map(job => job.name) });
          for (const { name } of jobs) if (!this.cursors.has(name)) this.cursors.set(name, Math.floor(nowMs));
          isOpen = true;
          const books = [...this.cursors].map(([job, cursor]) => {
            return [job, { cursor, launched: this.launchedCounts.get(job) ?? 0 }] as const;
          });
          return { outcome: "opened", books: new Map(books), orders: this.orders };
        }),
      commit: async (commit: Commit): Promise<CommitOutcome> => carryOut(() => this.#commit(commit)),
    };
  }

  launched(job: string): number[] {
    return this.decided
      .filter(({ decision }) => decision.outcome === "launch" && decision.job === job)
      .map(({ decision }) => decision.tickAt);
  }

  #commit(commit: Commit): CommitOutcome {
    this.commits.push(commit);
    if (commit.fence !== this.fence) return { outcome: "fenced" };
    if (this.refuse) {
      this.refuse();
      return { outcome: "committed", settled: [], refused: "OOM" };
    }
    const jobs = new Set(commit.decisions.map(decision => decision.job));
    if ([...jobs].some(job => this.cursors.get(job) !== commit.cursors.get(job))) return { outcome: "moved" };
    if (commit.orders !== this.orders.version) return { outcome: "moved" };
    const settled = commit.decisions.map((decision): Settled => {
      this.cursors.set(decision.job, decision.tickAt);
      this.decided.push({ term: commit.term, decision });
      if (decision.outcome !== "launch") {
        return { decision, outcome: decision.outcome === "miss" ? "missed" : "skipped" };
      }
      this.launchedCounts.set(decision.job, (this.launchedCounts.get(decision.job) ?? 0) + 1);
      return { decision, outcome: "launched", run: `${decision.tickAt}` };
    });
    return { outcome: "committed", settled, refused: null };
  }
}
