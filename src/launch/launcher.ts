import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import { FORMAT } from "../redis/format.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { type Decision, type LaunchDecision, laneOf } from "../schedule/plan.ts";
import { type Controls, readControls, readControlsVersion, VERSION_FIELD, versionOf } from "./controls.ts";
import { readLaneCursors } from "./cursors.ts";
import { type ClosedEpoch, readClosedEpochs } from "./epochs.ts";
import { type JobState, loadJobStates } from "./job-states.ts";
import { LaunchQueue } from "./launch-queue.ts";
import { LaunchTransaction, type SentTransaction } from "./launch-transaction.ts";
import { applyOverlap, type Blocker } from "./overlap.ts";
import { type QuarantineRecord, readQuarantine, writeQuarantine } from "./quarantine.ts";
import { findBrokenQueues } from "./queue-types.ts";
import { forgetEpochs, type RemovedLane, readRemoved, retireJobs } from "./retire.ts";
import { type DecisionResult, type FoundDecisions, resultOf, Unanswered } from "./unanswered.ts";
import { type NewestRun, readNewestRuns } from "./unfinished.ts";

export type OpenOutcome =
  | {
      readonly outcome: "opened";
      readonly jobStates: ReadonlyMap<string, JobState>;
      /** Jobs that are left out because another program wrote into their state: why, and what to do. */
      readonly corrupt: ReadonlyMap<string, string>;
      /** What this or an earlier leader wrote with `quarantine`. */
      readonly quarantined: ReadonlyMap<string, QuarantineRecord>;
      /** What the transaction decided whose answer was lost, if it was in this term; each is named once. */
      readonly found: readonly FoundDecisions[];
      /** Of these jobs and of others. */
      readonly closed: readonly ClosedEpoch[];
      readonly controls: Controls;
      /** The newest runs of the jobs with `overlap: queue`. */
      readonly newestRuns: ReadonlyMap<string, NewestRun>;
    }
  | { readonly outcome: "fenced" };

/** One transaction's worth of decisions. */
export interface Commit {
  readonly fence: string;
  readonly term: number;
  /** In order within each lane. */
  readonly decisions: readonly Decision[];
  /** By lane (`laneOf`), what the decisions were planned from. */
  readonly cursors: ReadonlyMap<string, number>;
  /** The version of the controls that they were planned under. */
  readonly controlsVersion: number;
  readonly nowMs: number;
}

export type CommitOutcome =
  | {
      readonly outcome: "committed";
      readonly results: readonly DecisionResult[];
      /** By job, what its next tick waits for: that tick and those after it are not decided. */
      readonly held: ReadonlyMap<string, Blocker>;
      /** Why Redis did not add the runs of the other decisions. Their cursors stand; open the term again. */
      readonly refused: string | null;
      /** By job, why its own run was not added; its later decisions are not carried out either. */
      readonly failed: ReadonlyMap<string, string>;
    }
  /** A newer term is in force, or the term is unknown to Redis. */
  | { readonly outcome: "fenced" }
  /** Cursors or controls are not what the plan assumed; nothing was written. Open the term again and plan again. */
  | { readonly outcome: "moved" };

export interface LauncherOptions {
  /** A connection of its own that never resends (`connectRedis`, purpose "noRetry"). */
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly jobs: readonly Job[];
  /** The newest format of the data that is understood; this release's own by default. */
  readonly format?: number;
}

/**
 * Turns decisions into runs, exactly once: run, cursor and record change in one transaction that is void when
 * the term or a cursor moved. After any rejection the outcome is unknown, and the only way on is
 * `open`: the cursors say what was committed.
 */
export class Launcher {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;
  readonly #format: number;
  #jobs: ReadonlyMap<string, Job>;
  readonly #queues = new Map<string, LaunchQueue>();
  /** Transactions that were sent and not answered. */
  readonly #unanswered = new Unanswered();
  #connections = 0;
  #openedOn = -1;

  constructor(options: LauncherOptions) {
    this.#redis = options.redis;
    this.#keys = options.keys;
    this.#format = options.format ?? FORMAT;
    this.#jobs = new Map(options.jobs.map(job => [job.name, job]));
    this.#redis.on("close", () => {
      this.#connections++;
    });
  }

  /** Whether there is a connection to launch over. */
  isConnected(): boolean {
    return this.#redis.status === "ready";
  }

  /**
   * False when the connection broke since the last `open`. What was read before may then be wrong: after a
   * failover that lost writes, ticks that had been launched must be launched again.
   */
  isOpen(): boolean {
    return this.#openedOn === this.#connections;
  }

  /** Takes over another set of jobs; open the term again before the next commit. */
  setJobs(jobs: readonly Job[]): void {
    this.#jobs = new Map(jobs.map(job => [job.name, job]));
    this.#openedOn = -1;
  }

  /**
   * Gives each job its cursor, if it has none, and reads where all of them are. Where the definition of a job is not the
   * one that is stored, this one is in force from `nowMs` on, and the one before becomes a closed epoch. Throws
   * BW_REDIS_AWAY where there is no connection to do it over. `onPage` is called for every few thousand jobs: very many take
   * seconds, and a leader that makes progress must not look like one that hangs.
   */
  async open(fence: string, nowMs: number, onPage?: () => void): Promise<OpenOutcome> {
    if (this.#redis.status !== "ready") throw new BellwetherError("BW_REDIS_AWAY", {});
    const connection = this.#connections;
    // First, so that a command which is given meanwhile is seen as a newer version.
    const controls = await readControls(this.#redis, this.#keys);
    const jobs = [...this.#jobs.values()];
    const opened = await loadJobStates(this.#redis, this.#keys, {
      fence,
      nowMs,
      jobs,
      onPage,
      format: this.#format,
    });
    if (opened === null) return this.#fenced();
    onPage?.();
    const closed = await readClosedEpochs(this.#redis, this.#keys);
    const quarantined = await readQuarantine(this.#redis, this.#keys);
    const newestRuns = await this.readNewestRuns(jobs.filter(({ overlap }) => overlap === "queue"));
    await this.#forgetQueues();
    this.#openedOn = connection;
    const cursors = new Map([...opened.jobStates].map(([job, { cursor }]) => [job, cursor]));
    for (const { job, number, cursor } of closed) cursors.set(laneOf({ job, epoch: number }), cursor);
    const found = this.#unanswered.find(fence, cursors);
    return { outcome: "opened", ...opened, found, quarantined, closed, controls, newestRuns };
  }

  /** What is known of the newest run of each job; cheap enough to ask again and again. */
  readNewestRuns(jobs: readonly Job[]): Promise<ReadonlyMap<string, NewestRun>> {
    return readNewestRuns(this.#redis, this.#keys, jobs);
  }

  /** The controls in force. */
  readControls(): Promise<Controls> {
    return readControls(this.#redis, this.#keys);
  }

  /**
   * The version of the controls in force; cheap enough to ask again and again. It shows that the leader of the term can
   * reach Redis over the connection that launches, and is its sign of life while it launches nothing.
   */
  readControlsVersion(fence: string): Promise<number> {
    return readControlsVersion(this.#redis, this.#keys, fence);
  }

  /**
   * Removes the state of jobs that no configuration has had for a day. Resolves with their names, or null when a newer
   * term is in force.
   */
  retire(fence: string, nowMs: number): Promise<readonly string[] | null> {
    return retireJobs(this.#redis, this.#keys, { fence, nowMs, kept: this.#jobs });
  }

  /** The undecided ticks of jobs that no configuration has, by schedule, or null when a newer term is in force. */
  removed(fence: string, nowMs: number): Promise<readonly RemovedLane[] | null> {
    return readRemoved(this.#redis, this.#keys, { fence, nowMs, kept: this.#jobs });
  }

  /** Records for people why jobs are not launched for now, or that they are again (null). */
  quarantine(fence: string, records: ReadonlyMap<string, QuarantineRecord | null>): Promise<void> {
    return writeQuarantine(this.#redis, this.#keys, fence, records);
  }

  /** Removes closed epochs, by lane, that have no undecided tick any more. False when a newer term is in force. */
  finish(fence: string, lanes: readonly string[]): Promise<boolean> {
    return forgetEpochs(this.#redis, this.#keys, fence, lanes);
  }

  /** Commits the decisions in one transaction, or nothing. */
  async commit(commit: Commit): Promise<CommitOutcome> {
    const connection = this.#connections;
    const attempt = async () => {
      const watched = await this.#watch(commit.decisions);
      if (watched.fence !== commit.fence) return { outcome: "fenced" } as const;
      const isMoved = [...watched.cursors].some(([lane, cursor]) => cursor !== commit.cursors.get(lane));
      if (isMoved || watched.controlsVersion !== commit.controlsVersion) return { outcome: "moved" } as const;
      return await this.#execute(connection, commit, watched);
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
   * Where a newer term is in force there is nothing left to do. But in a failover this may be the old server, and the
   * lease may be on the new one. The next term then begins on a connection that asks again which server it is.
   */
  #fenced(): { readonly outcome: "fenced" } {
    this.#redis.disconnect(true);
    return { outcome: "fenced" };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map(queue => queue.close()));
  }

  /**
   * Reads the fence, the cursors, the version of the controls and the newest runs of jobs whose runs must not overlap
   * under WATCH. All are written together, so on one connection and in this order; without an answer to each of them
   * nothing more is sent.
   */
  async #watch(decisions: readonly Decision[]): Promise<Watched> {
    const { term, cursors, epochCursors, orders } = this.#keys;
    const lanes = [...new Set(decisions.map(laneOf))];
    const launched = new Set(decisions.filter(({ outcome }) => outcome === "launch").map(({ job }) => job));
    const guarded = [...launched].map(name => this.#job(name)).filter(({ overlap }) => overlap !== "allow");
    const queues = [...new Set([...launched].map(name => this.#job(name).queue))];
    const [, fence, laneCursors, version, newestRuns, broken] = await Promise.all([
      this.#redis.watch(
        ...[term, cursors, epochCursors, orders],
        ...guarded.map(({ name }) => this.#keys.unfinished(name)),
      ),
      this.#redis.get(term),
      readLaneCursors(this.#redis, this.#keys, lanes),
      this.#redis.hget(orders, VERSION_FIELD),
      this.readNewestRuns(guarded),
      findBrokenQueues(this.#redis, this.#keys.bullmqPrefix, queues),
    ]);
    return { fence, cursors: laneCursors, controlsVersion: versionOf(version), newestRuns, broken };
  }

  async #execute(
    connection: number,
    { fence, term, decisions: planned, nowMs }: Commit,
    { newestRuns, broken }: Pick<Watched, "newestRuns" | "broken">,
  ): Promise<CommitOutcome> {
    const { decisions, held } = applyOverlap(planned, job => this.#job(job).overlap, newestRuns);
    if (decisions.length === 0) {
      await this.#redis.unwatch();
      return { outcome: "committed", results: [], held, refused: null, failed: new Map() };
    }
    const queues = await this.#queuesOf(decisions.filter(decision => decision.outcome === "launch"));
    const transaction = new LaunchTransaction({ redis: this.#redis, keys: this.#keys, term, nowMs });
    const unmade = new Map<string, string>();
    const sent: Decision[] = [];
    for (const decision of decisions) {
      if (unmade.has(decision.job)) continue;
      if (decision.outcome === "launch") {
        const job = this.#job(decision.job);
        const newest = newestRuns.get(job.name);
        const removed = newest?.state === "removed" ? newest.run : null;
        const why = broken.get(job.queue);
        if (why !== undefined) {
          unmade.set(job.name, why);
          continue;
        }
        try {
          transaction.launch(decision, job, queues.get(job.queue) as LaunchQueue, removed);
        } catch (error) {
          // BullMQ refuses to make such a run; nothing of it is in the transaction.
          unmade.set(job.name, error instanceof Error ? error.message : String(error));
          continue;
        }
      } else {
        transaction.pass(decision);
      }
      sent.push(decision);
    }
    const send = await transaction.seal();
    // The WATCH is the old connection's; a transaction on the new one would be guarded by nothing.
    if (connection !== this.#connections) throw new BellwetherError("BW_CONNECTION_CHANGED", {});
    const answered = this.#unanswered.send({ fence, nowMs, decisions: sent });
    const outcome = settle(sent, { held, unmade }, await send());
    answered(outcome.outcome === "committed" ? outcome.results : []);
    return outcome;
  }

  #job(name: string): Job {
    const job = this.#jobs.get(name);
    if (!job)
      throw new BellwetherError("BW_BUG", {
        rule: `this replica has every job that it plans, but not ${name}`,
      });
    return job;
  }

  /** Closes the queues that no job has any more. */
  async #forgetQueues(): Promise<void> {
    const kept = new Set([...this.#jobs.values()].map(job => job.queue));
    for (const [name, queue] of this.#queues) {
      if (kept.has(name)) continue;
      this.#queues.delete(name);
      await queue.close();
    }
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

/** What a commit finds when it begins. */
interface Watched {
  readonly fence: string | null;
  readonly cursors: ReadonlyMap<string, number | null>;
  readonly controlsVersion: number;
  readonly newestRuns: ReadonlyMap<string, NewestRun>;
  /** By queue, why BullMQ cannot add runs to it. */
  readonly broken: ReadonlyMap<string, string>;
}

/** Matches each decision with what the transaction says became of it. */
function settle(
  decisions: readonly Decision[],
  { held, unmade }: { held: ReadonlyMap<string, Blocker>; unmade: ReadonlyMap<string, string> },
  sent: SentTransaction | null,
): CommitOutcome {
  if (sent === null) return { outcome: "moved" };
  const failed = new Map(unmade);
  const results = sent.outcomes.flatMap((outcome, i): DecisionResult[] => {
    const decision = decisions[i];
    if (decision && outcome === "failed" && !failed.has(decision.job)) {
      failed.set(decision.job, sent.whys[i] ?? sent.refused ?? "no reason given");
    }
    if (outcome === "failed" || !decision) return [];
    return [resultOf(decision)];
  });
  const [first = null] = failed.values();
  return { outcome: "committed", results, held, refused: first, failed };
}
