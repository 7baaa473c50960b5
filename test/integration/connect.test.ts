import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect } from "vitest";
import { connectRedis } from "../../src/redis/connect.ts";
import { GivenPlace } from "../../src/redis/given-connection.ts";
import { test } from "../support/fixtures.ts";

/** The port of a server that accepts connections and says nothing. */
const it = test.extend("silentPort", async ({ defer }) => {
  const sockets = new Set<Socket>();
  const server = createServer(socket => sockets.add(socket.on("error", () => undefined)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  defer(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
});

it("refuses commands immediately while a server never answers, and gives the connection up", async ({
  silentPort,
  onTestFinished,
}) => {
  const look = async (purpose: "noRetry" | "plain") => {
    const redis = connectRedis({ kind: "url", url: `redis://127.0.0.1:${silentPort}` }, purpose, "test");
    onTestFinished(() => redis.disconnect());
    const closed = new Promise(resolve => redis.once("close", resolve));
    await new Promise(resolve => redis.once("connect", resolve));
    await expect(redis.get("key")).rejects.toMatchObject({ code: "BW_REDIS_AWAY" });
    await closed;
  };
  await Promise.all([look("noRetry"), look("plain")]);
});

it("passes a silent sentinel over, also where a program gives the sentinels", async ({
  silentPort,
  onTestFinished,
}) => {
  const sentinels = [{ host: "127.0.0.1", port: silentPort }];
  const redis = connectRedis(new GivenPlace({ sentinels, name: "shop" }), "plain", "test");
  onTestFinished(() => redis.disconnect());
  const error = await new Promise<Error>(resolve => redis.once("error", resolve));
  expect(error.message).toMatch(/^All sentinels are unreachable/);
});

it("lets a worker wait for work, whatever a program's options say of time", async ({
  server,
  onTestFinished,
}) => {
  const limits = { commandTimeout: 100, socketTimeout: 100 };
  const redis = connectRedis(new GivenPlace({ port: server.port, ...limits }), "worker", "test");
  onTestFinished(() => redis.disconnect());
  for (const connection of [redis, redis.duplicate()]) {
    onTestFinished(() => connection.disconnect());
    expect(await connection.blpop("nothing", 1)).toBeNull();
  }
});

it("writes what a worker sends in one turn of the event loop together, and nothing later", async ({
  connect,
}) => {
  const redis = await connect("worker");
  const { stream } = redis;
  const answers = await Promise.all([redis.set("a", 1), redis.set("b", 2)]);
  expect(answers).toEqual(["OK", "OK"]);
  // Each of these follows an answer, as the next run follows the end of one.
  const sent = Promise.all(["a", "b"].map(key => redis.get(key).then(() => redis.incr(key))));
  expect(stream.writableCorked).toBe(1);
  expect(await sent).toEqual([2, 3]);
  await new Promise(resolve => setImmediate(resolve));
  expect(stream.writableCorked).toBe(0);
  expect(stream.writableLength).toBe(0);
});

it("writes each command of a leader by itself", async ({ connect }) => {
  const redis = await connect("noRetry");
  const sent = redis.set("a", 1);
  expect(redis.stream.writableCorked).toBe(0);
  await sent;
});
