import { Queue } from "bullmq";
import { expect } from "vitest";
import { QueueDepths } from "../../src/launch/queue-depths.ts";
import { placeOfQueue } from "../../src/launch/queue-place.ts";
import type { connectRedis } from "../../src/redis/connect.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { test } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";

const whenReady = (redis: ReturnType<typeof connectRedis>) =>
  new Promise(resolve => redis.once("ready", resolve));

const it = test.extend("setup", ({ defer, connect }) => async () => {
  const redis = await connect("plain");
  const keys = redisKeys(namespace());
  const depths = new QueueDepths({ redis, placeOf: name => placeOfQueue(keys, name, {}) });
  defer(() => depths.close());
  return { redis, keys, depths };
});

it("counts the runs of each queue by state, and writes nothing", async ({ setup, defer }) => {
  const { redis, keys, depths } = await setup();
  const nothing = { waiting: 0, active: 0, delayed: 0, prioritized: 0, completed: 0, failed: 0 };
  expect(await depths.read(["mail", "unused"])).toEqual(
    new Map([
      ["mail", nothing],
      ["unused", nothing],
    ]),
  );
  expect(await redis.keys(`${keys.bullmqPrefix}:*`)).toEqual([]);

  const mail = new Queue("mail", { connection: redis, prefix: keys.bullmqPrefix });
  defer(() => mail.close());
  await mail.add("a", {});
  await mail.add("b", {});
  await mail.add("c", {}, { delay: 60_000 });
  expect((await depths.read(["mail"])).get("mail")).toEqual({ ...nothing, waiting: 2, delayed: 1 });
});

it("rejects at once while Redis is away, and reads on when it is back", async ({ setup, server }) => {
  const { redis, depths } = await setup();
  const closed = new Promise(resolve => redis.once("close", resolve));
  await server.kill();
  await closed;
  await expect(depths.read(["mail"])).rejects.toThrow("no connection to Redis");
  const back = whenReady(redis);
  await server.restart();
  await back;
  expect([...(await depths.read(["mail"])).keys()]).toEqual(["mail"]);
});

it("keeps nothing of queues that it is not asked for any more", async ({ setup }) => {
  const { redis, depths } = await setup();
  const listeners = () => redis.eventNames().reduce((sum, name) => sum + redis.listenerCount(name), 0);
  await depths.read(["mail"]);
  const before = listeners();
  for (let i = 0; i < 5; i++) await depths.read([`queue-${i}`]);
  expect(listeners()).toBe(before);
  expect([...(await depths.read(["mail", "queue-1"])).keys()]).toEqual(["mail", "queue-1"]);
});
