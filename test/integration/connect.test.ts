import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { expect } from "vitest";
import { connectRedis } from "../../src/redis/connect.ts";
import { test as it } from "../support/fixtures.ts";

it("refuses commands immediately while a server never answers, and gives the connection up", async ({
  onTestFinished,
}) => {
  const sockets = new Set<Socket>();
  const server = createServer(socket => sockets.add(socket.on("error", () => undefined)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const look = async (purpose: "noRetry" | "plain") => {
    const redis = connectRedis({ kind: "url", url: `redis://127.0.0.1:${port}` }, purpose, "test");
    onTestFinished(() => redis.disconnect());
    const closed = new Promise(resolve => redis.once("close", resolve));
    await new Promise(resolve => redis.once("connect", resolve));
    await expect(redis.get("key")).rejects.toMatchObject({ code: "BW_REDIS_AWAY" });
    await closed;
  };
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all([look("noRetry"), look("plain")]);
});
