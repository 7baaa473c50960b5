import type { Redis } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { EtcdLeaseStore } from "../../src/election/etcd-lease-store.ts";
import { EtcdQueue } from "../../src/election/etcd-queue.ts";
import type { LeaseStore } from "../../src/election/lease-store.ts";
import { EtcdClient } from "../../src/etcd/client.ts";
import { Events } from "../../src/events.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { RedisKeys } from "../../src/redis/keys.ts";
import { RedisPresence } from "../../src/redis/presence.ts";
import { startEtcd, type TestEtcd } from "../support/etcd-server.ts";
import { namespace, startRedis, type TestRedis } from "../support/redis-server.ts";
import { electorSuite } from "./elector.ts";
import { type LeaseStoreFixture, leaseStoreSuite } from "./lease-store.ts";

let redisServer: TestRedis;
let etcdServer: TestEtcd;
beforeAll(async () => {
  [redisServer, etcdServer] = await Promise.all([startRedis(), startEtcd()]);
});
afterAll(() => Promise.all([redisServer.stop(), etcdServer.stop()]));

async function setup(): Promise<LeaseStoreFixture> {
  const name = namespace();
  const keys = new RedisKeys(name);
  const connections: Redis[] = [];
  const clients: EtcdClient[] = [];
  const connect = async (purpose: "fenced" | "subscriber" | "plain") => {
    const redis = connectRedis({ kind: "url", url: redisServer.url }, purpose, "test");
    connections.push(redis);
    await new Promise(resolve => redis.once("ready", resolve));
    return redis;
  };
  const openQueue = () => {
    const client = new EtcdClient({
      address: { hosts: [etcdServer.url], tls: null, credentials: null },
      callLimitMs: 2_000,
      events: new Events(),
    });
    clients.push(client);
    return new EtcdQueue(client, name);
  };
  const subscribers = new Map<LeaseStore, Redis>();
  const plain = await connect("plain");
  const queue = openQueue();
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
      const redis = await connect("fenced");
      const store = new EtcdLeaseStore({ queue: openQueue(), redis, presence, keys });
      subscribers.set(store, subscriber);
      return store;
    },
    vanish(store) {
      subscribers.get(store)?.disconnect();
    },
    readFence: () => plain.get(keys.term),
    async untilExpired() {
      while ((await queue.holder()) !== null);
    },
    async dispose() {
      for (const client of clients) client.close();
      for (const redis of connections) redis.disconnect();
    },
  };
}

leaseStoreSuite("etcd", setup);
electorSuite("etcd", setup);
