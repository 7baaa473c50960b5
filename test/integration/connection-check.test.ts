import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, expect } from "vitest";
import type { RedisAddress } from "../../src/config/redis-address.ts";
import { createLocks } from "../../src/locks/create-locks.ts";
import { connectRedis, type Purpose } from "../../src/redis/connect.ts";
import { ConnectionWatch } from "../../src/redis/connection-watch.ts";
import { FaultyLink } from "../support/faulty-link.ts";
import { test } from "../support/fixtures.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";

const it = test
  .extend(
    "at",
    ({ server }) =>
      (path: string, login = ""): RedisAddress => ({
        kind: "url",
        url: `redis://${login}127.0.0.1:${server.port}${path}`,
      }),
  )
  .extend("admin", ({ at, defer }) => () => {
    const redis = connectRedis(at(""), "worker", "admin");
    defer(() => redis.disconnect());
    return redis;
  })
  /** A connection, and what a replica reports about it. */
  .extend("open", ({ defer }) => (address: RedisAddress, purpose: Purpose = "plain") => {
    const recorder = new Recorder();
    const watch = new ConnectionWatch({ address, events: recorder.events });
    defer(() => watch.stop());
    const redis = connectRedis(address, purpose, `check-${purpose}`, {
      onOpened: opened => {
        defer(() => opened.disconnect());
        watch.add(opened, purpose);
      },
    });
    return { redis, recorder };
  })
  /** How often each command was called on the server, by all clients. */
  .extend("calls", ({ admin }) => async (): Promise<Record<string, string>> => {
    const stats = String(await admin().info("commandstats"));
    return Object.fromEntries(
      [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, count]) => [name, count]),
    );
  });

/** Also while errors are emitted, at which `once` of node:events rejects. */
function when(redis: ReturnType<typeof connectRedis>, event: "close" | "ready"): Promise<unknown> {
  return new Promise(resolve => redis.once(event, resolve));
}

describe("a connection to another database than the configuration names", () => {
  it.for(["noRetry", "plain", "subscriber", "worker"] as const)(
    "carries no command of purpose %s, and its reason is told once",
    async (purpose, { open, at, admin }) => {
      const { redis, recorder } = open(at("/20"), purpose);
      const told = await recorder.when("redis.unreachable");
      expect(told.error).toMatch(
        /^database 20 cannot be used: ERR DB index is out of range; the server has fewer/,
      );
      const key = namespace();
      redis.set(key, "here").catch(() => undefined);
      const blocking = redis.duplicate() as typeof redis;
      blocking.rpush(`${key}-list`, "here").catch(() => undefined);
      // Each makes several attempts.
      for (const connection of [redis, blocking])
        for (let closes = 0; closes < 4; closes++) await when(connection, "close");
      expect(await admin().exists(key, `${key}-list`)).toBe(0);
      expect(recorder.of("redis.unreachable")).toHaveLength(1);
      expect(recorder.of("redis.connected")).toEqual([]);
    },
  );

  it("is found when something on the way loses the SELECT, also on a connection that is made anew", async ({
    server,
    defer,
    open,
    admin,
  }) => {
    const proxy = createServer(client => {
      const upstream = connect(server.port, "127.0.0.1");
      for (const socket of [client, upstream]) socket.on("error", () => undefined);
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
      upstream.pipe(client);
      client.on("data", chunk => {
        const text = chunk.toString("latin1");
        upstream.write(
          isLossy
            ? text.replaceAll("$1\r\n3\r\n", "$1\r\n0\r\n").replaceAll("hello\r\n$1\r\n0", "hello\r\n$1\r\n3")
            : text,
          "latin1",
        );
      });
    });
    let isLossy = false;
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    defer(() => new Promise(resolve => proxy.close(resolve)));
    const { port } = proxy.address() as AddressInfo;
    const { redis, recorder } = open({ kind: "url", url: `redis://127.0.0.1:${port}/3` });
    await when(redis, "ready");
    isLossy = true;
    await admin().call("CLIENT", "KILL", "TYPE", "normal");
    const told = await recorder.when("redis.unreachable", ({ error }) => error.includes("database"));
    expect(told.error).toMatch(/has database 0, and the configuration names 3/);
    isLossy = false;
    await when(redis, "ready");
    expect(await redis.ping()).toBe("PONG");
    redis.disconnect();
  });

  it("is told with what to allow when the user may not SELECT, and not used when that right is taken away", async ({
    admin,
    open,
    at,
  }) => {
    const name = namespace();
    const redis = admin();
    await redis.call("ACL", "SETUSER", name, "on", ">secret", "~*", "&*", "+@all");
    const { redis: used, recorder } = open(at("/2", `${name}:secret@`), "worker");
    await when(used, "ready");
    await redis.call("ACL", "SETUSER", name, "-select");
    await redis.call("CLIENT", "KILL", "USER", name);
    const told = await recorder.when("redis.unreachable", ({ error }) => error.includes("NOPERM"));
    expect(told.error).toMatch(/database 2 cannot be used: NOPERM .*select.*\+select/);
    const writing = used.set("written-later", name);
    await when(used, "close");
    expect(await redis.exists("written-later")).toBe(0);
    await redis.call("ACL", "SETUSER", name, "+select");
    expect(await writing).toBe("OK");
    await recorder.when("redis.connected", () => recorder.of("redis.connected").length > 1);
  });

  it("keeps locks from being taken, with the reason", async ({ at, defer }) => {
    const locks = createLocks({ config: { namespace: namespace(), redis: at("/20") } });
    defer(() => locks.stop());
    await expect(locks.lock("x", { ttl: "10s", wait: "3s" }, () => "taken")).rejects.toMatchObject({
      code: "BW_LOCK_UNREACHABLE",
      message: expect.stringContaining("ERR DB index is out of range"),
    });
  });
});

describe("an address that is not understood", () => {
  it.for(["/abc", "/-1", "/0x1", "?db=x", "/1?db=2", "?enableOfflineQueue=true"])(
    "%s is no connection",
    (path, { at }) => {
      expect(() => connectRedis(at(path), "plain", "test")).toThrow(
        expect.objectContaining({ code: "BW_REDIS_URL" }),
      );
    },
  );

  it("is used with a database as a parameter", async ({ open, at }) => {
    const { redis } = open(at("?db=5"));
    await when(redis, "ready");
    expect(String(await redis.client("INFO"))).toContain(" db=5 ");
  });
});

describe("a server that is short of what is asked", () => {
  it.for([
    { renamed: "INFO", problem: /^INFO is refused \(ERR unknown command/ },
    { renamed: "CLIENT", problem: /^CLIENT INFO is refused \(ERR unknown command/ },
    { renamed: "HELLO", problem: null },
  ])("is used, with a warning, without $renamed", async ({ renamed, problem }, { open, startServer }) => {
    const limited = await startServer({ args: ["--save", "", "--rename-command", renamed, ""] });
    const { redis, recorder } = open({ kind: "url", url: `${limited.url}/4` });
    await recorder.when("redis.connected", ({ version }) => /^\d+\.\d+/.test(version));
    expect(recorder.of("redis.warning").map(warning => warning.problem)).toEqual(
      problem === null ? [] : [expect.stringMatching(problem)],
    );
    expect(await redis.ping()).toBe("PONG");
  });
});

it("asks nothing of a server but what every user with the least rights may", async ({ calls, open, at }) => {
  const before = await calls();
  const { redis } = open(at("/1"));
  await when(redis, "ready");
  const after = await calls();
  const asked = Object.keys(after).filter(name => after[name] !== before[name]);
  expect(asked.filter(name => !/^(select|hello|info|client\|\w+|config\|\w+)$/.test(name))).toEqual([]);
});

const told = (recorder: Recorder) => recorder.of("redis.unreachable").map(({ connection }) => connection);

describe("a replica that goes on without a connection that leading does not need", () => {
  const withLinks = it.extend("links", ({ server, defer }) => async () => {
    const recorder = new Recorder();
    const address: RedisAddress = { kind: "url", url: `redis://127.0.0.1:${server.port}` };
    const watch = new ConnectionWatch({ address, events: recorder.events });
    defer(() => watch.stop());
    const open = async (purpose: Purpose, name: string) => {
      const link = await FaultyLink.to(server.port);
      defer(() => link.stop());
      const to: RedisAddress = { kind: "url", url: link.url };
      const redis = connectRedis(to, purpose, name, { onOpened: opened => watch.add(opened, name) });
      defer(() => redis.disconnect());
      await when(redis, "ready");
      return { link, redis };
    };
    await open("plain", "plain");
    return {
      recorder,
      watch,
      launch: await open("noRetry", "launch"),
      worker: await open("worker", "worker"),
    };
  });

  withLinks("says that Redis is back, and then which connection is not", async ({ links }) => {
    const { recorder, watch, launch, worker } = await links();
    await recorder.when("redis.connected");
    watch.goOnWithoutTheRest(["launch"]);
    expect(recorder.all.map(({ name }) => name)).toEqual(["redis.connected"]);
    launch.link.cut();
    await recorder.when("redis.unreachable", ({ connection }) => connection === "launch");
    worker.link.cut();
    for (let closes = 0; closes < 4; closes++) await when(worker.redis, "close");
    watch.goOnWithoutTheRest(["launch"]);
    const isBack = when(launch.redis, "ready");
    launch.link.mend();
    await isBack;
    expect(recorder.of("redis.connected")).toHaveLength(1);
    watch.goOnWithoutTheRest(["launch"]);
    expect(recorder.of("redis.connected")).toHaveLength(2);
    expect(told(recorder)).toEqual(["launch"]);
    await recorder.when("redis.unreachable", ({ connection }) => connection === "worker");
    worker.link.mend();
    await recorder.when("redis.connected", () => recorder.of("redis.connected").length === 3);
    expect(told(recorder)).toEqual(["launch", "worker"]);
  });

  withLinks("says nothing of one that only waits for its next attempt", async ({ links }) => {
    const { recorder, watch, launch, worker } = await links();
    launch.link.cut();
    await recorder.when("redis.unreachable", ({ connection }) => connection === "launch");
    worker.link.cut();
    for (let closes = 0; closes < 4; closes++) await when(worker.redis, "close");
    const areBack = Promise.all([when(launch.redis, "ready"), when(worker.redis, "ready")]);
    const isBack = when(launch.redis, "ready");
    launch.link.mend();
    worker.link.mend();
    await isBack;
    watch.goOnWithoutTheRest(["launch"]);
    await areBack;
    expect(told(recorder)).toEqual(["launch"]);
    expect(recorder.of("redis.connected")).toHaveLength(2);
  });
});
