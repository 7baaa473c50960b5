import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { describe, expect } from "vitest";
import type { RedisAddress } from "../../src/config/redis-address.ts";
import { connectRedis, type Purpose } from "../../src/redis/connect.ts";
import { MASTER, startSentinel } from "../chaos/sentinel-servers.ts";
import { type Direction, FaultyLink } from "../support/faulty-link.ts";
import { test } from "../support/fixtures.ts";
import { startRedis } from "../support/redis-server.ts";

const PURPOSES = ["noRetry", "plain", "subscriber", "worker"] satisfies readonly Purpose[];
const NAMES = [...PURPOSES, "blocking"] as const;
const DIRECTIONS: readonly (readonly Direction[])[] = [["requests"], ["replies"], ["requests", "replies"]];

const it = test
  /** A connection of each kind, through a link of their own. */
  .extend("setup", ({ server, defer }) => async () => {
    const link = await FaultyLink.to(server.port);
    defer(() => link.stop());
    const address: RedisAddress = { kind: "url", url: `redis://127.0.0.1:${link.port}` };
    const opened = PURPOSES.map(purpose => connectRedis(address, purpose, `bellwether:test:${purpose}`));
    const worker = opened.at(-1) as Redis;
    const blocking = worker.duplicate({ connectionName: "{x}:queue:w:test" });
    const all = [...opened, blocking];
    defer(() => all.forEach(connection => void connection.disconnect()));
    await Promise.all(all.map(ready));
    const [, , subscriber] = all as [Redis, Redis, Redis];
    await subscriber.subscribe("news");
    return { link, all, blocking, subscriber };
  })
  .extend("admin", ({ server, defer }) => async (): Promise<Redis> => {
    const connection = connectRedis({ kind: "url", url: server.url }, "plain", "admin");
    defer(() => connection.disconnect());
    await ready(connection);
    return connection;
  });

async function ready(connection: Redis): Promise<void> {
  if (connection.status !== "ready") await new Promise(resolve => connection.once("ready", resolve));
}

function closed(connection: Redis): Promise<unknown> {
  return new Promise(resolve => connection.once("close", resolve));
}

/**
 * Waits until idle connections have asked this many times whether the server is there: each does once in two seconds.
 */
async function untilAsked(observer: Redis, count: number): Promise<void> {
  await observer.config("RESETSTAT");
  const pings = async () =>
    Number(/cmdstat_ping:calls=(\d+)/.exec(await observer.info("commandstats"))?.[1] ?? 0);
  while ((await pings()) < count) await sleep(100);
}

function idsOf(list: unknown): string[] {
  return [...String(list).matchAll(/^id=(\d+) /gm)].map(([, id = ""]) => id).sort();
}

describe("a connection", () => {
  it("is replaced when it has fallen silent in one direction or both, also when nothing is asked", async ({
    setup,
  }) => {
    await Promise.all(
      DIRECTIONS.map(async directions => {
        const { link, all } = await setup();
        const replaced = all.map(async connection => {
          await closed(connection);
          await ready(connection);
          return connection.status;
        });
        for (const name of NAMES) link.silence(name, directions);
        expect(await Promise.all(replaced)).toEqual(NAMES.map(() => "ready"));
      }),
    );
  });

  it("is given up again while new ones fall silent as well, and comes back with the server", async ({
    setup,
  }) => {
    const { link, all } = await setup();
    const twice = all.map(async connection => {
      await closed(connection);
      await closed(connection);
    });
    link.hold(["replies"]);
    await Promise.all(twice);
    link.release("reset");
    await Promise.all(all.map(ready));
  });

  it("of a subscriber is replaced when its questions get no answer while news still come", async ({
    setup,
    admin,
    defer,
  }) => {
    const { link, subscriber } = await setup();
    const publisher = await admin();
    const news: unknown[] = [];
    subscriber.on("message", (_, text) => news.push(text));
    link.silence("subscriber", ["requests"]);
    const publishing = setInterval(() => void publisher.publish("news", "more"), 100);
    defer(() => clearInterval(publishing));
    await closed(subscriber);
    expect(news.length).toBeGreaterThan(10);
  });

  it("stays while it has nothing to hear", async ({ setup, admin }) => {
    await setup();
    const observer = await admin();
    const before = idsOf(await observer.client("LIST"));
    await untilAsked(observer, 6 * NAMES.length);
    expect(idsOf(await observer.client("LIST"))).toEqual(before);
  });

  it("stays while it is blocked for as long as BullMQ blocks", async ({ setup }) => {
    const { blocking } = await setup();
    const closes: unknown[] = [];
    blocking.on("close", () => closes.push("close"));
    expect(await blocking.bzpopmin("nothing", 10)).toBeNull();
    expect(closes).toEqual([]);
  });

  it("stays when this process did not run while the answer came", async ({ setup, admin }) => {
    const { all } = await setup();
    const closes: unknown[] = [];
    for (const connection of all)
      connection.on("close", () => closes.push(connection.options.connectionName));
    const observer = await admin();
    await untilAsked(observer, NAMES.length);
    // Each connection has been looked at since its last answer.
    await sleep(600);
    await observer.client("PAUSE", 1_000);
    const answers = all.map(connection => connection.ping());
    // The commands are on their way; then a handler computes, and the server answers meanwhile.
    await new Promise(resolve => setImmediate(resolve));
    const endMs = performance.now() + 13_000;
    while (performance.now() < endMs);
    await Promise.all(answers);
    await Promise.all(all.map(connection => connection.ping()));
    expect(closes).toEqual([]);
  });

  it("stays through a pause of the server that is shorter than its limit", async ({ setup, admin }) => {
    const { all } = await setup();
    const closes: unknown[] = [];
    for (const connection of all)
      connection.on("close", () => closes.push(connection.options.connectionName));
    const observer = await admin();
    await observer.client("PAUSE", 3_000);
    await Promise.all(all.map(connection => connection.ping()));
    expect(closes).toEqual([]);
  });
});

it("is made through the next sentinel when the first one is frozen", async ({ server, defer }) => {
  const frozen = await startRedis();
  const dir = await mkdtemp(path.join(tmpdir(), "bellwether-silence-"));
  const sentinel = await startSentinel(dir, 0, server.port);
  defer(() => frozen.stop());
  defer(() => rm(dir, { recursive: true, force: true }));
  defer(() => sentinel.stop());
  await frozen.kill("SIGSTOP");
  const nodes = [frozen, sentinel].map(({ port }) => ({ host: "127.0.0.1", port }));
  const opened = PURPOSES.map(purpose =>
    connectRedis({ kind: "sentinel", name: MASTER, nodes }, purpose, "test"),
  );
  defer(() => opened.forEach(connection => void connection.disconnect()));
  await Promise.all(opened.map(ready));
});

it("asks each sentinel again before it says that none of them names the master", async ({
  server,
  defer,
}) => {
  const dir = await mkdtemp(path.join(tmpdir(), "bellwether-sentinels-"));
  const sentinel = await startSentinel(dir, 0, server.port);
  defer(() => rm(dir, { recursive: true, force: true }));
  defer(() => sentinel.stop());
  const nodes = [{ host: "127.0.0.1", port: sentinel.port }];
  const connection = connectRedis({ kind: "sentinel", name: MASTER, nodes }, "plain", "test");
  defer(() => connection.disconnect());
  const errors: string[] = [];
  connection.on("error", error => errors.push(error.message));
  await ready(connection);
  for (let i = 0; i < 3; i++) {
    connection.disconnect(true);
    await new Promise(resolve => connection.once("ready", resolve));
  }
  expect(errors).toEqual([]);
});
