import { afterAll, beforeAll } from "vitest";
import { EtcdQueue } from "../../src/election/etcd-queue.ts";
import type { LeaseStore } from "../../src/election/lease-store.ts";
import { RedisKeys } from "../../src/redis/keys.ts";
import { startEtcd, type TestEtcd } from "../support/etcd-server.ts";
import { type OpenStore, openEtcd, openRedis, openUnseenEtcdStore } from "../support/etcd-store.ts";
import { namespace, startRedis, type TestRedis } from "../support/redis-server.ts";
import { electorSuite } from "./elector.ts";
import { generationsIn, type LeaseStoreFixture, leaseStoreSuite } from "./lease-store.ts";

let redis: TestRedis;
let etcd: TestEtcd;
beforeAll(async () => {
  [redis, etcd] = await Promise.all([startRedis(), startEtcd()]);
});
afterAll(() => Promise.all([redis.stop(), etcd.stop()]));

async function setup(): Promise<LeaseStoreFixture> {
  const name = namespace();
  const stores = new Map<LeaseStore, OpenStore>();
  const plain = await openRedis(redis.url, "plain");
  const client = openEtcd(etcd.url);
  const queue = new EtcdQueue(client, name);
  const openUnseen = async (replica: string) => {
    const opened = await openUnseenEtcdStore({
      redisUrl: redis.url,
      etcd: etcd.url,
      namespace: name,
      replica,
    });
    stores.set(opened.store, opened);
    return opened;
  };
  return {
    openUnseen,
    async open(replica = "anyone") {
      const { store, appear } = await openUnseen(replica);
      await appear();
      return store;
    },
    vanish: store => stores.get(store)?.vanish(),
    ...generationsIn(plain, new RedisKeys(name)),
    readFence: () => plain.get(new RedisKeys(name).term),
    async untilExpired() {
      while ((await queue.holder()) !== null);
    },
    async dispose() {
      for (const opened of stores.values()) opened.close();
      client.close();
      plain.disconnect();
    },
  };
}

leaseStoreSuite("etcd", setup);
electorSuite("etcd", setup);
