import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { STRIPS_LUA } from "../redis/strips.ts";
import { UNFINISHED_LUA } from "../redis/unfinished.ts";
import { type Decision, type LaunchDecision, laneOf, type PassDecision } from "../schedule/decision.ts";
import { latenessOf, recordOf } from "./history.ts";
import { dayOf } from "./job-summary.ts";
import type { LaunchQueue } from "./launch-queue.ts";
import { runIdOf } from "./run-id.ts";
import {
  beginTransaction,
  execTransaction,
  failureOf,
  type Replies,
  type RunTransaction,
} from "./run-transaction.ts";
import { launchCell, passCell } from "./strip.ts";

const advanceReply = z.array(z.enum(["launched", "skipped", "missed", "failed"]));
const ADVANCE = new Script(
  advanceReply,
  UNFINISHED_LUA,
  STRIPS_LUA,
  new URL("./advance.lua", import.meta.url),
);

/** What became of each decision. */
export interface SentTransaction {
  readonly outcomes: z.infer<typeof advanceReply>;
  /** Why Redis did not add the runs that failed, or null when none did. */
  readonly refused: string | null;
  /** By decision, why its own run was not added, where that is known. */
  readonly whys: readonly (string | undefined)[];
}

export interface LaunchTransactionOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly term: number;
  /** How many entries a history keeps. */
  readonly perJob: number;
}

/** What advance.lua gets of a decision. */
interface Advance {
  readonly flags: string;
  readonly removed: string | null;
  readonly shown: { readonly cell: string; readonly count: number };
  readonly nowMs: number;
}

/** One MULTI … EXEC: BullMQ adds the runs, then advance.lua moves the cursors of those that are there. */
export class LaunchTransaction {
  readonly #options: LaunchTransactionOptions;
  readonly #transaction: RunTransaction;
  readonly #adds: Promise<unknown>[] = [];
  /** Launches whose runs are in the transaction already. */
  readonly #prepared = new Set<LaunchDecision>();
  readonly #advanceKeys: string[] = [];
  readonly #advanceArgs: (string | number)[];
  /** Which decision each run that is added belongs to. */
  readonly #addedFor: number[] = [];
  #decisions = 0;

  constructor(options: LaunchTransactionOptions) {
    this.#options = options;
    this.#transaction = beginTransaction(options.redis);
    this.#advanceArgs = [options.perJob];
  }

  /**
   * Makes the run of a launch before its time and adds it, as of `nowMs`. All launches of the transaction, in their order, or none: what is
   * in it cannot be taken out.
   */
  prepare(decision: LaunchDecision, job: Job, queue: LaunchQueue, nowMs: number): void {
    this.#add(decision, job, queue, nowMs);
    this.#prepared.add(decision);
  }

  /** The tick gets no run. */
  pass(decision: PassDecision, nowMs: number): void {
    const { job, outcome, count = 1 } = decision;
    const history = this.#options.keys.history(job);
    // No run is checked, and none is kept; the history takes the place of their keys.
    this.#advanceKeys.push(history, history, history, this.#options.keys.strip(job));
    const shown = { cell: passCell(outcome), count };
    this.#advance(decision, "", { flags: outcome === "skipped" ? "s" : "", removed: null, shown, nowMs });
  }

  /** `removed`: an earlier run of the job that was removed in BullMQ before it ended. */
  launch(
    decision: LaunchDecision,
    job: Job,
    queue: LaunchQueue,
    { removed, nowMs }: { readonly removed: string | null; readonly nowMs: number },
  ): void {
    const { keys } = this.#options;
    const run = runIdOf(job.name, decision.tickAtMs, job.sharedQueue?.runPrefix);
    if (!this.#prepared.has(decision)) this.#add(decision, job, queue, nowMs);
    this.#addedFor.push(this.#decisions);
    this.#advanceKeys.push(keys.history(job.name), queue.runKey(run));
    this.#advanceKeys.push(keys.unfinished(job.name), keys.strip(job.name));
    const isCounted = decision.isCounted || job.maxRuns !== null;
    const flags = `${job.overlap === "allow" ? "" : "u"}${isCounted ? "c" : ""}`;
    const shown = { cell: launchCell(run, latenessOf(decision, nowMs)), count: 1 };
    this.#advance(decision, run, { flags, removed, shown, nowMs });
  }

  /**
   * Queues the last command. What it resolves with sends everything in one write and resolves with an outcome for
   * each decision, or null when a watched key had changed. A rejection of that says nothing about the outcome,
   * except BW_LAUNCH_REFUSED: then nothing was added, and no cursor moved.
   */
  async seal(nowMs: number): Promise<() => Promise<SentTransaction | null>> {
    const { keys } = this.#options;
    const tallies = [keys.tally("skipped", dayOf(nowMs)), keys.tally("missed", dayOf(nowMs))];
    const shared = [keys.cursors, keys.launched, keys.epochCursors, keys.leader, ...tallies];
    ADVANCE.queue(this.#transaction, [...shared, ...this.#advanceKeys], this.#advanceArgs);
    await Promise.all(this.#adds);
    return async () => {
      const replies = await execTransaction(this.#transaction, why => this.#refusal(why));
      return replies && this.#read(replies);
    };
  }

  #add(decision: LaunchDecision, job: Job, queue: LaunchQueue, nowMs: number): void {
    const run = runIdOf(job.name, decision.tickAtMs, job.sharedQueue?.runPrefix);
    const { term } = this.#options;
    const stamp = { at: new Date(decision.tickAtMs).toISOString(), kind: decision.kind, term };
    const added = queue.add(this.#transaction, job, run, stamp, nowMs);
    // `seal` waits for it, unless what was prepared is given up.
    added.catch(() => undefined);
    this.#adds.push(added);
  }

  #advance(decision: Decision, run: string, { flags, removed, shown, nowMs }: Advance): void {
    const record = recordOf(decision, run, this.#options.term, nowMs);
    this.#advanceArgs.push(decision.job, laneOf(decision), decision.tickAtMs, run, flags, removed ?? "");
    this.#advanceArgs.push(shown.cell, shown.count, record.length, ...record);
    this.#decisions++;
  }

  /** Each run is added by one command, in the order of the launches; then comes advance.lua. */
  #read(replies: Replies): SentTransaction {
    const failure = failureOf(replies);
    const [error, reply] = replies.at(-1) ?? [];
    if (error) throw this.#refusal(failure ?? error);
    const outcomes = ADVANCE.read(reply);
    const whys = new Array<string | undefined>(this.#decisions);
    if (replies.length === this.#addedFor.length + 1) {
      for (const [i, decision] of this.#addedFor.entries()) whys[decision] = replies[i]?.[0]?.message;
    }
    const why = failure?.message ?? "no reason given";
    return { outcomes, refused: outcomes.includes("failed") ? why : null, whys };
  }

  #refusal(why: Error): BellwetherError {
    const details = { ticks: this.#decisions, why: why.message };
    return new BellwetherError("BW_LAUNCH_REFUSED", details, { cause: why });
  }
}
