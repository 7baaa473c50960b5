import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { EtcdElection } from "../../src/election/etcd-election.ts";
import type { LeaseStore } from "../../src/election/lease-store.ts";
import { RedisKeys } from "../../src/redis/keys.ts";
import { RedisPresence } from "../../src/redis/presence.ts";
import { startEtcd, type TestEtcd } from "../support/etcd-server.ts";
import { type OpenStore, openEtcd, openRedis, openUnseenEtcdStore } from "../support/etcd-store.ts";
import { namespace, startRedis, type TestRedis } from "../support/redis-server.ts";
import { electorSuite } from "./elector.ts";
import { type LeaseStoreFixture, leaseStoreSuite, recordsIn } from "./lease-store.ts";

let redis: TestRedis;
let etcd: TestEtcd;
beforeAll(async () => {
  [redis, etcd] = await Promise.all([startRedis(), startEtcd()]);
});
afterAll(() => Promise.all([redis.stop(), etcd.stop()]));

async function setup(): Promise<
  LeaseStoreFixture & { keys: RedisKeys; plain: Redis; election: EtcdElection; name: string }
> {
  const name = namespace();
  const keys = new RedisKeys(name);
  const stores = new Map<LeaseStore, OpenStore>();
  const plain = await openRedis(redis.url, "plain");
  const client = openEtcd(etcd.url);
  const election = new EtcdElection(client, name);
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
    name,
    keys,
    plain,
    election,
    openUnseen,
    async open(replica = "anyone") {
      const { store, appear } = await openUnseen(replica);
      await appear();
      return store;
    },
    vanish: store => stores.get(store)?.vanish(),
    ...recordsIn(plain, keys),
    readFence: () => plain.get(keys.term),
    async untilExpired() {
      while ((await election.holder()) !== null);
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

describe("the etcd lease store", () => {
  const bidOf = (replica: string) => ({ replica, token: `${replica}-token`, ttlMs: 60_000, generation: 0 });

  it("does not pass over a key whose replica it finds gone for the first time", async ({
    onTestFinished,
  }) => {
    const settled = vi.spyOn(RedisPresence.prototype, "isSettled").mockReturnValue(true);
    onTestFinished(() => settled.mockRestore());
    const fixture = await setup();
    const b = await fixture.open("b");
    await fixture.election.join("dead", 60_000);
    expect(await b.campaign(bidOf("b"))).toMatchObject({ outcome: "held", leader: null, presence: "gone" });
    while ((await b.campaign(bidOf("b"))).outcome === "held");
    await fixture.dispose();
  });

  it("tells a leader whose key was deleted by hand when it renews, also when no other replica is there", async () => {
    const fixture = await setup();
    const a = await fixture.open("a");
    await a.campaign(bidOf("a"));
    expect(await a.renew(bidOf("a"))).toBe("renewed");
    await etcd.ctl("del", "--prefix", `/${fixture.name}/election/`);
    expect(await a.renew(bidOf("a"))).toBe("lost");
    await fixture.dispose();
  });

  it("tells a leader whose term was replaced in Redis when it renews", async () => {
    const fixture = await setup();
    const a = await fixture.open("a");
    await a.campaign(bidOf("a"));
    await fixture.plain.set(fixture.keys.term, "2:another");
    expect(await a.renew(bidOf("a"))).toBe("fenced");
    await fixture.plain.del(fixture.keys.term);
    expect(await a.renew(bidOf("a"))).toBe("lost");
    await fixture.dispose();
  });

  it("does not write how its term ended to the record of the next one", async () => {
    const fixture = await setup();
    const a = await fixture.open("a");
    await a.campaign(bidOf("a"));
    await fixture.plain.set(fixture.keys.term, "2:another");
    await a.release(bidOf("a"), "resigned");
    expect(await fixture.plain.hexists(fixture.keys.leader, "ended")).toBe(0);
    await fixture.dispose();
  });

  it("leaves the queue when it cannot open its term", async () => {
    const fixture = await setup();
    const a = await fixture.open("a");
    await fixture.plain.set(fixture.keys.terms, "not a list");
    await expect(a.campaign(bidOf("a"))).rejects.toThrow("WRONGTYPE");
    expect(await fixture.election.holder()).toBeNull();
    await fixture.dispose();
  });

  it("leads on an etcd that was restored from a backup, whose revisions are older than the newest claim", async () => {
    const fixture = await setup();
    const a = await fixture.open("a");
    await a.campaign(bidOf("a"));
    await a.release(bidOf("a"), "resigned");
    const [cluster, revision] = ((await fixture.plain.get(fixture.keys.claim)) ?? "").split(":");
    await fixture.plain.set(fixture.keys.claim, `${cluster}:${Number(revision) + 1_000}`);
    expect(await a.campaign({ ...bidOf("a"), token: "again" })).toMatchObject({
      outcome: "elected",
      term: 2,
    });
    await fixture.dispose();
  });
});
