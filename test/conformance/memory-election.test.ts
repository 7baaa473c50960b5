import { afterAll, beforeAll } from "vitest";
import { LeasedElection } from "../../src/election/leased-election.ts";
import { TermRegister } from "../../src/election/term-register.ts";
import { MemoryLease, MemoryLeases } from "../support/memory-lease.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";
import { electionFixture, electionSuite } from "./election.ts";
import { electorSuite } from "./elector.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

async function setup() {
  const leases = new MemoryLeases();
  return electionFixture({
    redisUrl: redis.url,
    create: parts => new LeasedElection(new MemoryLease(leases), new TermRegister(parts)),
    isHeld: async () => leases.holder !== null,
  });
}

electionSuite("a lease in memory", setup);
electorSuite("a lease in memory", setup);
