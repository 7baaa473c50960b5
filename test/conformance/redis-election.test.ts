import type { Redis } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import type { LeaseStore } from "../../src/election/lease-store.ts";
import { RedisLeaseStore } from "../../src/election/redis-lease-store.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { RedisKeys } from "../../src/redis/keys.ts";
import { RedisPresence } from "../../src/redis/presence.ts";
import { namespace, startRedis, type TestRedis } from "../support/redis-server.ts";
import { electorSuite } from "./elector.ts";
import { type LeaseStoreFixture, leaseStoreSuite } from "./lease-store.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

async function setup(): Promise<LeaseStoreFixture> {
  const keys = new RedisKeys(namespace());
  const connections: Redis[] = [];
  const connect = async (purpose: "fenced" | "subscriber" | "plain") => {
    const redis = connectRedis({ kind: "url", url: server.url }, purpose, "test");
    connections.push(redis);
    await new Promise(resolve => redis.once("ready", resolve));
    return redis;
  };
  const subscribers = new Map<LeaseStore, Redis>();
  const plain = await connect("plain");
  return {
    async open(replica = "anyone") {
      const subscriber = await connect("subscriber");
      const presence = new RedisPresence({
        subscriber,
        channel: keys.alive(replica),
        notices: keys.leadershipChannel,
      });
      const announced = new Promise<void>(resolve => presence.onNotice(resolve));
      presence.start();
      await announced;
      const store = new RedisLeaseStore({ redis: await connect("fenced"), presence, keys });
      subscribers.set(store, subscriber);
      return store;
    },
    vanish(store) {
      subscribers.get(store)?.disconnect();
    },
    readFence: () => plain.get(keys.term),
    async untilExpired() {
      while ((await plain.exists(keys.lease)) === 1);
    },
    async dispose() {
      for (const redis of connections) redis.disconnect();
    },
  };
}

leaseStoreSuite("Redis", setup);
electorSuite("Redis", setup);
