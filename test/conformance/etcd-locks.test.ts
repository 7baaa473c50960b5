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
    vanish: () => undefined,
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

lockStoreSuite("etcd", setup, { shortTtlMs: 1_000, seesDeath: false });

it("gives greater fences after etcd was rebuilt from nothing, however fast it was written to", async () => {
  const fixture = await setup();
  const store = await fixture.open("a");
  const acquire = async (by: LockStore, token: string) => {
    const outcome = await by.acquire({ name: "lock", token, ttlMs: 5_000 });
    if (outcome.outcome !== "granted") throw new Error("not granted");
    return outcome.fence;
  };
  await acquire(store, "one");
  await store.release({ name: "lock", token: "one", ttlMs: 5_000 });
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
  await store.release(first);
  expect(await stranger).toContain("mine");
  while ((await store.acquire(second)).outcome === "held");
  await fixture.dispose();
});
