import type { Redis } from "ioredis";
import { sleep } from "../clock/sleep.ts";
import type { Connection } from "../config/connection.ts";
import type { RedisAddress } from "../config/redis-address.ts";
import type { CheckedRedis } from "../redis/checked-redis.ts";
import { connectRedis, describeAddress, isConnectionLoss } from "../redis/connect.ts";
import { reasonOf, SILENT, whyNotConnected } from "../redis/connection-reason.ts";
import { checkFormat } from "../redis/format.ts";
import { type RedisKeys, redisKeys } from "../redis/keys.ts";
import { withoutArguments } from "../redis/server-facts.ts";
import { CliFailure, type Io } from "./io.ts";

/** How long a server has to answer first, and to come back when the connection broke. */
const CONNECT_LIMIT_MS = 5_000;
const REPEAT_PAUSE_MS = 50;
/** A server that breaks every connection is no help. */
const MAX_REPEATS = 5;

export interface SessionOptions {
  /** Added to the message when Redis did not come back. */
  readonly afterLoss?: string;
  /** Reading is all that it does, so a read-only replica will do. */
  readonly mayBeReplica?: boolean;
}

/**
 * Connects, does something, disconnects. A person is waiting, so an unreachable server fails the command immediately.
 */
export async function withRedis<T>(
  config: Connection,
  io: Io,
  act: (redis: Redis, keys: RedisKeys) => Promise<T>,
  options: SessionOptions = {},
): Promise<T> {
  const keys = redisKeys(config.namespace);
  const checked = async (redis: Redis) => {
    await checkFormat(redis, keys);
    return await act(redis, keys);
  };
  return await withServer(config.redis, io, checked, options);
}

/**
 * The same on any server. What it refuses is a failure too, in one line. When the connection breaks, `act` is called
 * again on the next one. Ends in time: 5 s after the connection broke, which the client finds out after 5 s of silence.
 */
export async function withServer<T>(
  address: RedisAddress,
  io: Io,
  act: (redis: Redis) => Promise<T>,
  options: SessionOptions = {},
): Promise<T> {
  const { mayBeReplica = false } = options;
  const redis = connectRedis(address, "plain", "bellwether-cli", { mayBeReplica });
  const where = describeAddress(address);
  const over = new AbortController();
  try {
    await whenReady(redis, address);
    const lost = whenLost(redis, address, over.signal);
    return await Promise.race([repeatOnLoss(redis, act, { ...options, io, where, over: over.signal }), lost]);
  } catch (error) {
    throw asFailure(error, where, options);
  } finally {
    over.abort();
    redis.disconnect();
  }
}

interface Repeating extends SessionOptions {
  readonly io: Io;
  readonly where: string;
  /** ioredis's status does not say that a connection was given up while it reconnected. */
  readonly over: AbortSignal;
}

async function repeatOnLoss<T>(
  redis: Redis,
  act: (redis: Redis) => Promise<T>,
  { io, where, over }: Repeating,
): Promise<T> {
  for (let repeats = 0; ; repeats++) {
    try {
      return await act(redis);
    } catch (error) {
      if (!isConnectionLoss(error) || repeats === MAX_REPEATS) throw error;
      if (repeats === 0) io.err(`the connection to Redis at ${where} broke; connecting again\n`);
      do await sleep(REPEAT_PAUSE_MS, over);
      while (redis.status !== "ready" && !over.aborted);
      if (over.aborted) throw error;
    }
  }
}

/** Its message is why the connection could not be made again, where that is known. */
class ConnectionLost extends Error {}

/** Rejects when the connection has been broken for too long, whatever its commands do. */
function whenLost(redis: CheckedRedis, address: RedisAddress, over: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  let limit: NodeJS.Timeout | undefined;
  const reason = () => (redis.refusal === null ? "" : `: ${reasonOf(redis.refusal, address)}`);
  redis.on("close", () => {
    if (!over.aborted) limit ??= setTimeout(() => reject(new ConnectionLost(reason())), CONNECT_LIMIT_MS);
  });
  const clear = () => {
    clearTimeout(limit);
    limit = undefined;
  };
  redis.on("ready", clear);
  over.addEventListener("abort", clear);
  return promise;
}

/** What Redis or the connection to it has to say, in one line; anything else is a bug and keeps its stack. */
function asFailure(error: unknown, where: string, { afterLoss = "" }: SessionOptions): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "ReplyError")
    return new CliFailure(`Redis at ${where} refused: ${withoutArguments(error.message)}`);
  if (error instanceof ConnectionLost)
    return new CliFailure(`Redis at ${where} went away${error.message}${afterLoss}`);
  if (isConnectionLoss(error)) return new CliFailure(`Redis at ${where} went away${afterLoss}`);
  return error;
}

async function whenReady(redis: CheckedRedis, address: RedisAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const where = describeAddress(address);
  const fail = (why: string) => reject(new CliFailure(`cannot reach Redis at ${where}: ${why}`));
  const explain = async (error: Error) => {
    const why = await whyNotConnected(redis, error, address);
    fail(why === SILENT ? `no answer within ${CONNECT_LIMIT_MS / 1000} s` : why);
  };
  const limit = setTimeout(() => void explain(new Error("Socket timeout")), CONNECT_LIMIT_MS);
  redis.once("ready", resolve);
  redis.once("error", (error: Error) => void explain(error));
  try {
    await promise;
  } finally {
    clearTimeout(limit);
  }
}
