import { expect } from "vitest";
import { connectRedis } from "../../src/redis/connect.ts";
import { checkDurability } from "../../src/redis/server-check.ts";
import { test } from "../support/fixtures.ts";

const it = test.extend("open", ({ defer, startServer }) => async (args: readonly string[]) => {
  const server = await startServer({ args });
  const redis = connectRedis({ kind: "url", url: server.url }, "worker", "test", { mayBeReplica: true });
  defer(() => redis.disconnect());
  return { server, redis };
});

const advice = async (redis: Parameters<typeof checkDurability>[0]) =>
  (await checkDurability(redis)).map(warning => warning.advice);

it("warns of a Redis without AOF, and of replicas that may lack acknowledged writes, until that is mended", async ({
  open,
}) => {
  const { server, redis } = await open(["--save", "", "--appendonly", "no"]);
  expect(await advice(redis)).toEqual([
    "set appendonly to yes (appendfsync everysec costs at most a second)",
  ]);
  await redis.config("SET", "appendonly", "yes");
  expect(await advice(redis)).toEqual([]);
  const replica = await open(["--save", "", "--replicaof", "127.0.0.1", String(server.port)]);
  while (!(await replica.redis.info("replication")).includes("master_link_status:up"));
  expect(await advice(redis)).toEqual(["set min-replicas-to-write to 1"]);
  await redis.config("SET", "min-replicas-to-write", "1");
  expect(await advice(redis)).toEqual([]);
});
