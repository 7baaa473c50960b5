import type { Redis } from "ioredis";
import type { Config, RedisAddress } from "../config/config.ts";
import { connectRedis, describeAddress } from "../redis/connect.ts";
import { checkFormat } from "../redis/format.ts";
import { RedisKeys } from "../redis/keys.ts";
import { CliFailure } from "./io.ts";

const CONNECT_LIMIT_MS = 5_000;

/** Connects, does something, disconnects. A person is waiting, so a server that is away is a failure at once. */
export async function withRedis<T>(
  config: Config,
  act: (redis: Redis, keys: RedisKeys) => Promise<T>,
): Promise<T> {
  const keys = new RedisKeys(config.namespace);
  return await withServer(config.redis, async redis => {
    await checkFormat(redis, keys);
    return await act(redis, keys);
  });
}

/** The same on any server. What it refuses is a failure too, in one line. */
export async function withServer<T>(address: RedisAddress, act: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = connectRedis(address, "plain", "bellwether-cli");
  try {
    await whenReady(redis, describeAddress(address));
    return await act(redis);
  } catch (error) {
    throw asFailure(error, describeAddress(address));
  } finally {
    redis.disconnect();
  }
}

/** What Redis or the connection to it has to say, in one line; anything else is a bug and keeps its stack. */
function asFailure(error: unknown, address: string): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "ReplyError") return new CliFailure(`Redis at ${address} refused: ${error.message}`);
  if (error.name === "MaxRetriesPerRequestError") return new CliFailure(`Redis at ${address} went away`);
  return error;
}

async function whenReady(redis: Redis, address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (why: string) => reject(new CliFailure(`cannot reach Redis at ${address}: ${why}`));
  const limit = setTimeout(() => fail(`no answer within ${CONNECT_LIMIT_MS / 1000} s`), CONNECT_LIMIT_MS);
  redis.once("ready", resolve);
  redis.once("error", (error: NodeJS.ErrnoException) =>
    fail(error.code ?? error.message.split(" ")[0] ?? ""),
  );
  try {
    await promise;
  } finally {
    clearTimeout(limit);
  }
}
