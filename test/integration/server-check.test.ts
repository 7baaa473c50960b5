import { afterEach, expect, it } from "vitest";
import { connectRedis } from "../../src/redis/connect.ts";
import { checkDurability } from "../../src/redis/server-check.ts";
import { startRedis } from "../support/redis-server.ts";

const disposals: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function open(args: readonly string[]) {
  const server = await startRedis({ args });
  disposals.push(() => server.stop());
  const redis = connectRedis({ kind: "url", url: server.url }, "worker", "test", { mayBeReplica: true });
  disposals.push(() => redis.disconnect());
  return { server, redis };
}

const advice = async (redis: Parameters<typeof checkDurability>[0]) =>
  (await checkDurability(redis)).map(warning => warning.advice);

it("warns of a Redis without AOF, and of replicas that may lack acknowledged writes, until that is mended", async () => {
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
