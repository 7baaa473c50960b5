import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { EtcdLease } from "../../src/election/etcd-lease.ts";
import { LeasedElection } from "../../src/election/leased-election.ts";
import { TermRegister } from "../../src/election/term-register.ts";
import type { EtcdClient } from "../../src/etcd/client.ts";
import { RedisPresence } from "../../src/redis/presence.ts";
import { startEtcd, type TestEtcd } from "../support/etcd-server.ts";
import { openEtcd } from "../support/etcd-store.ts";
import { namespace, startRedis, type TestRedis } from "../support/redis-server.ts";
import { electionFixture, electionSuite } from "./election.ts";
import { electorSuite } from "./elector.ts";

let redis: TestRedis;
let etcd: TestEtcd;
beforeAll(async () => {
  [redis, etcd] = await Promise.all([startRedis(), startEtcd()]);
});
afterAll(() => Promise.all([redis.stop(), etcd.stop()]));

async function setup() {
  const name = namespace();
  const clients: EtcdClient[] = [];
  const openLease = () => {
    const client = openEtcd(etcd.url);
    clients.push(client);
    return new EtcdLease(client, name);
  };
  const lease = openLease();
  const fixture = await electionFixture({
    redisUrl: redis.url,
    name,
    create: parts => new LeasedElection(openLease(), new TermRegister(parts)),
    isHeld: async () => (await lease.holder()) !== null,
    close: () => {
      for (const client of clients) client.close();
    },
  });
  return { ...fixture, name, lease };
}

electionSuite("etcd", setup);
electorSuite("etcd", setup);

describe("the etcd election", () => {
  const bidOf = (replica: string) => ({ replica, token: `${replica}-token`, ttlMs: 60_000, generation: 0 });

  it.each([
    ["grant of its lease", 1],
    ["making of its key", 2],
    ["check of the line", 3],
  ])("has one place in the line when the answer to the %s is lost", async (_, lost) => {
    const name = namespace();
    const client = openEtcd(etcd.url);
    const lease = new EtcdLease(client, name);
    const call = client.call.bind(client);
    let calls = 0;
    vi.spyOn(client, "call").mockImplementation(async work => {
      const answer = await call(work);
      calls += 1;
      if (calls === lost) throw new Error("lost");
      return answer;
    });
    const bid = { replica: "a", ttlMs: 60_000 };
    await expect(lease.acquire(bid, null)).rejects.toThrow("lost");
    const { own, holder } = await lease.acquire(bid, null);
    expect(own?.claim).toBe(holder.claim);
    expect(await lease.renew()).toBe(true);
    await lease.release();
    expect(await lease.holder()).toBeNull();
    client.close();
  });

  it("does not pass over a key whose replica it finds gone for the first time", async ({
    onTestFinished,
  }) => {
    const settled = vi.spyOn(RedisPresence.prototype, "isSettled").mockReturnValue(true);
    onTestFinished(() => settled.mockRestore());
    const fixture = await setup();
    const b = await fixture.open("b");
    await fixture.lease.acquire({ replica: "dead", ttlMs: 60_000 }, null);
    expect(await b.campaign(bidOf("b"))).toMatchObject({ outcome: "held", leader: null, presence: "gone" });
    while ((await b.campaign(bidOf("b"))).outcome === "held");
    await fixture.dispose();
  });

  it("leaves no key of a leader that is gone when its takeover is refused for its generation", async ({
    onTestFinished,
  }) => {
    const settled = vi.spyOn(RedisPresence.prototype, "isSettled").mockReturnValue(true);
    onTestFinished(() => settled.mockRestore());
    const fixture = await setup();
    const [dead, a, b] = await Promise.all([fixture.open("dead"), fixture.open("a"), fixture.open("b")]);
    const newer = { ...bidOf("b"), generation: 2 };
    await dead.campaign({ ...bidOf("dead"), generation: 2 });
    fixture.vanish(dead);
    for (;;) {
      const found = await b.campaign(newer);
      if (found.outcome === "held" && found.presence === "gone") break;
    }
    expect(await a.campaign({ ...bidOf("a"), generation: 1 })).toMatchObject({ outcome: "held" });
    expect((await b.campaign({ ...newer, takeOver: 1 })).outcome).not.toBe("elected");
    expect(await fixture.lease.holder()).toBeNull();
    expect(await a.campaign({ ...bidOf("a"), generation: 1 })).toMatchObject({
      outcome: "elected",
      term: 2,
      reason: "crashed",
    });
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
    expect(await fixture.lease.holder()).toBeNull();
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
