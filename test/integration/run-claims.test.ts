import { expect, vi } from "vitest";
import { redisKeys } from "../../src/redis/keys.ts";
import { RunClaims } from "../../src/worker/run-claims.ts";
import { test } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";

const it = test.extend("setup", ({ connect }) => async () => {
  const keys = redisKeys(namespace());
  const redis = await connect("plain");
  const claims = new RunClaims({ redis, keys, queue: "default", ttlMs: 60_000 });
  const keyOf = (id: string) => `${keys.bullmqPrefix}:default:${id}`;
  /** What BullMQ keeps of a run that has not ended. */
  const add = (id: string) => redis.hset(keyOf(id), "timestamp", 1);
  const remove = (id: string) => redis.del(keyOf(id));
  const working = () => redis.get(keys.working("report"));
  return { keys, redis, claims, keyOf, add, remove, working };
});

const runOf = (id: string, token = "1") => ({ job: "report", id, token });

it("does not let a run begin that was removed", async ({ setup }) => {
  const { claims, working } = await setup();
  expect(await claims.claim(runOf("a"))).toEqual({ outcome: "gone" });
  expect(await working()).toBeNull();
});

it("makes a run that was put back the newest one: the next waits for its end", async ({ setup }) => {
  const { claims, add, remove } = await setup();
  await add("a");
  expect(await claims.claim(runOf("a"))).toEqual({ outcome: "claimed" });
  expect(await claims.claim(runOf("a"))).toEqual({ outcome: "claimed" });
  await add("b");
  expect(await claims.claim(runOf("b"))).toEqual({ outcome: "blocked", by: "a" });
  // Its handler is still at work.
  await remove("a");
  expect(await claims.claim(runOf("b"))).toEqual({ outcome: "blocked", by: "a" });
});

it("does not end the claim of another run", async ({ setup }) => {
  const { claims, keyOf, add, remove, working } = await setup();
  await add("a");
  await claims.claim(runOf("a"));
  claims.release(runOf("a"));
  await vi.waitFor(async () => expect(await working()).toBeNull(), { timeout: 10_000, interval: 5 });
  await remove("a");
  await add("b");
  await claims.claim(runOf("b"));
  claims.release(runOf("a"));
  expect(await working()).toBe(`${keyOf("b")} 1`);
});

it("does not end the claim of the same run's next attempt", async ({ setup }) => {
  const { redis, claims, keyOf, add, working } = await setup();
  await add("a");
  await claims.claim(runOf("a"));
  await claims.claim(runOf("a", "2"));
  claims.release(runOf("a"));
  await redis.ping();
  await claims.claim(runOf("b"));
  expect(await working()).toBe(`${keyOf("a")} 2`);
  claims.release(runOf("a", "2"));
  await vi.waitFor(async () => expect(await working()).toBeNull(), { timeout: 10_000, interval: 5 });
});
