import { Redis } from "ioredis";
import { expect } from "vitest";
import { SurvivingStream } from "../chaos/surviving-stream.ts";
import { test } from "../support/fixtures.ts";

const it = test.extend("setup", ({ defer, startServer }) => async () => {
  const server = await startServer();
  const redis = new Redis(server.url);
  defer(() => redis.disconnect());
  const stream = new SurvivingStream("stream");
  const add = async (...entries: readonly (readonly [id: string, run: string])[]) => {
    for (const [id, run] of entries) await redis.xadd("stream", id, "run", run);
  };
  const runs = () => stream.entries.map(({ fields }) => fields["run"]);
  const vanished = () => stream.vanished.map(({ fields }) => fields["run"]);
  return { redis, stream, add, runs, vanished };
});

it("keeps what was trimmed after it was read", async ({ setup }) => {
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

it("sets apart what a later primary does not have, also where it gave out the same id", async ({ setup }) => {
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
