import { UnrecoverableError } from "bullmq";
import { expect } from "vitest";
import { createLocks, Events, type Lock, type Locks } from "../../src/index.ts";
import { Locks as LocksOf } from "../../src/locks/locks.ts";
import { RedisLockStore } from "../../src/locks/redis-lock-store.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { test } from "../support/fixtures.ts";
import { realClock } from "../support/real-clock.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";
import { cluster } from "./worker.setup.ts";

const DURABLE = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""];

const it = test
  .extend(
    "setup",
    ({ defer, startServer }) =>
      async ({ args = undefined as readonly string[] | undefined } = {}) => {
        const redis = await startServer(args ? { args } : {});
        const name = namespace();
        const address = { kind: "url", url: redis.url } as const;
        const open = (id: string, events = new Events()): Locks => {
          const locks = createLocks({ config: { namespace: name, redis: address }, id, events });
          defer(() => locks.stop());
          return locks;
        };
        return { redis, name, address, keys: redisKeys(name), open };
      },
  )
  /** Holds a lock until `release`; `ended` is what the call came to. */
  .extend("hold", ({ defer }) => async (locks: Locks, ttl: string) => {
    const acquired = Promise.withResolvers<Lock>();
    const gate = Promise.withResolvers<void>();
    const ended = locks.lock("held", { ttl }, lock => {
      acquired.resolve(lock);
      return gate.promise;
    });
    ended.catch(() => undefined);
    defer(() => gate.resolve());
    const lock = await acquired.promise;
    return { lock, ended, release: () => gate.resolve() };
  });

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

it("keeps a lock through a restart of a Redis that keeps its data", async ({ setup, hold }) => {
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

it("aborts the holder when Redis lost its data, and draws greater fences all the same", async ({
  setup,
  hold,
}) => {
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

it("aborts the holder when Redis stays away, and grants nothing meanwhile", async ({ setup, hold }) => {
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

it("keeps the lock of a live holder whose other connections are cut off and cannot come back", async ({
  setup,
  defer,
  hold,
}) => {
  const { address, keys, open } = await setup();
  const plain = connectRedis(address, "worker", "judge");
  defer(() => plain.disconnect());
  const judge = open("b");
  const blocker = await hold(judge, "10s");
  const locks = open("a");
  // The holder has waited, so it has a connection for wakeups.
  const waiting = hold(locks, "1h");
  while (!(await plain.pubsub("CHANNELS", keys.lock("held"))).length);
  blocker.release();
  const { lock } = await waiting;
  const clients = Number(/connected_clients:(\d+)/.exec(await plain.info("clients"))?.[1]);
  await plain.config("SET", "maxclients", clients - 1);
  await plain.call("CLIENT", "KILL", "TYPE", "pubsub");
  const taking = judge.lock("held", { ttl: "10s", wait: "3s" }, () => "taken");
  await expect(taking).rejects.toMatchObject({ code: "BW_LOCK_TIMEOUT" });
  expect(lock.signal.aborted).toBe(false);
});

it("grants a released lock to a waiter that gets no wakeups", async ({ setup, hold, defer }) => {
  const { address, keys, open } = await setup();
  const { release } = await hold(open("a"), "1h");
  const store = new RedisLockStore({
    connect: purpose =>
      purpose === "subscriber"
        ? connectRedis({ kind: "url", url: "redis://127.0.0.1:1" }, purpose, "deaf")
        : connectRedis(address, purpose, "deaf"),
    address,
    keys,
    holder: "deaf",
  });
  const recorder = new Recorder();
  const locks = new LocksOf({ store, clock: realClock(), events: recorder.events });
  defer(() => locks.stop());
  const refused = Promise.withResolvers<void>();
  const acquire = store.acquire.bind(store);
  store.acquire = async claim => {
    const outcome = await acquire(claim);
    refused.resolve();
    return outcome;
  };
  const waiting = locks.lock("held", { ttl: "1h", wait: "20s" }, () => "granted");
  await refused.promise;
  release();
  expect(await waiting).toBe("granted");
});

it("connects when the first lock is wanted, and opens no second connection without waiting", async ({
  setup,
  defer,
  hold,
}) => {
  const { address, open } = await setup();
  const locks = open("a");
  const plain = connectRedis(address, "worker", "judge");
  defer(() => plain.disconnect());
  const names = async () => String(await plain.client("LIST")).match(/name=bellwether:\S+/g);
  expect(await names()).toBeNull();
  await hold(locks, "10s");
  expect(await names()).toEqual([expect.stringMatching(/:locks$/)]);
});

it("wakes whoever waits as soon as the lock is given back", async ({ setup, hold }) => {
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

it("frees the lock of a handler that throws, and ends waiting with the run", async ({
  setup,
  defer,
  hold,
}) => {
  const { redis, address } = await setup();
  const made = cluster(redis);
  defer(() => made.close());
  const name = (made.queue.opts.prefix ?? "").slice(1, -1);
  const locks = createLocks({ config: { namespace: name, redis: address } });
  defer(() => locks.stop());
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
