import { Redis } from "ioredis";
import { afterEach, expect, it } from "vitest";
import { SurvivingStream } from "../chaos/surviving-stream.ts";
import { startRedis } from "../support/redis-server.ts";

const disposals: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function setup() {
  const server = await startRedis();
  disposals.push(() => server.stop());
  const redis = new Redis(server.url);
  disposals.push(() => redis.disconnect());
  const stream = new SurvivingStream("stream");
  const add = async (...entries: readonly (readonly [id: string, run: string])[]) => {
    for (const [id, run] of entries) await redis.xadd("stream", id, "run", run);
  };
  const runs = () => stream.entries.map(({ fields }) => fields["run"]);
  const vanished = () => stream.vanished.map(({ fields }) => fields["run"]);
  return { redis, stream, add, runs, vanished };
}

it("keeps what was trimmed after it was read", async () => {
  const { redis, stream, add, runs, vanished } = await setup();
  await add(["1-0", "a"], ["2-0", "b"]);
  await stream.readOn(redis);
  await redis.xtrim("stream", "MAXLEN", 1);
  await add(["3-0", "c"]);
  await stream.readOn(redis);
  await stream.readAgain(redis);
  expect(runs()).toEqual(["a", "b", "c"]);
  expect(vanished()).toEqual([]);
});

it("sets apart what a later primary does not have, also where it gave out the same id", async () => {
  const { redis, stream, add, runs, vanished } = await setup();
  await add(["1-0", "a"], ["2-0", "b"], ["3-0", "c"], ["4-0", "d"]);
  await stream.readOn(redis);
  await redis.del("stream");
  await add(["2-0", "b"], ["3-0", "another"], ["5-0", "e"]);
  await stream.readAgain(redis);
  await stream.readOn(redis);
  expect(runs()).toEqual(["a", "b", "another", "e"]);
  expect(vanished()).toEqual(["c", "d"]);
});
