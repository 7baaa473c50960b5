import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Purpose } from "../redis/connect.ts";
import type { RedisKeys } from "../redis/keys.ts";
import { RedisPresence } from "../redis/presence.ts";
import { Script } from "../redis/script.ts";
import type { Claim, ClaimOutcome, LockStore } from "./lock-store.ts";

const ACQUIRE = new Script(new URL("./acquire.lua", import.meta.url));
const RENEW = new Script(new URL("./renew.lua", import.meta.url));
const RELEASE = new Script(new URL("./release.lua", import.meta.url));

/** How long a call waits for a connection before it gives up. */
const READY_LIMIT_MS = 2_000;
/** How long the first call waits until others can see that this process is there. */
const ANNOUNCE_LIMIT_MS = 500;
/**
 * For how long a holder must be gone. A leader is replaced after a tenth of that, because a wrong guess costs it
 * nothing (DESIGN §5.3); here it costs the promise, and a live process is back within 500 ms (`connectRedis`).
 */
const GONE_MS = 1_000;
/** How often waiters look whether the holder is there; a release wakes them besides. */
const LOOK_MS = 250;
const BLIND_LOOK_MS = 2_000;

const acquireReply = z.union([
  z.tuple([z.literal("granted"), z.number(), z.number()]),
  z.tuple([z.literal("held"), z.number(), z.number(), z.string(), z.enum(["there", "gone", "unknown"])]),
]);
const renewReply = z.tuple([z.number(), z.number()]);

export interface RedisLockStoreOptions {
  /** Called when the first lock is wanted, not before: who takes no locks needs no connections. */
  readonly connect: (purpose: Purpose, name: string) => Redis;
  readonly keys: RedisKeys;
  /** Unique per process start. */
  readonly holder: string;
}

interface Connections {
  /** Fails fast and never resends. */
  readonly redis: Redis;
  readonly subscriber: Redis;
  readonly presence: RedisPresence;
  readonly announced: Promise<unknown>;
}

/** Locks as hashes with a time to live; every step is one script. Waiters are not served in order. */
export class RedisLockStore implements LockStore {
  readonly kind = "redis";
  readonly isFair = false;
  readonly holder: string;
  readonly #connect: RedisLockStoreOptions["connect"];
  readonly #keys: RedisKeys;
  readonly #channel: string;
  readonly #wakers = new Map<string, Set<() => void>>();
  readonly #checks = new Set<() => void>();
  #connections: Connections | null = null;
  #lastError = "no connection";
  #isClosed = false;

  constructor(options: RedisLockStoreOptions) {
    this.#connect = options.connect;
    this.#keys = options.keys;
    this.holder = options.holder;
    this.#channel = options.keys.lockHolder(options.holder);
  }

  async acquire({ name, token, ttlMs }: Claim): Promise<ClaimOutcome> {
    const { redis, presence } = await this.#ready();
    const reply = acquireReply.parse(
      await ACQUIRE.run(
        redis,
        [this.#keys.lock(name), this.#keys.lockFence],
        [token, ttlMs, this.holder, this.#channel, presence.isSettled() ? "1" : "0", GONE_MS],
      ),
    );
    if (reply[1] === 0) presence.announceAgain();
    if (reply[0] === "granted") return { outcome: "granted", fence: reply[2] };
    const [, , endsInMs, holder, presenceOfHolder] = reply;
    const lookMs = presenceOfHolder === "unknown" ? BLIND_LOOK_MS : LOOK_MS;
    return { outcome: "held", holder, askAgainInMs: Math.min(Math.max(endsInMs, 0) + 1, lookMs) };
  }

  async renew({ name, token, ttlMs }: Claim): Promise<"renewed" | "lost"> {
    const { redis, presence } = await this.#ready();
    const [isOurs, isSeen] = renewReply.parse(
      await RENEW.run(redis, [this.#keys.lock(name)], [token, ttlMs, this.#channel]),
    );
    if (isSeen === 0) presence.announceAgain();
    return isOurs === 1 ? "renewed" : "lost";
  }

  async release({ name, token }: Claim): Promise<void> {
    const { redis } = await this.#ready();
    await RELEASE.run(redis, [this.#keys.lock(name)], [token, this.#keys.lock(name)]);
  }

  onHint({ name }: Claim, wake: () => void): () => void {
    const channel = this.#keys.lock(name);
    const wakers = this.#wakers.get(channel) ?? new Set();
    this.#wakers.set(channel, wakers.add(wake));
    this.#subscribe(channel);
    return () => {
      wakers.delete(wake);
      if (wakers.size > 0 || this.#wakers.get(channel) !== wakers) return;
      this.#wakers.delete(channel);
      const subscriber = this.#connections?.subscriber;
      if (subscriber?.status === "ready") subscriber.unsubscribe(channel).catch(ignore);
    };
  }

  onDoubt(check: () => void): () => void {
    this.#checks.add(check);
    return () => this.#checks.delete(check);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const { redis, subscriber } = this.#connections ?? {};
    // To end one twice would keep the process alive for ioredis's disconnectTimeout.
    for (const connection of [redis, subscriber]) if (connection?.status !== "end") connection?.disconnect();
  }

  /** The connections, when they can be used. Rejects when they cannot within the limit. */
  async #ready(): Promise<Connections> {
    if (this.#isClosed) throw new Error("closed");
    this.#connections ??= this.#open();
    const { redis, announced } = this.#connections;
    if (redis.status !== "ready" && !(await isReady(redis, READY_LIMIT_MS))) throw new Error(this.#lastError);
    await announced;
    return this.#connections;
  }

  #open(): Connections {
    const redis = this.#connect("fenced", "locks");
    const subscriber = this.#connect("subscriber", "locks-presence");
    redis.on("error", error => {
      // Only what Node says of the socket: ioredis puts the arguments of AUTH into other errors.
      this.#lastError = "code" in error ? String(error.code) : (error.message.split(/[\s,]/)[0] ?? "");
    });
    subscriber.on("message", (channel: string) => this.#wake(channel));
    const presence = new RedisPresence({ subscriber, channel: this.#channel });
    const first = Promise.withResolvers<void>();
    presence.onNotice(() => {
      first.resolve();
      for (const channel of this.#wakers.keys()) this.#subscribe(channel);
      this.#doubt();
    });
    presence.start();
    // Perhaps on another server by now, which has not seen this process yet.
    redis.on("ready", () => this.#doubt());
    const announced = Promise.race([first.promise, delay(ANNOUNCE_LIMIT_MS)]);
    return { redis, subscriber, presence, announced };
  }

  /** While the connection is away there is nothing to do: when it is back everything is subscribed again. */
  #subscribe(channel: string): void {
    const subscriber = this.#connections?.subscriber;
    if (subscriber?.status !== "ready") return;
    subscriber.subscribe(channel).then(() => this.#wake(channel), ignore);
  }

  #doubt(): void {
    for (const check of this.#checks) check();
  }

  #wake(channel: string): void {
    for (const wake of this.#wakers.get(channel) ?? []) wake();
  }
}

async function isReady(redis: Redis, limitMs: number): Promise<boolean> {
  const ready = Promise.withResolvers<boolean>();
  const onReady = () => ready.resolve(true);
  const timer = setTimeout(() => ready.resolve(false), limitMs);
  redis.once("ready", onReady);
  const answer = await ready.promise;
  clearTimeout(timer);
  redis.off("ready", onReady);
  return answer;
}

function ignore(): void {
  return;
}
