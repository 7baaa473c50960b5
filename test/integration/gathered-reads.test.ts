import { describe, expect } from "vitest";
import { GatheredReads } from "../../src/redis/gathered-reads.ts";
import { readTimeMs } from "../../src/redis/time.ts";
import { test as it } from "../support/fixtures.ts";

describe("reads that are gathered", () => {
  it("reply what the connection would, as one command", async ({ startServer, connect }) => {
    const server = await startServer();
    const redis = await connect("plain", server.url);
    await redis.hset("{x}/hash", { a: "1", b: "2" });
    await redis.xadd("{x}/stream", "5-0", "name", "value");
    await redis.set("{x}/text", "no hash");
    const reads = new GatheredReads(redis);
    const read = () =>
      Promise.all([
        reads.hmget("{x}/hash", "b", "none", "a"),
        readTimeMs(reads),
        reads.hgetall("{x}/hash"),
        reads.hgetall("{x}/none"),
        reads.xrange("{x}/stream", "-", "+", 10),
        reads.hgetall("{x}/text").catch((error: Error) => error.message.split(" ")[0]),
      ]);
    const [some, nowMs, ...others] = await read();
    expect(some).toEqual(["2", null, "1"]);
    expect(Math.abs(nowMs - (await readTimeMs(redis)))).toBeLessThan(60_000);
    expect(others).toEqual([{ a: "1", b: "2" }, {}, [["5-0", ["name", "value"]]], "WRONGTYPE"]);
    await redis.config("RESETSTAT");
    await read();
    const stats = await redis.info("commandstats");
    expect(/^cmdstat_evalsha:calls=(\d+)/m.exec(stats)?.[1]).toBe("1");
  });

  it("are sent apart where they are too large for one script, each with its own reply", async ({
    connect,
    keys,
  }) => {
    const redis = await connect("plain");
    const fields = Array.from({ length: 5_000 }, (_, i) => `f${i}`);
    await redis.hset(keys.cursors, Object.fromEntries(fields.map(field => [field, field])));
    const reads = new GatheredReads(redis);
    const pages = await Promise.all([0, 1, 2].map(() => reads.hmget(keys.cursors, ...fields)));
    expect(pages).toEqual([fields, fields, fields]);
  });

  it("fail with the connection", async ({ connect, keys }) => {
    const redis = await connect("plain");
    const reads = new GatheredReads(redis);
    redis.disconnect();
    await expect(Promise.all([reads.hgetall(keys.cursors), reads.time()])).rejects.toThrow();
  });
});
