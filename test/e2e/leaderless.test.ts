import { expect } from "vitest";
import { scrape } from "../support/exposition.ts";
import { test } from "../support/fixtures.ts";
import { startRedis } from "../support/redis-server.ts";
import { TestDeployment, urlOf } from "../support/test-deployment.ts";

const SETTINGS = ["election: { leaseTtl: 1s }"];
const JOBS = ["beat: { every: 1s, handler: echo }"];

test("a worker notices that no scheduler is left, and that one is back", async ({ deploy }) => {
  const deployment = await deploy({ jobs: JOBS, http: true, settings: SETTINGS });
  const leader = deployment.start("--roles", "scheduler");
  await leader.when("leader.elected");
  const worker = deployment.start("--roles", "worker");
  await worker.when("run.completed");
  await leader.end("SIGKILL");
  expect(await worker.when("leader.absent")).toMatchObject({
    error: expect.stringContaining("no replica leads"),
  });
  const url = await urlOf(worker);
  expect((await scrape(url)).value("leader_absent_seconds")).toBeGreaterThan(1);

  await deployment.start("--roles", "scheduler").when("leader.elected");
  await expect
    .poll(async () => (await scrape(url)).value("leader_absent_seconds"), { timeout: 30_000 })
    .toBe(0);
});

test.each(["scheduler,worker", "worker"])(
  "a replica (%s) that starts while Redis is away says that it knows of no leader, and goes on once Redis is there",
  async roles => {
    const redis = await startRedis();
    const deployment = await TestDeployment.create({
      redisUrl: redis.url,
      jobs: JOBS,
      http: true,
      settings: SETTINGS,
    });
    try {
      await redis.kill();
      const replica = deployment.start("--roles", roles);
      expect(await replica.when("leader.absent")).toMatchObject({
        level: "error",
        msg: "this replica knows of no leader",
        forMs: expect.any(Number),
        error: expect.stringMatching(/^this replica cannot see who leads: no connection to Redis/),
      });
      expect((await scrape(await urlOf(replica))).value("leader_absent_seconds")).toBeGreaterThan(1);
      expect((await scrape(await urlOf(replica))).value("store_up", { store: "redis" })).toBe(0);

      await redis.restart();
      if (roles === "worker") deployment.start("--roles", "scheduler");
      await deployment.when("leader.elected");
      await expect
        .poll(async () => (await scrape(await urlOf(replica))).value("leader_absent_seconds"), {
          timeout: 30_000,
        })
        .toBe(0);
    } finally {
      await deployment.dispose();
      await redis.stop();
    }
  },
);
