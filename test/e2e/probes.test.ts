import { once } from "node:events";
import { connect, createServer } from "node:net";
import { expect } from "vitest";
import { startEtcd } from "../support/etcd-server.ts";
import { scrape } from "../support/exposition.ts";
import { FaultyLink } from "../support/faulty-link.ts";
import { test as base } from "../support/fixtures.ts";
import type { LogLine, ReplicaProcess } from "../support/replica-process.ts";
import { TestDeployment, type TestDeploymentOptions, urlOf } from "../support/test-deployment.ts";
import { unusedPort } from "../support/unused-port.ts";

const test = base.extend(
  "createDeployment",
  ({ server, defer, onTestFailed }) =>
    async (options: Partial<TestDeploymentOptions> = {}): Promise<TestDeployment> => {
      const jobs = ['long: { at: ["2100-01-01T00:00:00Z"], handler: long }'];
      const handlers = { long: "return data;", ...options.handlers };
      const deployment = await TestDeployment.create({
        redisUrl: server.url,
        jobs,
        http: true,
        ...options,
        handlers,
      });
      defer(() => deployment.dispose());
      onTestFailed(() => console.log(deployment.transcript()));
      return deployment;
    },
);

async function ask(url: string, path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url + path);
  return { status: response.status, body: await response.json() };
}

const OK = { status: 200, body: { status: "ok" } };

function failing(reason: unknown) {
  return { status: 503, body: { status: "unavailable", reasons: [reason] } };
}

/** The first such line after another one. */
function next(replica: ReplicaProcess, event: string, after: LogLine): Promise<LogLine> {
  return replica.when(event, line => replica.lines.indexOf(line) > replica.lines.indexOf(after));
}

test("probes follow a replica from before Redis is there, through a loss of it, to its stop", async ({
  createDeployment,
  server,
}) => {
  const deployment = await createDeployment({
    handlers: { long: 'tell(run, "started"); await opened("gate");' },
  });
  await server.kill();
  const replica = deployment.start();
  const url = await urlOf(replica);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await ask(url, "/livez")).toEqual(OK);
  expect(await ask(url, "/readyz")).toEqual(failing("Redis has not answered yet"));
  expect((await scrape(url)).labelValues("queue_depth", "queue")).toEqual([]);

  await server.restart();
  const connected = await replica.when("redis.connected");
  expect(await ask(url, "/readyz")).toEqual(OK);

  await replica.when("leader.elected");
  await server.kill();
  const away = await next(replica, "redis.unreachable", connected);
  expect(await ask(url, "/readyz")).toEqual(failing("Redis does not answer"));
  expect(await ask(url, "/livez")).toEqual(OK);

  await server.restart();
  await next(replica, "redis.connected", away);
  expect(await ask(url, "/readyz")).toEqual(OK);

  await next(replica, "leader.elected", away);
  expect((await deployment.command("trigger", "long")).code).toBe(0);
  await replica.when("handler.started");
  replica.signal("SIGTERM");
  await replica.when("replica.stopping");
  expect(await ask(url, "/readyz")).toEqual(failing("the replica is stopping"));
  expect(await ask(url, "/livez")).toEqual(OK);
  await deployment.open("gate");
  expect(await replica.ended()).toBe(0);
  await expect(fetch(`${url}/livez`)).rejects.toThrow();
  expect(replica.noise).toEqual([]);
});

test("a leader that is cut off from Redis steps down and lives; the follower is ready all the time", async ({
  server,
  defer,
  createDeployment,
}) => {
  const link = await FaultyLink.to(server.port);
  defer(() => link.stop());
  const deployment = await createDeployment({
    redisUrl: "${DEPLOYMENT_REDIS}",
    settings: ["election: { leaseTtl: 5s }"],
  });
  const start = (port: number) => deployment.startWith({ DEPLOYMENT_REDIS: `redis://127.0.0.1:${port}` });
  const leader = start(link.port);
  await leader.when("leader.elected");
  const follower = start(server.port);
  await follower.when("leader.observed");
  const [leaderUrl, followerUrl] = [await urlOf(leader), await urlOf(follower)];
  expect(await ask(followerUrl, "/readyz")).toEqual(OK);

  link.hold(["requests", "replies"]);
  const lost = await leader.when("leader.lost");
  expect(lost["reason"]).toBe("unreachable");
  await follower.when("leader.elected");
  expect(await ask(leaderUrl, "/livez")).toEqual(OK);
  const away = await leader.when("redis.unreachable");
  expect(await ask(leaderUrl, "/readyz")).toEqual(failing("Redis does not answer"));
  await leader.when("leader.absent");
  expect(await ask(leaderUrl, "/livez")).toEqual(OK);
  const cutOff = await scrape(leaderUrl);
  expect([cutOff.value("leader"), cutOff.value("term")]).toEqual([0, 1]);
  expect(cutOff.value("leader_absent_seconds")).toBeGreaterThanOrEqual(4);
  expect(cutOff.value("redis_errors_total")).toBeGreaterThanOrEqual(1);
  const successor = await scrape(followerUrl);
  expect([successor.value("leader"), successor.value("term")]).toEqual([1, 2]);
  expect(successor.value("leader_absent_seconds")).toBe(0);
  expect(await ask(followerUrl, "/readyz")).toEqual(OK);

  link.release("reset");
  await next(leader, "redis.connected", away);
  expect(await ask(leaderUrl, "/readyz")).toEqual(OK);
});

test("a replica on etcd is alive and ready without it", async ({ defer, createDeployment }) => {
  const etcd = await startEtcd();
  defer(() => etcd.stop());
  const deployment = await createDeployment({
    settings: [`election: { store: etcd, leaseTtl: 2s, etcd: { hosts: ["${etcd.url}"] } }`],
  });
  const replica = deployment.start();
  await replica.when("leader.elected");
  const url = await urlOf(replica);
  expect((await scrape(url)).value("etcd_latency_seconds_count")).toBeGreaterThan(0);
  await etcd.kill();
  await replica.when("leader.lost");
  await replica.when("leader.absent");
  expect([await ask(url, "/livez"), await ask(url, "/readyz")]).toEqual([OK, OK]);
});

test("an event loop that is blocked gives no answer, and then says why", async ({ createDeployment }) => {
  const deployment = await createDeployment({
    handlers: {
      long: 'tell(run, "started"); for (const end = performance.now() + 11_000; performance.now() < end; );',
    },
  });
  const replica = deployment.start();
  await replica.when("leader.elected");
  const url = await urlOf(replica);
  expect(await ask(url, "/livez")).toEqual(OK);
  await deployment.command("trigger", "long");
  await replica.when("handler.started");
  const impatient = fetch(`${url}/livez`, { signal: AbortSignal.timeout(1_000) });
  await expect(impatient).rejects.toThrow(/timeout/);
  expect(await ask(url, "/livez")).toEqual(
    failing(expect.stringMatching(/^the event loop did not turn for 1\d s/)),
  );
});

test("a port that is taken is told in one line, and ends the replica with 1", async ({
  defer,
  createDeployment,
}) => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  defer(() => new Promise(resolve => taken.close(resolve)));
  const { port } = taken.address() as { port: number };
  const deployment = await createDeployment({ http: `http: { host: 127.0.0.1, port: ${port} }` });
  const replica = deployment.start();
  expect(await replica.ended()).toBe(1);
  expect(replica.noise).toEqual([
    `port ${port} of 127.0.0.1 is taken by another program: choose another one (http.port; 0 takes a free one), or switch the listener off (http: false)`,
  ]);
  expect(replica.lines.map(({ event }) => event)).toEqual(["replica.failed"]);
});

test("clients that say nothing, too much, or do not leave hold nothing up", async ({ createDeployment }) => {
  const port = await unusedPort();
  const deployment = await createDeployment({ http: `http: { host: 127.0.0.1, port: ${port} }` });
  const replica = deployment.start();
  await replica.when("leader.elected");
  const url = await urlOf(replica);
  expect(url).toBe(`http://127.0.0.1:${port}`);
  const talk = (text: string) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    const closed = new Promise<string>(resolve => {
      let heard = "";
      socket.on("data", chunk => {
        heard += chunk;
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(heard));
    });
    return { socket, closed };
  };
  const long = talk(`GET /livez HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(10_000)}\r\n\r\n`);
  expect(await long.closed).toMatch(/^HTTP\/1\.1 431 /);
  const half = talk("GET /livez HTTP/1.1\r\nhost: a\r\n");
  expect(await half.closed).toMatch(/^HTTP\/1\.1 408 /);

  const lingering = [
    talk("GET /livez HTTP/1.1\r\nhost: a\r\n"),
    talk("GET /livez HTTP/1.1\r\nhost: a\r\n\r\n"),
  ];
  expect(await ask(url, "/livez")).toEqual(OK);
  expect(await replica.end("SIGTERM")).toBe(0);
  await Promise.all(lingering.map(({ closed }) => closed));
  expect(replica.noise).toEqual([]);
});

test("the address of the probes leads to the dashboard, or says how to switch it on", async ({
  createDeployment,
}) => {
  const off = await createDeployment();
  const without = await fetch(`${await urlOf(off.start())}/`, { redirect: "manual" });
  expect(without.status).toBe(200);
  expect(await without.text()).toContain("admin: { host: 127.0.0.1, port: 8081 }");

  const on = await createDeployment({
    settings: [
      "admin: { host: 0.0.0.0, port: 0, basePath: /ops, tokens: [{ name: a, role: viewer, token: b }] }",
    ],
  });
  const replica = on.start();
  const { port } = new URL(String((await replica.when("replica.started"))["admin"]));
  const url = (await urlOf(replica)).replace("127.0.0.1", "localhost");
  const redirected = await fetch(`${url}/`, { redirect: "manual" });
  expect(redirected.status).toBe(302);
  expect(redirected.headers.get("location")).toBe(`http://localhost:${port}/ops/`);
});
