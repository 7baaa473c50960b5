import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Claim, LockStore } from "../../src/locks/lock-store.ts";
import { RedisLockStore } from "../../src/locks/redis-lock-store.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { type RedisKeys, redisKeys } from "../../src/redis/keys.ts";
import { namespace, startRedis, type TestRedis } from "../support/redis-server.ts";
import { type LockStoreFixture, lockStoreSuite } from "./lock-store.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

interface RedisFixture extends LockStoreFixture {
  readonly keys: RedisKeys;
  /** For looking behind the store. */
  readonly plain: Redis;
}

async function setup(): Promise<RedisFixture> {
  const keys = redisKeys(namespace());
  const address = { kind: "url", url: server.url } as const;
  const plain = connectRedis(address, "worker", "test");
  const stores: RedisLockStore[] = [];
  return {
    keys,
    plain,
    async open(holder = "anyone") {
      const store = new RedisLockStore({
        connect: purpose => connectRedis(address, purpose, "test"),
        address,
        keys,
        holder,
      });
      stores.push(store);
      // The first call connects.
      await store.release({ name: "nothing", token: "none", ttlMs: 1 }, false);
      return store;
    },
    async untilExpired(name) {
      while ((await plain.exists(keys.lock(name))) === 1);
    },
    async dispose() {
      await Promise.all(stores.map(store => store.close()));
      plain.disconnect();
    },
  };
}

lockStoreSuite("Redis", setup, { shortTtlMs: 50 });

describe("the Redis lock store", () => {
  const fixtures: RedisFixture[] = [];
  afterEach(() => Promise.all(fixtures.splice(0).map(fixture => fixture.dispose())));

  async function two() {
    const fixture = await setup();
    fixtures.push(fixture);
    return { ...fixture, a: await fixture.open("a"), b: await fixture.open("b") };
  }
  const first: Claim = { name: "lock", token: "first", ttlMs: 10_000 };
  const second: Claim = { name: "lock", token: "second", ttlMs: 1_000 };

  it.each([
    { what: "an acquisition", before: async () => undefined, ttlMs: 10_000 },
    {
      what: "a longer renewal",
      before: (a: LockStore) => a.renew({ ...first, ttlMs: 20_000 }),
      ttlMs: 20_000,
    },
  ])("lets no lock outlive $what when the server's clock steps back", async ({ before, ttlMs }) => {
    const { a, b, plain, keys } = await two();
    await a.acquire(first);
    await before(a);
    // What a step back of an hour leaves behind.
    await plain.pexpire(keys.lock("lock"), ttlMs + 3_600_000);
    expect(await b.acquire(second)).toMatchObject({ outcome: "held" });
    const leftMs = await plain.pttl(keys.lock("lock"));
    expect(leftMs).toBeLessThanOrEqual(ttlMs);
    expect(leftMs).toBeGreaterThan(second.ttlMs);
  });

  it("shows people who holds a lock, and since when", async () => {
    const { a, plain, keys } = await two();
    await a.acquire(first);
    const { holder, since } = await plain.hgetall(keys.lock("lock"));
    expect(holder).toBe("a");
    expect(Number(since)).toBeGreaterThan(Date.UTC(2020));
  });

  it("does not shorten a lock for a claim with a shorter TTL", async () => {
    const { a, b, plain, keys } = await two();
    await a.acquire({ ...first, ttlMs: 3_600_000 });
    await b.acquire(second);
    expect(await plain.pttl(keys.lock("lock"))).toBeGreaterThan(3_000_000);
  });

  it("gives a lock that lost its TTL the one that it was granted for", async () => {
    const { a, b, plain, keys } = await two();
    await a.acquire(first);
    await plain.persist(keys.lock("lock"));
    await b.acquire(second);
    expect(await plain.pttl(keys.lock("lock"))).toBeGreaterThan(0);
  });

  it("tells a holder whose lock ended because the server's clock stepped ahead, and draws a greater fence", async () => {
    const { a, b, plain, keys } = await two();
    const held = await a.acquire(first);
    // What a step of more than the TTL ahead leaves behind.
    await plain.pexpireat(keys.lock("lock"), 1);
    const next = await b.acquire(second);
    expect(await a.renew(first)).toBe("lost");
    if (held.outcome !== "granted" || next.outcome !== "granted") throw new Error("not granted");
    expect(next.fence).toBeGreaterThan(held.fence);
  });

  it("draws greater fences than before when the server's clock has stepped back", async () => {
    const { a, plain, keys } = await two();
    const ahead = (Date.now() + 3_600_000) * 1_000;
    await plain.set(keys.lockFence, String(ahead));
    expect(await a.acquire(first)).toEqual({ outcome: "granted", fence: ahead + 1 });
  });

  it("draws greater fences than before when Redis has lost its data", async () => {
    const { a, b, plain, keys } = await two();
    const before = await a.acquire(first);
    await plain.del(keys.lockFence, keys.lock("lock"));
    const after = await b.acquire(second);
    if (before.outcome !== "granted" || after.outcome !== "granted") throw new Error("not granted");
    expect(after.fence).toBeGreaterThan(before.fence);
  });

  it("wakes a waiter at the release", async () => {
    const { a, b } = await two();
    await a.acquire(first);
    let wakeup = Promise.withResolvers<void>();
    const end = b.onChange(second, () => wakeup.resolve());
    // The first wakeup says that the subscription is there.
    await wakeup.promise;
    wakeup = Promise.withResolvers<void>();
    await a.release(first, false);
    await wakeup.promise;
    end();
  });

  it("grants nothing to a claim that arrives after its release", async () => {
    const { a, b } = await two();
    await a.release(first, true);
    await expect(a.acquire(first)).rejects.toThrow("released before it arrived");
    expect(await b.acquire(second)).toMatchObject({ outcome: "granted" });
  });

  it("leaves no mark of a claim whose every try was answered", async () => {
    const { a, plain, keys } = await two();
    await a.acquire(first);
    await a.release(first, false);
    expect(await plain.exists(keys.lockEnded("first"), keys.lock("lock"))).toBe(0);
    await a.release(first, true);
    expect(await plain.pttl(keys.lockEnded("first"))).toBeGreaterThan(0);
  });
});
