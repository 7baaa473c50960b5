import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisElection } from "../../src/election/redis-election.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";
import { electionFixture, electionSuite } from "./election.ts";
import { electorSuite } from "./elector.ts";

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

function setup() {
  return electionFixture({
    redisUrl: server.url,
    create: parts => new RedisElection(parts),
    isHeld: async (redis, keys) => (await redis.exists(keys.lease)) === 1,
  });
}

electionSuite("Redis", setup);
electorSuite("Redis", setup);

describe("the Redis lease store", () => {
  it("does not let a lease outlive the time it was granted for when the server's clock steps back", async () => {
    const fixture = await setup();
    const [a, b] = [await fixture.open("a"), await fixture.open("b")];
    await a.campaign({ replica: "a", token: "t", ttlMs: 10_000, generation: 0 });
    // What a step back of an hour leaves behind.
    await fixture.plain.pexpire(fixture.keys.lease, 3_610_000);
    const outcome = await b.campaign({ replica: "b", token: "u", ttlMs: 10_000, generation: 0 });
    if (outcome.outcome !== "held") throw new Error("the lease was not held");
    expect(outcome.endsInMs).toBeLessThanOrEqual(10_000);
    expect(await fixture.plain.pttl(fixture.keys.lease)).toBeLessThanOrEqual(10_000);
    await fixture.dispose();
  });

  it("tells a leader whose term was replaced by one of another store when it renews", async () => {
    const fixture = await setup();
    const a = await fixture.open("a");
    const bid = { replica: "a", token: "t", ttlMs: 60_000, generation: 0 };
    await a.campaign(bid);
    await fixture.plain.set(fixture.keys.term, "2:another");
    expect(await a.renew(bid)).toBe("fenced");
    await fixture.plain.del(fixture.keys.term);
    expect(await a.renew(bid)).toBe("lost");
    await fixture.dispose();
  });

  it.each(["leader", "term"] as const)("goes on counting terms when somebody deleted the %s", async key => {
    const fixture = await setup();
    const a = await fixture.open("a");
    for (const term of [1, 2]) {
      const bid = { replica: "a", token: `t${term}`, ttlMs: 60_000, generation: 0 };
      expect(await a.campaign(bid)).toMatchObject({ outcome: "elected", term });
      await a.release(bid, "resigned");
    }
    await fixture.plain.del(fixture.keys[key]);
    const bid = { replica: "a", token: "t3", ttlMs: 60_000, generation: 0 };
    expect(await a.campaign(bid)).toMatchObject({ outcome: "elected", term: 3 });
    await fixture.dispose();
  });

  it("accuses nobody where it cannot be seen itself, as when presences are on another server", async () => {
    const fixture = await setup();
    const [a, b] = [await fixture.open("a"), await fixture.open("b")];
    await a.campaign({ replica: "a", token: "t", ttlMs: 60_000, generation: 0 });
    fixture.hide(a);
    fixture.hide(b);
    while ((await fixture.plain.pubsub("NUMSUB", fixture.keys.alive("b")))[1] !== 0);
    const bid = { replica: "b", token: "u", ttlMs: 60_000, generation: 0, takeOver: 1 };
    expect(await b.campaign(bid)).toMatchObject({ outcome: "held", presence: "unknown" });
    await fixture.dispose();
  });

  it("lets a lower generation lead when an operator has removed the one that led by mistake", async () => {
    const fixture = await setup();
    const [a, b] = [await fixture.open("a"), await fixture.open("b")];
    const wrong = { replica: "b", token: "t", ttlMs: 60_000, generation: 500 };
    await b.campaign(wrong);
    await b.renew({ ...wrong, isProven: true });
    await b.release(wrong, "resigned");
    const bid = { replica: "a", token: "u", ttlMs: 60_000, generation: 5 };
    expect(await a.campaign(bid)).toEqual({ outcome: "outdated", newest: 500 });
    await fixture.plain.del(fixture.keys.generation);
    expect(await a.campaign(bid)).toMatchObject({ outcome: "elected", term: 2 });
    await fixture.dispose();
  });
});
