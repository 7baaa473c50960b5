import type { IRedisTransaction } from "bullmq";
import type { ChainableCommander, Redis } from "ioredis";
import { createIORedisClient } from "../bullmq.ts";
import { BellwetherError } from "../errors.ts";
import type { RedisKeys } from "../redis/keys.ts";
import type { LaunchQueue } from "./launch-queue.ts";
import type { Request } from "./requests.ts";

/** Commands of a MULTI … EXEC, to which BullMQ adds runs. */
export type RunTransaction = ChainableCommander & IRedisTransaction;

export type Replies = readonly (readonly [Error | null, unknown])[];

export function beginTransaction(redis: Redis): RunTransaction {
  // BullMQ's adapter adds its own methods to ioredis's transaction; the types of the two do not say so.
  return createIORedisClient(redis).multi() as RunTransaction;
}

/**
 * Sends it in one write; null when a watched key had changed. A transaction that is refused while it is queued says no more
 * than that, and the commands have the reason: then it rejects with the refusal of that reason. After any other rejection
 * the outcome is unknown.
 */
export async function execTransaction(
  transaction: RunTransaction,
  refusalOf: (why: Error) => Error,
): Promise<Replies | null> {
  try {
    return await transaction.exec();
  } catch (error) {
    const [first]: unknown[] =
      error instanceof Error && "previousErrors" in error && Array.isArray(error.previousErrors)
        ? error.previousErrors
        : [];
    throw isAborted(error) ? refusalOf(first instanceof Error ? first : error) : error;
  }
}

/** Whether a command was refused while it was queued. When the connection broke the commands have errors too, and nothing was refused. */
function isAborted(error: unknown): error is Error {
  return error instanceof Error && error.message.startsWith("EXECABORT");
}

/**
 * A MULTI … EXEC in two parts, so that the runs can be sent long before it is known when they are launched. Redis only keeps
 * them until EXEC. Between the parts nothing else may be sent on the connection: it would become part of the transaction.
 */
export class TwoPartTransaction {
  /** The first part. */
  readonly runs: RunTransaction;
  readonly #redis: Redis;
  #queued: Promise<Replies> | null = null;

  constructor(redis: Redis) {
    this.#redis = redis;
    this.runs = createIORedisClient(redis).pipeline() as RunTransaction;
    this.runs.call("MULTI");
  }

  /** Sends the first part in one write, immediately. */
  sendRuns(): void {
    // What became of them is known by EXEC.
    this.#queued ??= this.runs.exec().then(
      replies => replies ?? [],
      () => [],
    );
  }

  /** Sends the rest: `queueLast` queues the last command. Resolves and rejects as `execTransaction`. */
  async exec(
    queueLast: (redis: Redis) => Promise<unknown>,
    refusalOf: (why: Error) => Error,
  ): Promise<Replies | null> {
    this.sendRuns();
    const last = queueLast(this.#redis).then(
      () => null,
      (error: unknown) => error,
    );
    try {
      return await this.#redis.exec();
    } catch (error) {
      if (!isAborted(error)) throw error;
      const why = failureOf((await this.#queued) ?? []) ?? (await last);
      throw refusalOf(why instanceof Error ? why : error);
    }
  }
}

/** The first error among the replies, or null. */
export function failureOf(replies: Replies): Error | null {
  return replies.find(([error]) => error !== null)?.[0] ?? null;
}

/** What it takes to add runs for an operator's request. */
export interface RequestParts {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly queue: LaunchQueue;
  readonly request: Request;
}

/**
 * Carries out `act`, which is given a check to make before it sends what its WATCH guards. The WATCH is a connection's;
 * a transaction on the next one would be guarded by nothing.
 */
export async function onOneConnection<T>(redis: Redis, act: (check: () => void) => Promise<T>): Promise<T> {
  let isSame = true;
  const onClose = () => {
    isSame = false;
  };
  redis.once("close", onClose);
  try {
    return await act(() => {
      if (!isSame) throw new BellwetherError("BW_CONNECTION_CHANGED", {});
    });
  } finally {
    redis.off("close", onClose);
  }
}
