import { sleep } from "../clock/sleep.ts";
import { BellwetherError, isBellwetherError } from "../errors.ts";
import type { CheckedRedis } from "../redis/checked-redis.ts";
import { connectRedis, describeAddress, isConnectionLoss } from "../redis/connect.ts";
import { reasonOf, SILENT, whyNotConnected } from "../redis/connection-reason.ts";
import type { RedisPlace } from "../redis/given-connection.ts";
import { withoutArguments } from "../redis/server-facts.ts";

/** How long a server has to answer first, and to come back when the connection broke. */
const CONNECT_LIMIT_MS = 5_000;
const REPEAT_PAUSE_MS = 50;
/** A server that breaks every connection is no help. */
const MAX_REPEATS = 5;

export interface RedisSessionOptions {
  readonly address: RedisPlace;
  /** The connection's name in CLIENT LIST. */
  readonly name: string;
  /** Reading is all that it does, so a read-only replica will do. */
  readonly mayBeReplica: boolean;
  /** What it is used for may have changed something when its answer is lost. */
  readonly isActing: boolean;
  /** The connection broke during a use, and is made again; once for each use. */
  readonly onBroken?: ((where: string) => void) | undefined;
}

/**
 * A connection for callers who wait: each use ends in time. It is opened by the first use. An unreachable server fails that
 * immediately. When the connection breaks later, what was under way is done again on the next one, for up to 5 s after the
 * break, which the client finds out after 5 s of silence.
 */
export class RedisSession {
  readonly #options: RedisSessionOptions;
  readonly #where: string;
  #isClosed = false;
  #redis: CheckedRedis | null = null;
  #ready: Promise<void> | null = null;
  #hasBeenReady = false;
  #lastError: Error | null = null;
  /** Of uses that are under way: it rejects when the connection has been broken for too long. */
  #lost = neverOrLost();
  #limit: NodeJS.Timeout | undefined;

  constructor(options: RedisSessionOptions) {
    this.#options = options;
    this.#where = describeAddress(options.address);
  }

  /**
   * Calls `act`, and again when the connection broke meanwhile: what it sends must be safe to repeat.
   *
   * @throws BellwetherError BW_REDIS_UNREACHABLE, BW_REDIS_LOST, BW_COMMAND_REFUSED, BW_CLIENT_CLOSED; and what `act` throws
   */
  async use<T>(act: (redis: CheckedRedis) => Promise<T>): Promise<T> {
    const ending = new AbortController();
    try {
      if (this.#isClosed) throw new BellwetherError("BW_CLIENT_CLOSED", {});
      this.#redis ??= this.#open();
      const redis = this.#redis;
      await this.#whenReady(redis);
      return await Promise.race([this.#repeatOnLoss(redis, act, ending.signal), this.#lost.promise]);
    } catch (error) {
      throw this.#failureOf(error);
    } finally {
      ending.abort();
    }
  }

  /** Uses that are under way reject with BW_CLIENT_CLOSED. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#lose(new BellwetherError("BW_CLIENT_CLOSED", {}));
    clearTimeout(this.#limit);
    this.#redis?.disconnect();
  }

  #open(): CheckedRedis {
    const { address, name, mayBeReplica } = this.#options;
    const redis = connectRedis(address, "plain", name, { mayBeReplica });
    redis.on("error", (error: Error) => {
      this.#lastError = error;
    });
    redis.on("close", () => {
      if (this.#isClosed) return;
      this.#limit ??= setTimeout(() => {
        const why = redis.refusal === null ? null : reasonOf(redis.refusal, address);
        this.#lose(this.#lossOf(why));
      }, CONNECT_LIMIT_MS);
    });
    redis.on("ready", () => {
      this.#hasBeenReady = true;
      clearTimeout(this.#limit);
      this.#limit = undefined;
    });
    return redis;
  }

  #lose(error: BellwetherError): void {
    const { reject } = this.#lost;
    this.#lost = neverOrLost();
    reject(error);
  }

  #lossOf(why: string | null): BellwetherError {
    const { isActing: isUnknown } = this.#options;
    return new BellwetherError("BW_REDIS_LOST", { address: this.#where, why, isUnknown });
  }

  async #repeatOnLoss<T>(
    redis: CheckedRedis,
    act: (redis: CheckedRedis) => Promise<T>,
    over: AbortSignal,
  ): Promise<T> {
    for (let repeats = 0; ; repeats++) {
      try {
        return await act(redis);
      } catch (error) {
        if (!isConnectionLoss(error) || repeats === MAX_REPEATS) throw error;
        if (repeats === 0 && !over.aborted) this.#options.onBroken?.(this.#where);
        // ioredis's status does not say that a connection was given up while it reconnected.
        do await sleep(REPEAT_PAUSE_MS, over);
        while (redis.status !== "ready" && !over.aborted);
        if (over.aborted) throw error;
      }
    }
  }

  /** What Redis or the connection to it has to say, in one line; anything else keeps its own words. */
  #failureOf(error: unknown): unknown {
    if (!(error instanceof Error)) return error;
    if (error.name === "ReplyError") {
      const about = { address: this.#where, answer: withoutArguments(error.message) };
      return new BellwetherError("BW_COMMAND_REFUSED", about, { cause: error });
    }
    return isConnectionLoss(error) ? this.#lossOf(null) : error;
  }

  #whenReady(redis: CheckedRedis): Promise<void> {
    if (redis.status === "ready") return Promise.resolve();
    this.#ready ??= this.#waitUntilReady(redis).finally(() => {
      this.#ready = null;
    });
    return this.#ready;
  }

  /** One that has worked before may take its time: it is being made again. */
  async #waitUntilReady(redis: CheckedRedis): Promise<void> {
    const { address } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const explain = async (error: Error) => {
      const found = await whyNotConnected(redis, error, address);
      const why = found === SILENT ? `no answer within ${CONNECT_LIMIT_MS / 1000} s` : found;
      reject(new BellwetherError("BW_REDIS_UNREACHABLE", { address: this.#where, why }));
    };
    const silent = () => void explain((this.#hasBeenReady && this.#lastError) || new Error("Socket timeout"));
    const onError = (error: Error) => void (this.#hasBeenReady || explain(error));
    const limit = setTimeout(silent, CONNECT_LIMIT_MS);
    redis.once("ready", resolve);
    redis.on("error", onError);
    try {
      await Promise.race([promise, this.#lost.promise]);
    } finally {
      clearTimeout(limit);
      redis.off("ready", resolve);
      redis.off("error", onError);
    }
  }
}

/** For people who wait. */
export function brokenLine(where: string): string {
  return `the connection to Redis at ${where} broke; connecting again\n`;
}

/** True when Redis cannot be reached, went away or refused; what was asked may work later. */
export function isRedisFailure(error: unknown): boolean {
  return FAILURES.some(code => isBellwetherError(error, code));
}

const FAILURES = ["BW_REDIS_UNREACHABLE", "BW_REDIS_LOST", "BW_COMMAND_REFUSED"] as const;

function neverOrLost() {
  const lost = Promise.withResolvers<never>();
  // Mostly there is no use to reject.
  lost.promise.catch(() => undefined);
  return lost;
}
