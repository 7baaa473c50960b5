import { UnrecoverableError } from "bullmq";
import type { Redis } from "ioredis";
import { afterEach, expect, it } from "vitest";
import { createLocks, Events, type Lock, type Locks } from "../../src/index.ts";
import { RedisLockStore } from "../../src/locks/redis-lock-store.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { RedisKeys } from "../../src/redis/keys.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace, startRedis } from "../support/redis-server.ts";
import { cluster } from "./worker.setup.ts";

const disposals: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

const DURABLE = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];

async function setup({ args = undefined as readonly string[] | undefined } = {}) {
  const redis = await startRedis(args ? { args } : {});
  disposals.push(() => redis.stop());
  const name = namespace();
  const address = { kind: "url", url: redis.url } as const;
  const open = (id: string, events = new Events()): Locks => {
    const locks = createLocks({ config: { namespace: name, redis: address }, id, events });
    disposals.push(() => locks.stop());
    return locks;
  };
  return { redis, name, address, keys: new RedisKeys(name), open };
}

/** Holds a lock until `release`; `ended` is what the call came to. */
async function hold(locks: Locks, ttl: string) {
  const acquired = Promise.withResolvers<Lock>();
  const gate = Promise.withResolvers<void>();
  const ended = locks.lock("held", { ttl }, lock => {
    acquired.resolve(lock);
    return gate.promise;
  });
  ended.catch(() => undefined);
  disposals.push(() => gate.resolve());
  const lock = await acquired.promise;
  return { lock, ended, release: () => gate.resolve() };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

it("keeps a lock through a restart of a Redis that keeps its data", async () => {
  const { redis, open } = await setup({ args: DURABLE });
  const { lock, ended, release } = await hold(open("a"), "30s");
  await redis.restart();
  const other = open("b");
  await expect(other.lock("held", { ttl: "10s", wait: 0 }, () => "taken")).rejects.toMatchObject({
    code: "BW_LOCK_TIMEOUT",
  });
  expect(lock.signal.aborted).toBe(false);
  release();
  await ended;
  expect(await other.lock("held", { ttl: "10s" }, next => next.fence)).toBeGreaterThan(lock.fence);
});

it("aborts the holder when Redis lost its data, and draws greater fences all the same", async () => {
  const { redis, open } = await setup();
  const recorder = new Recorder();
  const { lock, ended, release } = await hold(open("a", recorder.events), "10s");
  const before = lock.fence;
  await redis.restart();
  await aborted(lock.signal);
  expect(recorder.of("lock.lost")).toMatchObject([{ reason: "taken" }]);
  release();
  await expect(ended).rejects.toMatchObject({ code: "BW_LOCK_LOST" });
  const after = await open("b").lock("held", { ttl: "10s" }, next => next.fence);
  expect(after).toBeGreaterThan(before);
});

it("aborts the holder when Redis stays away, and grants nothing meanwhile", async () => {
  const { redis, open } = await setup();
  const locks = open("a");
  const { lock, release, ended } = await hold(locks, "1s");
  await redis.kill();
  await aborted(lock.signal);
  expect(lock.signal.reason).toMatchObject({ code: "BW_LOCK_LOST" });
  await expect(open("b").lock("held", { ttl: "10s", wait: 0 }, () => "taken")).rejects.toMatchObject({
    code: "BW_LOCK_UNREACHABLE",
    fields: { error: "ECONNREFUSED" },
  });
  release();
  await expect(ended).rejects.toMatchObject({ code: "BW_LOCK_LOST" });
});

it("keeps the lock of a holder whose presence was cut off for a moment", async () => {
  const { address, keys, open } = await setup();
  const { lock } = await hold(open("a"), "1h");
  const judge = open("b");
  await judge.lock("other", { ttl: "10s" }, () => undefined);
  const plain = connectRedis(address, "plain", "judge");
  disposals.push(() => plain.disconnect());
  for (let cut = 0; cut < 5; cut++) {
    await plain.call("CLIENT", "KILL", "TYPE", "pubsub");
    const taking = judge.lock("held", { ttl: "10s", wait: 400 }, () => "taken");
    await expect(taking).rejects.toMatchObject({ code: "BW_LOCK_TIMEOUT" });
  }
  expect(await plain.hget(keys.lock("held"), "goneAt")).toBeNull();
  expect(lock.signal.aborted).toBe(false);
});

it.each([
  { where: "nowhere", url: async () => "redis://127.0.0.1:1" },
  // As after a failover: a demoted server keeps its subscribers.
  { where: "on another server", url: async () => (await setup()).redis.url },
])("waits for the TTL of a holder whose presence is $where", async ({ url }) => {
  const { address, name, keys, open } = await setup();
  const elsewhere = { kind: "url", url: await url() } as const;
  const connections: Redis[] = [];
  const store = new RedisLockStore({
    connect: purpose => {
      const redis = connectRedis(purpose === "subscriber" ? elsewhere : address, purpose, name);
      connections.push(redis);
      return redis;
    },
    keys,
    holder: "unseen",
  });
  disposals.push(() => store.close());
  const claim = { name: "held", token: "one", ttlMs: 4_000 };
  const first = await store.acquire(claim);
  await store.renew(claim);
  const plain = connectRedis(address, "plain", "judge");
  disposals.push(() => plain.disconnect());
  expect(await plain.hget(keys.lock("held"), "alive")).toBe("");
  for (const connection of connections) connection.disconnect();
  const fence = await open("b").lock("held", { ttl: "10s", wait: "20s" }, lock => lock.fence);
  expect(first).toMatchObject({ outcome: "granted" });
  if (first.outcome === "granted") expect(fence).toBeGreaterThan(first.fence);
});

it("wakes whoever waits as soon as the lock is given back", async () => {
  const { open } = await setup();
  const { release } = await hold(open("a"), "1h");
  const order: string[] = [];
  const waiting = ["b", "c", "d"].map(id =>
    open(id).lock("held", { ttl: "1h", wait: "20s" }, () => void order.push(id)),
  );
  release();
  await Promise.all(waiting);
  expect(order.toSorted()).toEqual(["b", "c", "d"]);
});

it("frees the lock of a handler that throws, and ends waiting with the run", async () => {
  const { redis, address } = await setup();
  const made = cluster(redis);
  disposals.push(() => made.close());
  const name = (made.queue.opts.prefix ?? "").slice(1, -1);
  const locks = createLocks({ config: { namespace: name, redis: address } });
  disposals.push(() => locks.stop());
  const { events } = await made.start(
    "pod-1",
    {
      throws: (_, run) =>
        run.lock("invoices", { ttl: "1h" }, () => {
          throw new UnrecoverableError("no paper");
        }),
      waits: (_, run) => run.lock("held", { ttl: "1h", wait: "1h" }, () => "never"),
    },
    { timeoutMs: 5_000, more: { locks } },
  );
  await made.launch("throws");
  expect(await events.wait("run.failed")).toMatchObject({ job: "throws", error: "no paper" });
  expect(await locks.lock("invoices", { ttl: "10s", wait: 0 }, () => "free")).toBe("free");

  const { release } = await hold(locks, "1h");
  await made.launch("waits");
  expect(await events.wait("run.failed", 2)).toMatchObject({ job: "waits" });
  release();
});
