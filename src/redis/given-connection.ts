import { Redis, type RedisOptions } from "ioredis";
import type { RedisAddress } from "../config/redis-address.ts";
import { BellwetherError, messageOf } from "../errors.ts";
import { anyConnector } from "./connectors.ts";

/** How a program gives its connection: options of ioredis, or a function that returns a new Redis made with the given ones. */
export type GivenConnection = RedisOptions | ((options: AskedOptions) => Redis);

/** What Bellwether asks of a connection. */
export type AskedOptions = RedisOptions & { replyMapping: "legacy" };

/** Where a connection leads: an address of the configuration, or what the program gave. */
export type RedisPlace = RedisAddress | GivenPlace;

/** A worker waits for work longer than a command may take; a silent server loses its connection all the same (SilenceWatch). */
const NO_LIMITS = { commandTimeout: undefined, socketTimeout: undefined } as unknown as RedisOptions;

/** What every connection of Bellwether's has: otherwise its transactions, replies or checks would be others. */
const COMMON: RedisOptions = {
  Connector: anyConnector as unknown as NonNullable<RedisOptions["Connector"]>,
  enableAutoPipelining: false,
  enableReadyCheck: true,
  lazyConnect: false,
  readOnly: false,
  stringNumbers: false,
  ...NO_LIMITS,
};

/** Why an option matters, for people. */
const REASONS: Readonly<Record<string, string>> = {
  maxRetriesPerRequest: "with null BullMQ's workers wait for Redis, and with 0 no launch is sent twice",
  autoResendUnfulfilledCommands: "a launch must not be sent twice",
  enableOfflineQueue: "a command fails while there is no connection",
  autoResubscribe: "Bellwether subscribes again by itself",
  retryStrategy: "a connection that is not made again is missing for ever",
  reconnectOnError: "a server that has lost its role is left",
  commandTimeout: "workers wait for work, and a silent server is noticed without it",
  socketTimeout: "workers wait for work, and a silent server is noticed without it",
  enableAutoPipelining: "a pipeline would mix with transactions",
  replyMapping: "scripts answer with lists",
  enableReadyCheck: "each server is checked before it is used",
};

/** The connections that a program gives. Each one is checked before it is used. */
export class GivenPlace {
  readonly kind = "given";
  readonly #given: GivenConnection;
  readonly #made = new WeakSet<Redis>();
  /** Of the newest connection. */
  #options: RedisOptions = {};

  constructor(given: GivenConnection) {
    this.#given = given;
    if (typeof given !== "function") {
      refuseOptions(given);
      this.#options = given;
    }
  }

  /** Makes a connection that keeps to these options, whatever the program has. Throws BW_CONNECTION_INVALID. */
  create(rules: AskedOptions): Redis {
    const given = this.#given;
    const wanted = { ...COMMON, ...rules };
    const redis =
      typeof given === "function" ? this.#call(given, wanted) : new Redis({ ...given, ...wanted });
    this.#options = redis.options;
    return redis;
  }

  /** Without its secrets, for people. */
  describe(): string {
    const { host = "127.0.0.1", port = 6379, path, sentinels, name } = this.#options;
    if (sentinels) return `sentinel ${name} (${sentinels.map(at => `${at.host}:${at.port}`).join(", ")})`;
    return path ?? `redis${this.isTls ? "s" : ""}://${host}:${port}`;
  }

  get isTls(): boolean {
    return this.#options.tls !== undefined;
  }

  /** Null where sentinels or a path name it. */
  get place(): { readonly host: string; readonly port: number } | null {
    const { host = "127.0.0.1", port = 6379, path, sentinels } = this.#options;
    return path || sentinels ? null : { host, port };
  }

  get secrets(): readonly string[] {
    const { password, sentinelPassword } = this.#options;
    return [password, sentinelPassword].filter(secret => typeof secret === "string");
  }

  #call(make: (options: AskedOptions) => Redis, wanted: AskedOptions): Redis {
    const redis = callOf(make, wanted);
    const problem = this.#problemOf(redis, wanted);
    if (problem !== null) {
      // Of one that was used before, its owner disposes.
      if (isRedis(redis) && !this.#made.has(redis) && redis.status !== "end") redis.disconnect();
      throw invalid(problem);
    }
    this.#made.add(redis);
    // One that was made to wait for its first command would fail that: commands here wait for no connection.
    if (redis.status === "wait") redis.connect().catch(() => undefined);
    return redis;
  }

  #problemOf(redis: Redis, wanted: RedisOptions): string | null {
    if (!isRedis(redis)) {
      const isPromise = typeof (redis as { then?: unknown } | undefined)?.then === "function";
      return `the function returned ${isPromise ? "a promise" : "no Redis of ioredis"}, expected a new Redis`;
    }
    if ((redis as { isCluster?: boolean }).isCluster) return CLUSTER;
    if (this.#made.has(redis)) {
      return "the function returned the same Redis twice, expected a new one for each call: a connection that waits for work cannot do other work";
    }
    if (redis.status === "end" || redis.status === "close") {
      return "the function returned a Redis that is closed, expected a new one";
    }
    if (redis.status !== "connecting" && redis.status !== "wait") {
      return `the function returned a Redis that is in use (${redis.status}), expected a new one for each call`;
    }
    if (redis.options.keyPrefix) return KEY_PREFIX;
    const options = redis.options as Readonly<Record<string, unknown>>;
    const [name] =
      Object.entries(wanted).find(([key, value]) => REASONS[key] && options[key] !== value) ?? [];
    if (name === undefined) return null;
    const found = textOf(options[name], "of its own");
    const asked = textOf((wanted as typeof options)[name], "the given one");
    return `the function returned a Redis with ${name} ${found}, and it was asked for ${asked} (${REASONS[name]}): keep the given options, as in options => new Redis({ host, ...options })`;
  }
}

function textOf(option: unknown, ofFunction: string): string {
  if (typeof option === "function") return ofFunction;
  return option === undefined ? "none" : String(option);
}

const CLUSTER =
  "it is a client of a Redis Cluster, which sends a transaction again to another node: name the nodes in redis.cluster of the configuration, without connection; the namespace is then the hash tag of every key";
const KEY_PREFIX =
  "it has a keyPrefix, which BullMQ and Bellwether's scripts do not know: leave it out, and choose a namespace";

function refuseOptions(given: RedisOptions): void {
  if (isRedis(given as unknown)) {
    throw invalid(
      "found a Redis, expected its options or a function: Bellwether needs several connections, as in options => new Redis({ host, ...options })",
    );
  }
  if ("redisOptions" in given) throw invalid(CLUSTER);
  if (given.keyPrefix) throw invalid(KEY_PREFIX);
}

function callOf(make: (options: AskedOptions) => Redis, options: AskedOptions): Redis {
  try {
    return make(options);
  } catch (error) {
    throw invalid(`the function threw: ${messageOf(error)}`);
  }
}

/** Not by class: a program may have a copy of ioredis of its own. */
function isRedis(value: unknown): value is Redis {
  return (
    typeof value === "object" &&
    value !== null &&
    "status" in value &&
    "options" in value &&
    typeof (value as Redis).duplicate === "function"
  );
}

function invalid(problem: string): BellwetherError {
  return new BellwetherError("BW_CONNECTION_INVALID", { problem });
}
