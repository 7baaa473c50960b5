import { isBellwetherError } from "../errors.ts";
import type { Events } from "../events.ts";
import type { CheckedRedis } from "./checked-redis.ts";
import { describeAddress } from "./connect.ts";
import { reasonOf, whyNotConnected } from "./connection-reason.ts";
import type { RedisPlace } from "./given-connection.ts";
import { checkServer } from "./server-check.ts";
import type { ServerFacts, ServerWarning } from "./server-facts.ts";

export interface ConnectionWatchOptions {
  readonly address: RedisPlace;
  readonly events: Events;
}

/** One connection that is watched. */
interface Watched {
  readonly redis: CheckedRedis;
  readonly name: string;
  /** It has been ready and has not been closed since. */
  isReady: boolean;
  lastError: Error | null;
  /** Its reason is being looked for. */
  isAsked: boolean;
}

/**
 * Reports on all connections of a replica: `redis.unreachable` once when one cannot be made, and again for each other
 * refusal of the server while that lasts. `redis.connected` comes when all of them are there (again), or when the replica
 * goes on without the rest. A server that goes away breaks every connection. The first connection that was added is
 * reported immediately, the others only when they cannot be made again.
 */
export class ConnectionWatch {
  readonly #options: ConnectionWatchOptions;
  readonly #firstAnswer = Promise.withResolvers<void>();
  readonly #watched = new Map<CheckedRedis, Watched>();
  /** Why each connection that cannot be made cannot. */
  readonly #down = new Map<CheckedRedis, string>();
  /** The reasons that were reported since all connections were there. */
  readonly #told = new Set<string>();
  #main: CheckedRedis | null = null;
  #hasConnected = false;
  #stopped = false;

  constructor(options: ConnectionWatchOptions) {
    this.#options = options;
    this.#firstAnswer.promise.catch(() => undefined);
  }

  /** The first one that is added is the main one. */
  add(redis: CheckedRedis, name: string): void {
    if (this.#stopped) return;
    const watched: Watched = { redis, name, isReady: false, lastError: null, isAsked: false };
    this.#watched.set(redis, watched);
    this.#main ??= redis;
    redis.on("error", error => this.#onError(watched, error));
    redis.on("close", () => this.#onClose(watched));
    redis.on("ready", () => this.#onReady(watched));
    redis.on("end", () => this.#onEnd(watched));
    if (redis.status === "ready") this.#onReady(watched);
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Resolves when a usable server has answered on the main connection. Rejects with BW_REDIS_TOO_OLD. */
  whenUsable(): Promise<void> {
    return this.#firstAnswer.promise;
  }

  /**
   * For a replica that needs only the connections with these names. When they are there, it emits `redis.connected`, and
   * `redis.unreachable` for one of the rest when it fails once more: most only wait for their next attempt.
   */
  goOnWithoutTheRest(needed: readonly string[]): void {
    if (this.#told.size === 0 || !this.#hasConnected || this.#stopped) return;
    const missing = [...this.#watched.values()].filter(({ redis }) => this.#down.has(redis));
    if (missing.some(({ name }) => needed.includes(name))) return;
    this.#down.clear();
    this.#tellConnected();
  }

  #onError(watched: Watched, error: Error): void {
    watched.lastError = error;
    // While no sentinel answers no connection is tried, so none is closed.
    if (error.message.startsWith("All sentinels")) void this.#onFailed(watched, false);
  }

  #onClose(watched: Watched): void {
    const wasReady = watched.isReady;
    watched.isReady = false;
    if (watched.redis === this.#main || !wasReady) void this.#onFailed(watched, wasReady);
  }

  /** Closed for good by its owner. */
  #onEnd(watched: Watched): void {
    this.#watched.delete(watched.redis);
    this.#onBack(watched);
  }

  /** What broke a connection that was ready is not looked into: the next attempt says what is wrong. */
  async #onFailed(watched: Watched, wasReady: boolean): Promise<void> {
    if (this.#stopped || watched.isAsked) return;
    // A server that stays away is not asked again at each attempt, unless it says something.
    if (this.#down.has(watched.redis) && watched.redis.refusal === null) return;
    const { address } = this.#options;
    const { redis, lastError } = watched;
    watched.isAsked = true;
    watched.lastError = null;
    const reason = wasReady ? reasonOf(lastError, address) : await whyNotConnected(redis, lastError, address);
    watched.isAsked = false;
    if (!this.#stopped && !watched.isReady && this.#watched.has(redis)) this.#tell(watched, reason);
  }

  #tell(watched: Watched, error: string): void {
    const isNews = this.#told.size === 0 || isRefusal(error);
    this.#down.set(watched.redis, error);
    if (!isNews || this.#told.has(error)) return;
    this.#told.add(error);
    const { address, events } = this.#options;
    events.emit("redis.unreachable", {
      address: describeAddress(address),
      error,
      ...(watched.redis === this.#main ? {} : { connection: watched.name }),
    });
  }

  #onReady(watched: Watched): void {
    watched.isReady = true;
    watched.lastError = null;
    this.#onBack(watched);
    if (watched.redis === this.#main) this.#onMainReady();
  }

  #onMainReady(): void {
    if (this.#hasConnected || this.#stopped || !this.#main?.facts) return;
    try {
      checkServer(this.#main.facts, this.#options.address);
    } catch (error) {
      if (!isBellwetherError(error)) throw error;
      this.#firstAnswer.reject(error);
      return;
    }
    this.#hasConnected = true;
    if (this.#down.size === 0) this.#tellConnected();
    this.#firstAnswer.resolve();
  }

  #onBack({ redis }: Watched): void {
    const wasDown = this.#down.delete(redis);
    if (wasDown && this.#down.size === 0 && this.#hasConnected && !this.#stopped) this.#tellConnected();
  }

  #tellConnected(): void {
    const facts = this.#main?.facts;
    if (!this.#main || !facts) return;
    this.#told.clear();
    const { address, events } = this.#options;
    const server = peerOf(this.#main);
    events.emit("redis.connected", {
      address: describeAddress(address),
      ...(server === null ? {} : { server }),
      version: facts.version ?? "unknown",
    });
    for (const warning of warningsOf(facts, address)) events.emit("redis.warning", warning);
  }
}

/** `10.0.0.1:6379`; null where the socket has no address any more. */
function peerOf({ stream }: CheckedRedis): string | null {
  const { remoteAddress, remotePort } = stream;
  if (remoteAddress === undefined || remotePort === undefined) return null;
  return `${remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}

/** A server that takes over later, and is too old, keeps a replica from nothing that works there. */
function warningsOf(facts: ServerFacts, address: RedisPlace): ServerWarning[] {
  try {
    return checkServer(facts, address);
  } catch (error) {
    if (!isBellwetherError(error)) throw error;
    return [{ problem: error.message, advice: "upgrade it" }];
  }
}

/** What a server said, rather than what happened to the socket. */
function isRefusal(reason: string): boolean {
  return reason.includes(" ") && !/^(connection closed|no answer in time)$/.test(reason);
}
