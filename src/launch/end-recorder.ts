import type { Redis } from "ioredis";
import { z } from "zod";
import { sleep } from "../clock/sleep.ts";
import { isConnectionLoss } from "../redis/connect.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { refusalOf } from "../redis/refusal.ts";
import { Script } from "../redis/script.ts";
import { STRIPS_LUA } from "../redis/strips.ts";
import { HISTORY_ENTRIES, streamFields } from "./history.ts";
import type { EndRecord } from "./history-record.ts";
import { dayOf } from "./job-summary.ts";
import { endCell } from "./strip.ts";

const RECORD_ENDS = new Script(
  z.array(z.union([z.literal(1), z.instanceof(Error)])),
  STRIPS_LUA,
  new URL("./record-ends.lua", import.meta.url),
);

/** A connection comes back within 2 s of its server; an outage that lasts longer costs the record. */
export const RECORD_LIMIT_MS = 30_000;
const RETRY_MS = 200;
/**
 * Between two calls. An end costs Redis and Node 37 and 57 µs of CPU in a call of its own, 10 and 11 µs among 20, 8 and 8 µs among 50, and
 * not less among more.
 */
const PAUSE_MS = 10;
/** A call of this many holds Redis up for some 2 ms. */
const BATCH = 200;

export interface EndRecorderOptions {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  /** Store time. */
  readonly nowMs: () => number;
  /** How many entries a history keeps (`history.perJob`); 500 by default. */
  readonly perJob?: () => number;
  /** Ends the repeating. */
  readonly signal: AbortSignal;
}

/** How a run ended, and of which job it was. */
export type RunEndRecord = EndRecord & { readonly job: string };

interface Waiting {
  readonly end: RunEndRecord;
  readonly untilMs: number;
  /** It was sent, and may have been recorded. */
  isRepeated: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Records how runs end, in the order in which they are given. The end of a run goes to Redis immediately when no other one is on its
 * way; what ends meanwhile, and within some milliseconds after it, goes together in the next call.
 *
 *     idle ──an end──▶ sending ──answer──▶ pausing ──nothing waits──▶ idle
 *                         ▲                   │ ends wait
 *                         └───────────────────┘
 *
 * After a broken connection or a refusal the same ends are sent again, before all later ones: of a run that ended twice the newest
 * record counts. What a lost answer had recorded is found in the history, and not recorded twice.
 */
export class EndRecorder {
  readonly #options: EndRecorderOptions;
  /** Oldest first; those that are on their way are not among them. */
  #waiting: Waiting[] = [];
  #isBusy = false;

  constructor(options: EndRecorderOptions) {
    this.#options = options;
  }

  /** Resolves when the end is on record. Rejects when it is not, and will not be. */
  record(end: RunEndRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      const untilMs = performance.now() + RECORD_LIMIT_MS;
      this.#waiting.push({ end, untilMs, isRepeated: false, resolve, reject });
      if (!this.#isBusy) void this.#sendAll();
    });
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#options;
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      const refused = await this.#send(this.#waiting.splice(0, BATCH));
      this.#waiting.unshift(...refused);
      await sleep(refused.length > 0 ? RETRY_MS : PAUSE_MS, signal);
    }
    this.#isBusy = false;
  }

  /** Resolves with those that are to be sent again. */
  async #send(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    try {
      const answers = await this.#call(batch);
      return batch.filter((one, i) => {
        const answer = answers[i] ?? new Error("there is no answer for it");
        return this.#isRefused(one, answer);
      });
    } catch (error) {
      for (const one of batch) one.isRepeated = true;
      // What is wrong with one end must not keep the others from being recorded.
      if (batch.length > 1 && !isPassing(error)) return await this.#sendEach(batch);
      return batch.filter(one => this.#isRefused(one, error));
    }
  }

  async #sendEach(batch: readonly Waiting[]): Promise<readonly Waiting[]> {
    for (const [i, one] of batch.entries()) {
      const refused = await this.#send([one]);
      if (refused.length > 0) return batch.slice(i);
    }
    return [];
  }

  /** True: it is to be sent again. */
  #isRefused(one: Waiting, answer: unknown): boolean {
    if (answer === 1) {
      one.resolve();
      return false;
    }
    const isOver = this.#options.signal.aborted || performance.now() >= one.untilMs;
    if (!isOver && isPassing(answer)) return true;
    one.reject(answer);
    return false;
  }

  async #call(batch: readonly Waiting[]): Promise<readonly (1 | Error)[]> {
    const { redis, keys, nowMs, perJob = () => HISTORY_ENTRIES } = this.#options;
    const day = dayOf(nowMs());
    return await RECORD_ENDS.run(
      redis,
      [
        ...[keys.tally("completed", day), keys.tally("failed", day), keys.failing],
        ...batch.flatMap(({ end: { job } }) => [keys.history(job), keys.strip(job)]),
      ],
      [perJob(), ...batch.flatMap(argumentsOf)],
    );
  }
}

function argumentsOf({ end: { job, ...end }, isRepeated }: Waiting): (string | number)[] {
  const values = streamFields(end);
  const cell = endCell(end.run, end.result, end.durationMs);
  return [job, cell, isRepeated ? 1 : 0, values.length, ...values];
}

function isPassing(error: unknown): boolean {
  return isConnectionLoss(error) || refusalOf(error) !== null;
}
