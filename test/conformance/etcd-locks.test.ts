import { afterAll, beforeAll, expect, it } from "vitest";
import { EtcdLockStore } from "../../src/locks/etcd-lock-store.ts";
import type { Claim, LockStore } from "../../src/locks/lock-store.ts";
import { startEtcd, type TestEtcd } from "../support/etcd-server.ts";
import { openEtcd } from "../support/etcd-store.ts";
import { namespace } from "../support/redis-server.ts";
import { type LockStoreFixture, lockStoreSuite } from "./lock-store.ts";

let etcd: TestEtcd;
beforeAll(async () => {
  etcd = await startEtcd();
});
afterAll(() => etcd.stop());

async function setup(name = namespace()): Promise<LockStoreFixture> {
  const stores: EtcdLockStore[] = [];
  const client = openEtcd(etcd.url);
  return {
    async open(holder = "anyone") {
      const own = openEtcd(etcd.url);
      const store = new EtcdLockStore({ client: own, namespace: name, holder, nowMs: () => Date.now() });
      stores.push(store);
      return store;
    },
    async untilExpired(lock) {
      const prefix = `/${name}/locks/${lock}/`;
      const keys = () => client.call((etcd, options) => etcd.getAll().prefix(prefix).options(options).keys());
      while ((await keys()).length > 0);
    },
    async dispose() {
      for (const store of stores) await store.close();
      client.close();
    },
  };
}

lockStoreSuite("etcd", setup, { shortTtlMs: 1_000 });

it("gives greater fences after etcd was rebuilt from nothing, however fast it was written to", async () => {
  const fixture = await setup();
  const store = await fixture.open("a");
  const acquire = async (by: LockStore, token: string) => {
    const outcome = await by.acquire({ name: "lock", token, ttlMs: 5_000 });
    if (outcome.outcome !== "granted") throw new Error("not granted");
    return outcome.fence;
  };
  await acquire(store, "one");
  await store.release({ name: "lock", token: "one", ttlMs: 5_000 }, false);
  const client = openEtcd(etcd.url, { callLimitMs: 20_000 });
  await Promise.all(
    Array.from({ length: 3_000 }, () => client.call(etcd => etcd.put("key").value("x").exec())),
  );
  client.close();
  const before = await acquire(store, "two");
  await etcd.wipe("another");
  const after = await acquire(await fixture.open("b"), "three");
  await fixture.dispose();
  expect(after).toBeGreaterThan(before);
});

it("keeps the place of a waiter that died until its TTL ends", async () => {
  const fixture = await setup();
  const [a, b] = [await fixture.open("a"), await fixture.open("b")];
  const claims = ["one", "dead", "two"].map(token => ({ name: "lock", token, ttlMs: 1_000 }));
  const [first, dead, second] = claims as [Claim, Claim, Claim];
  await a.acquire(first);
  await b.acquire(dead);
  await b.close();
  await a.release(first, false);
  expect(await a.acquire(second)).toMatchObject({ outcome: "held", holder: "b" });
  while ((await a.acquire(second)).outcome === "held");
  await fixture.dispose();
});

it("tells a holder whose key was deleted by hand", async () => {
  const name = namespace();
  const fixture = await setup(name);
  const store = await fixture.open("a");
  const claim = { name: "lock", token: "one", ttlMs: 60_000 };
  await store.acquire(claim);
  expect(await store.renew(claim)).toBe("renewed");
  await etcd.ctl("del", "--prefix", `/${name}/locks/lock/`);
  expect(await store.renew(claim)).toBe("lost");
  await fixture.dispose();
});

it("keeps nothing of a claim that it could not release", async () => {
  const server = await startEtcd();
  const client = openEtcd(server.url, { callLimitMs: 250 });
  const store = new EtcdLockStore({ client, namespace: namespace(), holder: "a", nowMs: () => Date.now() });
  const claim = { name: "lock", token: "one", ttlMs: 60_000 };
  await store.acquire(claim);
  await server.stop();
  await expect(store.release(claim)).rejects.toThrow();
  store.forget(claim);
  // Only what is known needs etcd to answer.
  expect(await store.renew(claim)).toBe("lost");
  await store.close();
});

it("stands in one line with etcdctl lock", async () => {
  const name = namespace();
  const fixture = await setup(name);
  const store = await fixture.open("a");
  const claims = ["one", "two"].map(token => ({ name: "lock", token, ttlMs: 60_000 }));
  const [first, second] = claims as [Claim, Claim];
  await store.acquire(first);
  const stranger = etcd.ctl("lock", `/${name}/locks/lock`, "echo", "mine");
  while (
    !/\/lock\/.+\n+.*\/lock\//.test(await etcd.ctl("get", "--prefix", "--keys-only", `/${name}/locks/`))
  );
  expect(await store.acquire(second)).toMatchObject({ outcome: "held", holder: "a" });
  await store.release(first, false);
  expect(await stranger).toContain("mine");
  while ((await store.acquire(second)).outcome === "held");
  await fixture.dispose();
});
