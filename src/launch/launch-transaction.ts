import type { Redis } from "ioredis";
import { z } from "zod";
import type { Job } from "../config/config.ts";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import { STRIPS_LUA } from "../redis/strips.ts";
import { UNFINISHED_LUA } from "../redis/unfinished.ts";
import { type Decision, type LaunchDecision, laneOf, type PassDecision } from "../schedule/decision.ts";
import { recordOf } from "./history.ts";
import { dayOf } from "./job-summary.ts";
import type { LaunchQueue } from "./launch-queue.ts";
import { runIdOf } from "./run-id.ts";
import { failureOf, type Replies, TwoPartTransaction } from "./run-transaction.ts";
import { passCell, tickCell } from "./strip.ts";

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

/** What advance.lua gets of a decision beside its record. */
interface Advance {
  readonly flags: string;
  readonly removed: string | null;
  readonly cell: string;
  readonly count: number;
}

/** One MULTI … EXEC: BullMQ adds the runs, then advance.lua moves the cursors of those that are there. */
export class LaunchTransaction {
  readonly #options: LaunchTransactionOptions;
  readonly #transaction: TwoPartTransaction;
  readonly #adds: Promise<unknown>[] = [];
  readonly #advances: string[] = [];
  /** Which decision each run that is added belongs to. */
  readonly #addedFor: number[] = [];

  constructor(options: LaunchTransactionOptions) {
    this.#options = options;
    this.#transaction = new TwoPartTransaction(options.redis);
  }

  /** The tick gets no run. */
  pass(decision: PassDecision): void {
    const { outcome, count = 1 } = decision;
    const flags = outcome === "skipped" ? "s" : "";
    this.#advance(decision, { run: "", key: "" }, { flags, removed: null, cell: passCell(outcome), count });
  }

  /**
   * The tick gets a run, made as of `nowMs`. `removed`: an earlier run of the job that was removed in BullMQ before it
   * ended. Throws what BullMQ has against such a run; then nothing of it is in the transaction.
   */
  launch(
    decision: LaunchDecision,
    job: Job,
    queue: LaunchQueue,
    { removed, nowMs }: { readonly removed: string | null; readonly nowMs: number },
  ): void {
    const run = runIdOf(job.name, decision.tickAtMs, job.sharedQueue?.runPrefix);
    const { term } = this.#options;
    const stamp = { at: new Date(decision.tickAtMs).toISOString(), kind: decision.kind, term };
    const added = queue.add(this.#transaction.runs, job, run, stamp, nowMs);
    // `seal` waits for it, unless what was prepared is given up.
    added.catch(() => undefined);
    this.#adds.push(added);
    this.#addedFor.push(this.#advances.length);
    const isCounted = decision.isCounted || job.maxRuns !== null;
    const flags = `${job.overlap === "allow" ? "" : "u"}${isCounted ? "c" : ""}`;
    this.#advance(
      decision,
      { run, key: queue.runKey(run) },
      { flags, removed, cell: tickCell(run), count: 1 },
    );
  }

  /** Sends the runs immediately. Nothing can be added after that. */
  sendRuns(): void {
    this.#transaction.sendRuns();
  }

  /**
   * What it resolves with sends the rest, and resolves with an outcome for each decision, or null when a watched key had
   * changed. A rejection of that says nothing about the outcome, except BW_LAUNCH_REFUSED: then nothing was added, and no
   * cursor moved.
   */
  async seal(nowMs: number): Promise<() => Promise<SentTransaction | null>> {
    const { keys, perJob } = this.#options;
    await Promise.all(this.#adds);
    return async () => {
      const replies = await this.#transaction.exec(
        redis => ADVANCE.queue(redis, advanceKeys(keys, nowMs), [perJob, nowMs, ...this.#advances]),
        why => this.#refusal(why),
      );
      return replies && this.#read(replies);
    };
  }

  #advance(
    decision: Decision,
    { run, key }: { readonly run: string; readonly key: string },
    { flags, removed, cell, count }: Advance,
  ): void {
    const { job, tickAtMs, dueAtMs = tickAtMs } = decision;
    const record = recordOf(decision, run, this.#options.term);
    const about = [job, laneOf(decision), `${tickAtMs}`, dueAtMs, key, flags, removed ?? "", cell, count];
    this.#advances.push(JSON.stringify([...about, record]));
  }

  /** Each run is added by one command, in the order of the launches; then comes advance.lua. */
  #read(replies: Replies): SentTransaction {
    const failure = failureOf(replies);
    const [error, reply] = replies.at(-1) ?? [];
    if (error) throw this.#refusal(failure ?? error);
    const outcomes = ADVANCE.read(reply);
    const whys = new Array<string | undefined>(this.#advances.length);
    if (replies.length === this.#addedFor.length + 1) {
      for (const [i, decision] of this.#addedFor.entries()) whys[decision] = replies[i]?.[0]?.message;
    }
    const why = failure?.message ?? "no reason given";
    return { outcomes, refused: outcomes.includes("failed") ? why : null, whys };
  }

  #refusal(why: Error): BellwetherError {
    const details = { ticks: this.#advances.length, why: why.message };
    return new BellwetherError("BW_LAUNCH_REFUSED", details, { cause: why });
  }
}

function advanceKeys(keys: RedisKeys, nowMs: number): string[] {
  const tallies = [keys.tally("skipped", dayOf(nowMs)), keys.tally("missed", dayOf(nowMs))];
  const ofJobs = [keys.histories, keys.strips, keys.newestRuns];
  return [keys.cursors, keys.launched, keys.epochCursors, keys.leader, ...tallies, ...ofJobs];
}
