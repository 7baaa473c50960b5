import type { Redis } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import type { LockStore } from "../../src/locks/lock-store.ts";
import { RedisLockStore } from "../../src/locks/redis-lock-store.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { RedisKeys } from "../../src/redis/keys.ts";
import { namespace, startRedis, type TestRedis } from "../support/redis-server.ts";
import { type LockStoreFixture, lockStoreSuite } from "./lock-store.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

async function setup(): Promise<LockStoreFixture> {
  const keys = new RedisKeys(namespace());
  const address = { kind: "url", url: server.url } as const;
  const plain = connectRedis(address, "plain", "test");
  const connections = new Map<LockStore, Redis[]>();
  return {
    async open(holder = "anyone") {
      const own: Redis[] = [];
      const store = new RedisLockStore({
        connect: purpose => {
          const redis = connectRedis(address, purpose, "test");
          own.push(redis);
          return redis;
        },
        keys,
        holder,
      });
      connections.set(store, own);
      // The first call connects.
      await store.release({ name: "nothing", token: "none", ttlMs: 1 });
      return store;
    },
    vanish(store) {
      for (const redis of connections.get(store) ?? []) redis.disconnect();
    },
    async untilExpired(name) {
      while ((await plain.exists(keys.lock(name))) === 1);
    },
    async dispose() {
      await Promise.all([...connections.keys()].map(store => store.close()));
      plain.disconnect();
    },
  };
}

lockStoreSuite("Redis", setup, { shortTtlMs: 50, seesDeath: true });
