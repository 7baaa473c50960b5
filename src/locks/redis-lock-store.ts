import type { Redis } from "ioredis";
import { z } from "zod";
import { within } from "../clock/within.ts";
import type { CheckedRedis } from "../redis/checked-redis.ts";
import type { Purpose } from "../redis/connect.ts";
import { reasonOf, whyNotConnected } from "../redis/connection-reason.ts";
import type { RedisPlace } from "../redis/given-connection.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { Script } from "../redis/script.ts";
import type { Claim, ClaimOutcome, LockStore } from "./lock-store.ts";

const RENEW = new Script(z.unknown(), new URL("./renew.lua", import.meta.url));
const RELEASE = new Script(z.unknown(), new URL("./release.lua", import.meta.url));

/** How long a call waits for a connection before it gives up. */
const READY_LIMIT_MS = 2_000;
/** Wakeups wake waiters at a release, and the TTL says when to ask after a holder's death; this is for lost wakeups. */
const ASK_AGAIN_MS = 2_000;
/** The kernel resends what a closed socket still had to send for up to about 100 s (tcp_orphan_retries). */
const LATE_MS = 120_000;

const acquireReply = z.union([
  z.tuple([z.literal("granted"), z.number()]),
  z.tuple([z.literal("held"), z.number(), z.string()]),
]);
const ACQUIRE = new Script(acquireReply, new URL("./acquire.lua", import.meta.url));

export interface RedisLockStoreOptions {
  /** Called when the first lock is wanted, and when the first one is waited for. */
  readonly connect: (purpose: Purpose, name: string) => CheckedRedis;
  /** Where `connect` connects to. */
  readonly address: RedisPlace;
  readonly keys: RedisKeys;
  /** Unique per process start. */
  readonly holder: string;
}

/** Locks as hashes with a time to live; every step is one script. Waiters are not served in order. */
export class RedisLockStore implements LockStore {
  readonly kind = "redis";
  readonly isFair = false;
  readonly holder: string;
  readonly #options: RedisLockStoreOptions;
  /** By channel. */
  readonly #wakers = new Map<string, Set<() => void>>();
  /** Fails fast and never resends. */
  #redis: Redis | null = null;
  /** For wakeups only. */
  #subscriber: Redis | null = null;
  #lastError = "no connection";
  #isClosed = false;

  constructor(options: RedisLockStoreOptions) {
    this.#options = options;
    this.holder = options.holder;
  }

  async acquire({ name, token, ttlMs }: Claim): Promise<ClaimOutcome> {
    const { lock, lockFence, lockEnded } = this.#options.keys;
    const keys = [lock(name), lockFence, lockEnded(token)];
    const reply = await ACQUIRE.run(await this.#ready(), keys, [token, ttlMs, this.holder]);
    if (reply[0] === "granted") return { outcome: "granted", fence: reply[1] };
    const [, endsInMs, holder] = reply;
    return { outcome: "held", holder, askAgainInMs: Math.min(endsInMs + 1, ASK_AGAIN_MS) };
  }

  async renew({ name, token, ttlMs }: Claim): Promise<"renewed" | "lost"> {
    const answer = await RENEW.run(await this.#ready(), [this.#options.keys.lock(name)], [token, ttlMs]);
    return answer === 1 ? "renewed" : "lost";
  }

  async release({ name, token }: Claim, isInDoubt: boolean): Promise<void> {
    const { lock, lockEnded } = this.#options.keys;
    const args = [token, lock(name), isInDoubt ? LATE_MS : 0];
    await RELEASE.run(await this.#ready(), [lock(name), lockEnded(token)], args);
  }

  /** Everything that is known of a claim is in Redis. */
  forget(): void {
    return;
  }

  onChange({ name }: Claim, wake: () => void): () => void {
    const channel = this.#options.keys.lock(name);
    const wakers = this.#wakers.get(channel) ?? new Set();
    this.#wakers.set(channel, wakers.add(wake));
    if (!this.#isClosed) this.#subscriber ??= this.#openSubscriber();
    this.#subscribe(channel);
    return () => {
      wakers.delete(wake);
      if (wakers.size > 0 || this.#wakers.get(channel) !== wakers) return;
      this.#wakers.delete(channel);
      if (this.#subscriber?.status === "ready") this.#subscriber.unsubscribe(channel).catch(ignore);
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // To end one twice would keep the process alive for ioredis's disconnectTimeout.
    for (const connection of [this.#redis, this.#subscriber])
      if (connection?.status !== "end") connection?.disconnect();
  }

  /** The connection, when it can be used. Rejects when it cannot within the limit. */
  async #ready(): Promise<Redis> {
    if (this.#isClosed) throw new Error("closed");
    this.#redis ??= this.#open();
    const redis = this.#redis;
    if (redis.status !== "ready" && !(await isReady(redis, READY_LIMIT_MS))) throw new Error(this.#lastError);
    return redis;
  }

  #open(): Redis {
    const redis = this.#options.connect("noRetry", "locks");
    let lastError: Error | null = null;
    let isExplained = false;
    redis.on("error", error => {
      lastError = error;
      if (error.message.startsWith("All sentinels")) this.#lastError = reasonOf(error, this.#options.address);
    });
    redis.on("ready", () => {
      isExplained = false;
    });
    redis.on("close", () => {
      if (isExplained) return;
      isExplained = true;
      void whyNotConnected(redis, lastError, this.#options.address).then(reason => {
        this.#lastError = reason;
      });
    });
    return redis;
  }

  #openSubscriber(): Redis {
    const subscriber = this.#options.connect("subscriber", "locks-hints");
    subscriber.on("message", (channel: string) => this.#wake(channel));
    subscriber.on("ready", () => {
      for (const channel of this.#wakers.keys()) this.#subscribe(channel);
    });
    return subscriber;
  }

  /** While the connection is away there is nothing to do: when it is back everything is subscribed again. */
  #subscribe(channel: string): void {
    if (this.#subscriber?.status !== "ready") return;
    this.#subscriber.subscribe(channel).then(() => this.#wake(channel), ignore);
  }

  #wake(channel: string): void {
    for (const wake of this.#wakers.get(channel) ?? []) wake();
  }
}

async function isReady(redis: Redis, limitMs: number): Promise<boolean> {
  const ready = Promise.withResolvers<boolean>();
  const onReady = () => ready.resolve(true);
  redis.once("ready", onReady);
  const answer = await within(ready.promise, limitMs, false);
  redis.off("ready", onReady);
  return answer;
}

function ignore(): void {
  return;
}
