import type { Redis } from "ioredis";
import type { Job } from "../config/config.ts";
import { jobsByName } from "../config/job-index.ts";
import { BellwetherError } from "../errors.ts";
import { FORMAT } from "../redis/format.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { type Decision, type LaunchDecision, laneOf } from "../schedule/decision.ts";
import { DefinitionCheck } from "./catalogue.ts";
import { type Commit, type CommitOutcome, commitOutcomeOf } from "./commit.ts";
import { type Controls, type ControlsCheck, checkControls, endPauses, readControls } from "./controls.ts";
import { type ClosedEpoch, readClosedEpochs } from "./epochs.ts";
import { HISTORY_ENTRIES } from "./history.ts";
import { loadJobStates, rehearseReading } from "./job-states.ts";
import { type LaunchGuard, watchGuard } from "./launch-guard.ts";
import { LaunchQueue } from "./launch-queue.ts";
import { LaunchTransaction } from "./launch-transaction.ts";
import { OpenQueues } from "./open-queues.ts";
import { applyOverlap } from "./overlap.ts";
import { PreparedLaunches } from "./prepared-launches.ts";
import { type QuarantineRecord, readQuarantine, writeQuarantine } from "./quarantine.ts";
import { baseOf, placeOfJob, type QueuePlace } from "./queue-place.ts";
import { forgetEpochs, type RemovedLane, readRemoved, retireJobs } from "./retire.ts";
import { SentAhead } from "./sent-ahead.ts";
import { type FoundDecisions, Unanswered } from "./unanswered.ts";
import { type NewestRun, readNewestRuns } from "./unfinished.ts";

export type OpenOutcome =
  | {
      readonly outcome: "opened";
      /** By job, its newest decided tick (epoch ms), for the caller to keep. */
      readonly cursors: Map<string, number>;
      /** How many ticks of a job have been launched, for jobs with `maxRuns`; absent for none. */
      readonly launched: ReadonlyMap<string, number>;
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

export interface LauncherOptions {
  /** A connection of its own that never resends (`connectRedis`, purpose "noRetry"). */
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly jobs: readonly Job[];
  /** How many entries a history keeps (`history.perJob`); 500 by default. */
  readonly perJob?: () => number;
  /** The newest format of the data that is understood; this release's own by default. */
  readonly format?: number;
}

/** Fewer are made and sent in less than a millisecond. */
const SEND_AHEAD_FROM = 10;

interface MakeOptions {
  readonly term: number;
  readonly watched: LaunchGuard;
  readonly nowMs: number;
}

interface MadeTransaction {
  readonly transaction: LaunchTransaction;
  /** What is in it. */
  readonly made: readonly Decision[];
  /** By job, why its run cannot be made; its later decisions are not in it either. */
  readonly unmade: ReadonlyMap<string, string>;
}

interface LaunchParts {
  readonly queues: ReadonlyMap<string, LaunchQueue>;
  readonly watched: LaunchGuard;
  readonly nowMs: number;
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
  readonly #perJob: () => number;
  #list: readonly Job[];
  #jobs: ReadonlyMap<string, Job>;
  readonly #queues: OpenQueues<LaunchQueue>;
  readonly #definitions = new DefinitionCheck();
  /** Transactions that were sent and not answered. */
  readonly #unanswered = new Unanswered();
  readonly #prepared: PreparedLaunches;
  readonly #sentAhead: SentAhead;
  /** Aborts when there is something to read in earnest. */
  readonly #rehearsal = new AbortController();
  #connections = 0;
  #openedOn = -1;

  constructor(options: LauncherOptions) {
    this.#redis = options.redis;
    this.#keys = options.keys;
    this.#format = options.format ?? FORMAT;
    this.#perJob = options.perJob ?? (() => HISTORY_ENTRIES);
    this.#list = options.jobs;
    this.#jobs = jobsByName(options.jobs);
    this.#queues = new OpenQueues(place => LaunchQueue.open(place, this.#redis));
    const jobOf = (name: string) => this.#job(name);
    this.#prepared = new PreparedLaunches({ ...options, queues: this.#queues, jobOf, perJob: this.#perJob });
    this.#sentAhead = new SentAhead(this.#redis);
    this.#redis.on("close", () => {
      this.#connections++;
    });
  }

  /** The connection, with nothing on it of a commit to come. */
  get #free(): Redis {
    this.#sentAhead.takeBack(this.#connections);
    return this.#redis;
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
    this.#list = jobs;
    this.#jobs = jobsByName(jobs);
    this.#openedOn = -1;
  }

  /**
   * Gives each job its cursor, if it has none, and reads where all of them are. Where the definition of a job is not the
   * one that is stored, this one is in force from `nowMs` on, and the one before becomes a closed epoch. Throws
   * BW_REDIS_AWAY where there is no connection to do it over. `onPage` is called for every few thousand jobs: very many take
   * seconds, and a leader that makes progress must not look like one that hangs.
   */
  async open(fence: string, nowMs: number, onPage?: () => void): Promise<OpenOutcome> {
    this.forgetPrepared();
    this.#rehearsal.abort();
    if (this.#redis.status !== "ready") throw new BellwetherError("BW_REDIS_AWAY", {});
    const connection = this.#connections;
    // First, so that a command which is given meanwhile is seen as a newer version.
    const controls = await readControls(this.#redis, this.#keys);
    const jobs = this.#list;
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
    await this.#queues.keep(this.#places(jobs));
    this.#openedOn = connection;
    const { cursors, launched, corrupt, unchecked } = opened;
    this.#definitions.restart(unchecked);
    const ofClosed = new Map(closed.map(epoch => [laneOf(epoch), epoch.cursor]));
    const found = this.#unanswered.find(fence, lane => cursors.get(lane) ?? ofClosed.get(lane));
    const read = { quarantined, closed, controls, newestRuns };
    return { outcome: "opened", cursors, launched, corrupt, found, ...read };
  }

  /** For a replica that does not lead: makes its first `open` faster, which ends it. Rejects where Redis is away. */
  async rehearse(): Promise<void> {
    await rehearseReading(this.#redis, this.#keys, this.#list, this.#rehearsal.signal);
  }

  /** What is known of the newest run of each job; cheap enough to ask again and again. */
  readNewestRuns(jobs: readonly Job[]): Promise<ReadonlyMap<string, NewestRun>> {
    return readNewestRuns(this.#free, this.#keys, jobs);
  }

  /** Resumes those of the jobs whose pause has ended by Redis's time. False when a newer term is in force. */
  endPauses(fence: string, jobs: readonly string[]): Promise<boolean> {
    return endPauses(this.#free, this.#keys, fence, jobs);
  }

  /**
   * Compares some of the definitions that the opening has not compared. "other": another program has written into one, and
   * opening again stores it anew. Cheap enough to ask again and again.
   */
  checkDefinitions(fence: string): Promise<"fenced" | "same" | "other"> {
    return this.#definitions.step(this.#free, this.#keys, fence);
  }

  /** The controls in force. */
  readControls(): Promise<Controls> {
    return readControls(this.#free, this.#keys);
  }

  /**
   * Whether operators have done something; cheap enough to ask again and again. It shows that the leader of the term can
   * reach Redis over the connection that launches, and is its sign of life while it launches nothing.
   */
  checkControls(fence: string): Promise<ControlsCheck> {
    return checkControls(this.#free, this.#keys, fence);
  }

  /** Removes the state of jobs that no configuration has had for a day: their names, or null when a newer term is in force. */
  retire(fence: string, nowMs: number): Promise<readonly string[] | null> {
    return retireJobs(this.#free, this.#keys, { fence, nowMs, kept: this.#jobs });
  }

  /** The undecided ticks of jobs that no configuration has, by schedule, or null when a newer term is in force. */
  removed(fence: string, nowMs: number): Promise<readonly RemovedLane[] | null> {
    return readRemoved(this.#free, this.#keys, { fence, nowMs, kept: this.#jobs });
  }

  /** Records for people why jobs are not launched for now, or that they are again (null). */
  quarantine(fence: string, records: ReadonlyMap<string, QuarantineRecord | null>): Promise<void> {
    return writeQuarantine(this.#free, this.#keys, fence, records);
  }

  /** Removes closed epochs, by lane, that have no undecided tick any more. False when a newer term is in force. */
  finish(fence: string, lanes: readonly string[]): Promise<boolean> {
    return forgetEpochs(this.#free, this.#keys, fence, lanes);
  }

  /** Makes the runs of decisions that are to be committed soon, as of `nowMs`: `commit` of the same array then has less to do. */
  async prepare(commit: Pick<Commit, "term" | "decisions" | "nowMs">): Promise<void> {
    await this.#prepared.make(this.#connections, commit);
  }

  /**
   * Reads for the commit of the same array what it depends on, and sends the runs that were prepared for it (sent-ahead.ts): when they are due, little is
   * left to send. Where they are few, or nothing is prepared, it sends nothing.
   */
  sendAhead({ term, decisions }: Pick<Commit, "term" | "decisions">): void {
    const connection = this.#connections;
    this.#sentAhead.takeBack(connection);
    if (decisions.length < SEND_AHEAD_FROM) return;
    if (!this.#sentAhead.isProven(connection, this.#jobsOf(decisions))) return;
    const transaction = this.#prepared.take(connection, term, decisions);
    if (transaction === null) return;
    this.#sentAhead.send(connection, decisions, transaction, () => this.#watch(decisions));
  }

  /** Whether runs are with Redis, and wait for their commit. Anything but that commit takes them back. */
  hasSentAhead(): boolean {
    return this.#sentAhead.isThere;
  }

  /** Gives up what was prepared and not committed. */
  forgetPrepared(): void {
    this.#sentAhead.takeBack(this.#connections);
    this.#prepared.clear();
  }

  /** Commits the decisions in one transaction, or nothing. */
  async commit(commit: Commit): Promise<CommitOutcome> {
    const connection = this.#connections;
    const attempt = async () => {
      const sent = await this.#sentAhead.take(connection, commit.decisions);
      const watched = sent?.watched ?? (await this.#watch(commit.decisions));
      if (watched.fence !== commit.fence) return { outcome: "fenced" } as const;
      const isMoved = [...watched.cursors].some(([lane, cursor]) => cursor !== commit.cursors.get(lane));
      if (isMoved || watched.controlsVersion !== commit.controlsVersion) {
        await (sent === null ? this.#redis.unwatch() : this.#redis.discard());
        return { outcome: "moved" } as const;
      }
      return await this.#execute(connection, commit, watched, sent?.transaction ?? null);
    };
    try {
      const outcome = await attempt();
      if (outcome.outcome === "fenced") return this.#fenced();
      if (outcome.outcome === "moved") return outcome;
      // A connection that thinks that the server knows a script which it has forgotten never finds out (ioredis).
      if (outcome.refused !== null) this.#redis.disconnect(true);
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
    await this.#queues.close();
  }

  #watch(decisions: readonly Decision[]): Promise<LaunchGuard> {
    return watchGuard(this.#redis, this.#keys, decisions, name => this.#job(name));
  }

  async #execute(
    connection: number,
    { fence, term, decisions: planned, nowMs, meanwhile }: Commit,
    watched: LaunchGuard,
    sent: LaunchTransaction | null,
  ): Promise<CommitOutcome> {
    const { decisions, held } = applyOverlap(planned, job => this.#job(job), watched.newestRuns);
    if (decisions.length === 0) {
      await this.#redis.unwatch();
      return { outcome: "committed", decided: [], held, refused: null, failed: new Map() };
    }
    const isPlain = watched.broken.size === 0 && decisions.length === planned.length;
    const ready = sent ?? (isPlain ? this.#prepared.take(connection, term, planned) : null);
    const { transaction, made, unmade } =
      ready === null
        ? await this.#make(decisions, { term, watched, nowMs })
        : { transaction: ready, made: decisions, unmade: new Map<string, string>() };
    const send = await transaction.seal(nowMs);
    // The WATCH is the old connection's; a transaction on the new one would be guarded by nothing.
    if (connection !== this.#connections) throw new BellwetherError("BW_CONNECTION_CHANGED", {});
    const answered = this.#unanswered.send({ fence, nowMs, decisions: made });
    const [replies] = await Promise.all([send(), meanwhile?.()]);
    const outcome = commitOutcomeOf(made, replies, { held, unmade });
    answered(outcome.outcome === "committed" ? outcome.decided : []);
    if (outcome.outcome === "committed" && outcome.refused === null) {
      const launched = made.filter(decision => decision.outcome === "launched");
      this.#sentAhead.prove(connection, this.#jobsOf(launched));
    }
    return outcome;
  }

  async #make(
    decisions: readonly Decision[],
    { term, watched, nowMs }: MakeOptions,
  ): Promise<MadeTransaction> {
    const launches = decisions.filter(({ outcome }) => outcome === "launched");
    const queues = await this.#queues.all(launches.map(({ job }) => this.#placeOf(this.#job(job))));
    const options = { redis: this.#redis, keys: this.#keys, term, perJob: this.#perJob() };
    const transaction = new LaunchTransaction(options);
    const unmade = new Map<string, string>();
    const made: Decision[] = [];
    for (const decision of decisions) {
      if (unmade.has(decision.job)) continue;
      const isLaunch = decision.outcome === "launched";
      const why = isLaunch ? this.#launch(transaction, decision, { queues, watched, nowMs }) : null;
      if (!isLaunch) transaction.pass(decision);
      if (why === null) made.push(decision);
      else unmade.set(decision.job, why);
    }
    return { transaction, made, unmade };
  }

  /** Adds the run to the transaction. Null, or why there is no such run; then nothing of it is in the transaction. */
  #launch(
    transaction: LaunchTransaction,
    decision: LaunchDecision,
    { queues, watched, nowMs }: LaunchParts,
  ): string | null {
    const { newestRuns, broken } = watched;
    const job = this.#job(decision.job);
    const newest = newestRuns.get(job.name);
    const removed = newest?.state === "removed" ? newest.run : null;
    const base = baseOf(this.#placeOf(job));
    const why = broken.get(base);
    if (why !== undefined) return why;
    try {
      transaction.launch(decision, job, queues.get(base) as LaunchQueue, { removed, nowMs });
      return null;
    } catch (error) {
      // BullMQ refuses to make such a run.
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Where the queues of the jobs are, each one once. */
  #places(jobs: readonly Job[]): QueuePlace[] {
    const byQueue = new Map<string, Job>();
    for (const job of jobs) byQueue.set(job.queue, job);
    return [...byQueue.values()].map(job => this.#placeOf(job));
  }

  #placeOf(job: Job): QueuePlace {
    return placeOfJob(this.#keys, job);
  }

  #jobsOf(decisions: readonly Decision[]): Job[] {
    return decisions.map(({ job }) => this.#job(job));
  }

  #job(name: string): Job {
    const job = this.#jobs.get(name);
    if (job) return job;
    const rule = `this replica has every job that it plans, but not ${name}`;
    throw new BellwetherError("BW_BUG", { rule });
  }
}
