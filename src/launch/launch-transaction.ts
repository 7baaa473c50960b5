import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { UNFINISHED_LUA } from "../redis/unfinished.ts";
import { type Decision, type LaunchDecision, laneOf, type PassDecision } from "../schedule/decision.ts";
import { HISTORY_ENTRIES, recordOf } from "./history.ts";
import type { LaunchQueue } from "./launch-queue.ts";
import { runIdOf } from "./run-id.ts";
import {
  beginTransaction,
  execTransaction,
  failureOf,
  type Replies,
  type RunTransaction,
} from "./run-transaction.ts";

const advanceReply = z.array(z.enum(["launched", "skipped", "missed", "failed"]));
const ADVANCE = new Script(advanceReply, UNFINISHED_LUA, new URL("./advance.lua", import.meta.url));

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
  readonly nowMs: number;
}

/** One MULTI … EXEC: BullMQ adds the runs, then advance.lua moves the cursors of those that are there. */
export class LaunchTransaction {
  readonly #options: LaunchTransactionOptions;
  readonly #transaction: RunTransaction;
  readonly #adds: Promise<unknown>[] = [];
  readonly #advanceKeys: string[];
  readonly #advanceArgs: (string | number)[] = [HISTORY_ENTRIES];
  /** Which decision each run that is added belongs to. */
  readonly #addedFor: number[] = [];
  #decisions = 0;

  constructor(options: LaunchTransactionOptions) {
    this.#options = options;
    this.#transaction = beginTransaction(options.redis);
    const { cursors, launched, epochCursors, leader } = options.keys;
    this.#advanceKeys = [cursors, launched, epochCursors, leader];
  }

  /** The tick gets no run. */
  pass(decision: PassDecision): void {
    const history = this.#options.keys.history(decision.job);
    // No run is checked, and none is kept; the history takes the place of their keys.
    this.#advanceKeys.push(history, history, history);
    this.#advance(decision, "", decision.outcome === "skipped" ? "s" : "", null);
  }

  /** `removed`: an earlier run of the job that was removed in BullMQ before it ended. */
  launch(decision: LaunchDecision, job: Job, queue: LaunchQueue, removed: string | null): void {
    const { keys, term, nowMs } = this.#options;
    const run = runIdOf(job.name, decision.tickAtMs, job.sharedQueue?.runPrefix);
    const stamp = { at: new Date(decision.tickAtMs).toISOString(), kind: decision.kind, term };
    this.#adds.push(queue.add(this.#transaction, job, run, stamp, nowMs));
    this.#addedFor.push(this.#decisions);
    this.#advanceKeys.push(keys.history(job.name), queue.runKey(run), keys.unfinished(job.name));
    const isCounted = decision.isCounted || job.maxRuns !== null;
    const flags = `${job.overlap === "allow" ? "" : "u"}${isCounted ? "c" : ""}`;
    this.#advance(decision, run, flags, removed);
  }

  /**
   * Queues the last command. What it resolves with sends everything in one write and resolves with an outcome for
   * each decision, or null when a watched key had changed. A rejection of that says nothing about the outcome,
   * except BW_LAUNCH_REFUSED: then nothing was added, and no cursor moved.
   */
  async seal(): Promise<() => Promise<SentTransaction | null>> {
    ADVANCE.queue(this.#transaction, this.#advanceKeys, this.#advanceArgs);
    await Promise.all(this.#adds);
    return async () => {
      const replies = await execTransaction(this.#transaction, why => this.#refusal(why));
      return replies && this.#read(replies);
    };
  }

  #advance(decision: Decision, run: string, flags: string, removed: string | null): void {
    const record = recordOf(decision, run, this.#options.term, this.#options.nowMs);
    this.#advanceArgs.push(decision.job, laneOf(decision), decision.tickAtMs, run, flags, removed ?? "");
    this.#advanceArgs.push(record.length, ...record);
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
