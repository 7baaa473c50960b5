import type { Job as BullJob, KeepJobs } from "bullmq";
import type { Redis } from "ioredis";
import { z } from "zod";
import { WaitingError } from "../bullmq.ts";
import { sleep } from "../clock/sleep.ts";
import { type RunLostReason, reasonText } from "../reasons.ts";
import { isConnectionLoss } from "../redis/connect.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { isErrorReply, refusalOf } from "../redis/refusal.ts";
import { Script } from "../redis/script.ts";
import { isNoLongerActive, lostRunOf, safeText } from "./worker-error.ts";

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 500;
/** In locks: a refusal that lasts longer is no matter of a moment, and the run's place in this replica is needed. */
const LIMIT_LOCKS = 3;

const traceReply = z.tuple([z.enum(["written", "held", "lost", "removed"]), z.string()]);
const TRACE = new Script(traceReply, new URL("./trace.lua", import.meta.url));
type Trace = z.infer<typeof traceReply>;

export interface RunEndsOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly queue: string;
  readonly lockDurationMs: number;
  /** How an attempt ended is not written, and will not be. */
  readonly onLost: (bullJob: BullJob, reason: RunLostReason) => void;
}

/** A retry, or no attempt used up, leaves the run in BullMQ's hands; a completed run has ended. */
type Kind = "completed" | "failed" | "moved";

type Written<T> =
  | { readonly outcome: "written"; readonly reply: T | undefined }
  | { readonly outcome: "lost"; readonly reason: RunLostReason };

/**
 * Writes how runs end, also where Redis refuses that for a moment, or where the answer is lost.
 *
 * BullMQ writes an end once, and takes a refusal for the handler's failure. Here a write that was refused is sent again: the
 * run's lock guards it, so it is carried out once. When BullMQ finds the lock gone, the write may have been carried out
 * before its answer was lost, so the run is read before it counts as lost.
 */
export class RunEnds {
  readonly #options: RunEndsOptions;
  readonly #stopping = new AbortController();

  constructor(options: RunEndsOptions) {
    this.#options = options;
  }

  /** From now on the run's own methods write its end as described. One that is lost throws BullMQ's "write nothing". */
  wrap(run: BullJob): void {
    const completed = run.moveToCompleted.bind(run);
    const failed = run.moveToFailed.bind(run);
    const waiting = run.moveToWait.bind(run);
    const delayed = run.moveToDelayed.bind(run);
    run.moveToCompleted = (result, token, fetchNext) =>
      this.#end(run, "completed", token, () => completed(result, token, fetchNext));
    // BullMQ adds to the stack traces before it writes them.
    const { stacktrace } = run;
    run.moveToFailed = (error, token, fetchNext) =>
      this.#end(run, "failed", token, () => {
        run.stacktrace = stacktrace && [...stacktrace];
        return failed(error, token, fetchNext);
      });
    run.moveToWait = async token => (await this.#move(run, token, () => waiting(token))) ?? 0;
    const progress = run.updateProgress.bind(run);
    run.updateProgress = value => this.#again(() => progress(value));
    run.moveToDelayed = (at, token) => this.#move(run, token, () => delayed(at, token));
  }

  /** What is refused from now on is lost. */
  stop(): void {
    this.#stopping.abort();
  }

  /** A handler that waits for such a write does not fail by a refusal. */
  async #again(write: () => Promise<void>): Promise<void> {
    const pauses = this.#pauses();
    for (;;) {
      const written = await failureOf(write);
      if (written.outcome === "written") return;
      if (refusalOf(written.failure) === null || !(await pauses())) throw written.failure;
    }
  }

  async #end<T>(run: BullJob, kind: Kind, token: string, write: () => Promise<T>): Promise<T | undefined> {
    const written = await this.#write(run, kind, token, write);
    if (written.outcome === "written") return written.reply;
    this.#options.onLost(run, written.reason);
    throw new WaitingError(reasonText(written.reason));
  }

  async #move<T>(run: BullJob, token: string | undefined, write: () => Promise<T>): Promise<T | undefined> {
    const written = await this.#write(run, "moved", token ?? "", write);
    if (written.outcome === "written") return written.reply;
    throw new WaitingError(reasonText(written.reason));
  }

  async #write<T>(run: BullJob, kind: Kind, token: string, write: () => Promise<T>): Promise<Written<T>> {
    const pauses = this.#pauses();
    for (;;) {
      const tried = await failureOf(write);
      if (tried.outcome === "written") return tried;
      const { failure } = tried;
      const isGone = lostRunOf(failure) !== null;
      // That a run's children are missing, for example, is an answer: BullMQ fails the run.
      if (!isGone && !isErrorReply(failure) && !isConnectionLoss(failure)) throw failure;
      const trace = await this.#trace(run, token);
      const verdict = trace && judge(run, kind, failure, trace);
      if (verdict) return verdict;
      if (this.#stopping.signal.aborted || this.#options.redis.status === "end")
        return { outcome: "lost", reason: { code: "stopped_at_end" } };
      if (!(await pauses()))
        return { outcome: "lost", reason: { code: "end_refused", error: safeText(failure) } };
    }
  }

  /** Growing pauses between the tries of a write. Resolves with false when there should be no more. */
  #pauses(): () => Promise<boolean> {
    const untilMs = performance.now() + LIMIT_LOCKS * this.#options.lockDurationMs;
    let pauseMs = FIRST_PAUSE_MS;
    return async () => {
      if (this.#stopping.signal.aborted || performance.now() >= untilMs) return false;
      await sleep(pauseMs * (1 - Math.random() / 2), this.#stopping.signal);
      pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS);
      return true;
    };
  }

  /** Null when Redis does not say. */
  async #trace(run: BullJob, token: string): Promise<Trace | null> {
    const { redis, keys, queue, lockDurationMs } = this.#options;
    const key = `${keys.bullmqPrefix}:${queue}:${run.id}`;
    const counts = [run.attemptsMade, run.stalledCounter, run.attemptsStarted];
    try {
      return await TRACE.run(redis, [key, `${key}:lock`], [token, lockDurationMs, ...counts]);
    } catch (error) {
      if (isErrorReply(error) || isConnectionLoss(error)) return null;
      throw error;
    }
  }
}

/** Null: the write is to be sent again. */
function judge(run: BullJob, kind: Kind, failure: unknown, [state, endedAt]: Trace): Written<never> | null {
  const isWritten =
    (state === "written" && (kind !== "completed" || endedAt !== "")) ||
    (state === "removed" && isRemovedAtEnd(run, kind)) ||
    // It is neither active nor found without a lock, so it was this move that took it away.
    (state === "held" && kind === "moved" && isNoLongerActive(failure));
  if (isWritten) {
    if (kind !== "moved") run.attemptsMade += 1;
    if (kind !== "moved" && endedAt !== "") run.finishedOn = Number(endedAt);
    return { outcome: "written", reply: undefined };
  }
  if (state === "held" && !isNoLongerActive(failure)) return null;
  if (state === "removed") return { outcome: "lost", reason: { code: "removed_at_end" } };
  return { outcome: "lost", reason: { code: "lock_gone_at_end" } };
}

function isRemovedAtEnd({ opts, attemptsMade }: BullJob, kind: Kind): boolean {
  if (kind === "completed") return keepsNone(opts.removeOnComplete);
  return kind === "failed" && attemptsMade + 1 >= (opts.attempts ?? 1) && keepsNone(opts.removeOnFail);
}

function keepsNone(keep: boolean | number | KeepJobs | undefined): boolean {
  return keep === true || keep === 0 || (typeof keep === "object" && keep.count === 0);
}

async function failureOf<T>(
  write: () => Promise<T>,
): Promise<{ outcome: "written"; reply: T } | { outcome: "unwritten"; failure: unknown }> {
  try {
    return { outcome: "written", reply: await write() };
  } catch (failure) {
    return { outcome: "unwritten", failure };
  }
}
