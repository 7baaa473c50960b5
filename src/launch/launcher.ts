import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import type { Decision, LaunchDecision } from "../schedule/plan.ts";
import { readCursors } from "./cursors.ts";
import { LaunchQueue } from "./launch-queue.ts";
import { LaunchTransaction, type SentTransaction } from "./launch-transaction.ts";
import { runIdOf } from "./run-id.ts";

const OPEN_TERM = new Script(new URL("./open-term.lua", import.meta.url));

/** A script over this many jobs holds Redis up for some 20 ms. */
const JOBS_A_SCRIPT = 5_000;
/**
 * A new schedule begins a moment before it is first seen: a tick that both schedules have, and that fell due in the
 * gap between the old pod and the new one, must not be lost. As long as a tick counts as on time (plan.ts).
 */
const CHANGE_REACH_MS = 5_000;

const openReply = z.union([
  z.tuple([z.literal("fenced")]),
  z.tuple([z.literal("opened")]).rest(z.coerce.number()),
]);
/** Where a job stands. */
export interface Book {
  /** The newest decided tick, epoch ms. */
  readonly cursor: number;
  /** Ticks before this belong to an earlier schedule of the job; 0 when it never changed. */
  readonly beginsAt: number;
}

export type OpenOutcome =
  | { readonly outcome: "opened"; readonly books: ReadonlyMap<string, Book> }
  | { readonly outcome: "fenced" };

/** What became of one decision; `by` is the run that stood in the way. */
export interface Settled {
  readonly decision: Decision;
  readonly outcome: "launched" | "queued" | "skipped" | "missed";
  readonly run?: string;
  readonly by?: string;
  /** The run that was waiting behind the same one, and gave up its place to this one. */
  readonly displaced?: string;
}

/** One transaction's worth of decisions. */
export interface Commit {
  readonly fence: string;
  readonly term: number;
  /** In order within each job. */
  readonly decisions: readonly Decision[];
  /** What the decisions were planned from. */
  readonly cursors: ReadonlyMap<string, number>;
  readonly nowMs: number;
}

export type CommitOutcome =
  /** `refused`: why Redis did not add the runs of the other decisions. Their cursors stand; open the term again. */
  | { readonly outcome: "committed"; readonly settled: readonly Settled[]; readonly refused: string | null }
  /** A newer term stands, or the term is unknown to Redis. */
  | { readonly outcome: "fenced" }
  /** The cursors are not where the plan assumed; nothing was written. Open the term again and plan anew. */
  | { readonly outcome: "moved" };

export interface LauncherOptions {
  /** A connection of its own that never resends (`connectRedis`, purpose "fenced"). */
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly jobs: readonly Job[];
}

/**
 * Turns decisions into runs, exactly once: run, cursor and record change in one transaction that is void when
 * the term or a cursor moved (DESIGN §5.2). After any rejection the outcome is unknown, and the only way on is
 * `open`: the cursors say what was committed.
 */
export class Launcher {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;
  readonly #jobs: ReadonlyMap<string, Job>;
  readonly #queues = new Map<string, LaunchQueue>();
  #connections = 0;
  #openedOn = -1;

  constructor(options: LauncherOptions) {
    this.#redis = options.redis;
    this.#keys = options.keys;
    this.#jobs = new Map(options.jobs.map(job => [job.name, job]));
    this.#redis.on("close", () => {
      this.#connections++;
    });
  }

  /**
   * False when the connection broke since the last `open`. What was read before may then be wrong: after a
   * failover that lost writes, ticks that had been launched must be launched again.
   */
  isOpen(): boolean {
    return this.#openedOn === this.#connections;
  }

  /** Gives each job its cursor, if it has none, and reads where all of them stand. */
  async open(fence: string, nowMs: number): Promise<OpenOutcome> {
    const connection = this.#connections;
    const jobs = [...this.#jobs.values()];
    const books = new Map<string, Book>();
    for (let i = 0; i < jobs.length; i += JOBS_A_SCRIPT) {
      const page = await this.#openPage(fence, nowMs, jobs.slice(i, i + JOBS_A_SCRIPT));
      if (page === null) return this.#fenced();
      for (const [job, book] of page) books.set(job, book);
    }
    this.#openedOn = connection;
    return { outcome: "opened", books };
  }

  async #openPage(fence: string, nowMs: number, jobs: readonly Job[]): Promise<[string, Book][] | null> {
    const reply = openReply.parse(
      await OPEN_TERM.run(
        this.#redis,
        [this.#keys.term, this.#keys.cursors, this.#keys.schedules],
        [
          ...[fence, Math.floor(nowMs), Math.floor(nowMs - CHANGE_REACH_MS)],
          ...jobs.flatMap(job => [job.name, job.schedule.fingerprint]),
        ],
      ),
    );
    if (reply[0] === "fenced") return null;
    const [, ...numbers] = reply;
    return jobs.map((job, i) => [
      job.name,
      { cursor: numbers[2 * i] ?? Number.NaN, beginsAt: numbers[2 * i + 1] ?? Number.NaN },
    ]);
  }

  /** Commits the decisions in one transaction, or nothing. */
  async commit(commit: Commit): Promise<CommitOutcome> {
    const connection = this.#connections;
    const attempt = async () => {
      const standing = await this.#watch([...new Set(commit.decisions.map(decision => decision.job))]);
      if (standing.fence !== commit.fence) return { outcome: "fenced" } as const;
      if (standing.cursors.some(([job, cursor]) => cursor !== commit.cursors.get(job)))
        return { outcome: "moved" } as const;
      return await this.#execute(connection, commit);
    };
    try {
      const outcome = await attempt();
      if (outcome.outcome === "fenced") return this.#fenced();
      if (outcome.outcome === "moved") await this.#redis.unwatch();
      // A connection that thinks that the server knows a script which it has forgotten never finds out (ioredis).
      else if (outcome.refused !== null) this.#redis.disconnect(true);
      return outcome;
    } catch (error) {
      // The reply that did not come must not be taken for the answer to the next command.
      this.#redis.disconnect(true);
      throw error;
    }
  }

  /**
   * Where a newer term stands there is nothing left to do. But in a failover this may be the old server, and the
   * lease may be on the new one: the next term then begins on a connection that asks again which server it is.
   */
  #fenced(): { readonly outcome: "fenced" } {
    this.#redis.disconnect(true);
    return { outcome: "fenced" };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map(queue => queue.close()));
  }

  /**
   * Reads the fence and the cursors under WATCH. All three are written at once, so on one connection and in this
   * order; without an answer to each of them nothing more is sent.
   */
  async #watch(jobs: readonly string[]) {
    const [, fence, cursors] = await Promise.all([
      this.#redis.watch(this.#keys.term, this.#keys.cursors),
      this.#redis.get(this.#keys.term),
      readCursors(this.#redis, this.#keys, jobs),
    ]);
    return { fence, cursors: jobs.map((job, i) => [job, cursors[i]] as const) };
  }

  async #execute(connection: number, { term, decisions, nowMs }: Commit): Promise<CommitOutcome> {
    const queues = await this.#queuesOf(decisions.filter(decision => decision.outcome === "launch"));
    const transaction = new LaunchTransaction({ redis: this.#redis, keys: this.#keys, term, nowMs });
    for (const decision of decisions) {
      if (decision.outcome === "miss") {
        transaction.miss(decision);
      } else {
        const job = this.#job(decision.job);
        transaction.launch(decision, job, queues.get(job.queue) as LaunchQueue);
      }
    }
    const send = await transaction.seal();
    // The WATCH is the old connection's; a transaction on the new one would be guarded by nothing.
    if (connection !== this.#connections) throw new BellwetherError("BW_CONNECTION_CHANGED", {});
    return settle(decisions, await send());
  }

  #job(name: string): Job {
    const job = this.#jobs.get(name);
    if (!job)
      throw new BellwetherError("BW_BUG", {
        rule: `this replica has every job that it plans, but not ${name}`,
      });
    return job;
  }

  /** The queues of the decisions, each with BullMQ's scripts loaded. */
  async #queuesOf(decisions: readonly LaunchDecision[]): Promise<ReadonlyMap<string, LaunchQueue>> {
    for (const name of new Set(decisions.map(decision => this.#job(decision.job).queue))) {
      if (this.#queues.has(name)) continue;
      this.#queues.set(name, await LaunchQueue.open(name, this.#redis, this.#keys.bullmqPrefix));
    }
    return this.#queues;
  }
}

/** Matches each decision with what the transaction says became of it. */
function settle(decisions: readonly Decision[], sent: SentTransaction | null): CommitOutcome {
  if (sent === null) return { outcome: "moved" };
  const settled = sent.outcomes.flatMap(([outcome, by, displaced], i): Settled[] => {
    const decision = decisions[i];
    if (outcome === "failed" || !decision) return [];
    const run = decision.outcome === "launch" ? { run: runIdOf(decision.job, decision.tickAt) } : {};
    return [{ decision, outcome, ...run, ...(by ? { by } : {}), ...(displaced ? { displaced } : {}) }];
  });
  return { outcome: "committed", settled, refused: sent.refused };
}
