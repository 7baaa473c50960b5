import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import type { Decision, LaunchDecision } from "../schedule/plan.ts";
import { readCursors } from "./cursors.ts";
import { LaunchQueue } from "./launch-queue.ts";
import { type DecisionOutcome, LaunchTransaction } from "./launch-transaction.ts";
import { runIdOf } from "./run-id.ts";

const OPEN_TERM = new Script(new URL("./open-term.lua", import.meta.url));

const openReply = z.union([
  z.tuple([z.literal("fenced")]),
  z.tuple([z.literal("opened")]).rest(z.coerce.number()),
]);
export type OpenOutcome =
  | { readonly outcome: "opened"; readonly cursors: Map<string, number> }
  | { readonly outcome: "fenced" };

/** What became of one decision; `by` is the run that stood in the way. */
export interface Settled {
  readonly decision: Decision;
  readonly outcome: "launched" | "queued" | "skipped" | "missed";
  readonly run?: string;
  readonly by?: string;
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
  | { readonly outcome: "committed"; readonly settled: readonly Settled[] }
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

  /** Gives each job its cursor, if it has none, and reads all of them. */
  async open(fence: string, nowMs: number): Promise<OpenOutcome> {
    const connection = this.#connections;
    const jobs = [...this.#jobs.values()];
    const reply = openReply.parse(
      await OPEN_TERM.run(
        this.#redis,
        [this.#keys.term, this.#keys.cursors, this.#keys.schedules],
        [fence, Math.floor(nowMs), ...jobs.flatMap(job => [job.name, job.schedule.fingerprint])],
      ),
    );
    if (reply[0] === "fenced") return { outcome: "fenced" };
    const [, ...cursors] = reply;
    this.#openedOn = connection;
    return { outcome: "opened", cursors: new Map(jobs.map((job, i) => [job.name, cursors[i] as number])) };
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
      if (outcome.outcome !== "committed") await this.#redis.unwatch();
      return outcome;
    } catch (error) {
      // The reply that did not come must not be taken for the answer to the next command.
      this.#redis.disconnect(true);
      throw error;
    }
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
      const queue = new LaunchQueue(name, this.#redis, this.#keys.bullmqPrefix);
      await queue.ready();
      this.#queues.set(name, queue);
    }
    return this.#queues;
  }
}

/** Matches each decision with what the transaction says became of it. */
function settle(decisions: readonly Decision[], outcomes: readonly DecisionOutcome[] | null): CommitOutcome {
  if (outcomes === null) return { outcome: "moved" };
  const settled = outcomes.map(([outcome, by], i): Settled => {
    const decision = decisions[i] as Decision;
    const run = decision.outcome === "launch" ? { run: runIdOf(decision.job, decision.tickAt) } : {};
    return { decision, outcome, ...run, ...(by ? { by } : {}) };
  });
  return { outcome: "committed", settled };
}
