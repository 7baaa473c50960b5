import { mkdir, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { describe, expect } from "vitest";
import { test as base } from "../support/fixtures.ts";
import type { LaunchLedger } from "../support/launch-ledger.ts";
import type { LogLine, ReplicaProcess } from "../support/replica-process.ts";
import { TestDeployment, type TestDeploymentOptions } from "../support/test-deployment.ts";
import { unusedPort } from "../support/unused-port.ts";

const test = base.extend(
  "createDeployment",
  ({ defer, onTestFailed }) =>
    async (options: TestDeploymentOptions): Promise<TestDeployment> => {
      const deployment = await TestDeployment.create(options);
      defer(() => deployment.dispose());
      onTestFailed(() => console.log(deployment.transcript()));
      return deployment;
    },
);

const BEATS = [1, 2, 3].map(n => `beat-${n}: { every: 1s, handler: echo, catchUp: all }`);
const SHORT_LEASE = ["election: { leaseTtl: 4s }"];

/** Waits until every job has launched a tick later than now, on time. */
async function isOnTimeAgain(deployment: TestDeployment): Promise<void> {
  const sinceMs = Date.now();
  const isNew = (line: LogLine) =>
    Date.parse(String(line["tick"])) > sinceMs && Number(line["lateMs"]) < 1_000;
  await Promise.all(
    BEATS.map((_, i) =>
      deployment.when("tick.launched", line => line["job"] === `beat-${i + 1}` && isNew(line)),
    ),
  );
}

/** Every second of each job from its first tick to its last, once, as BullMQ's own event stream shows it. */
async function expectEveryTickOnce(ledger: LaunchLedger): Promise<void> {
  await ledger.read();
  expect(ledger.repeated).toEqual([]);
  for (const [i] of BEATS.entries()) {
    const seconds = ledger.added.filter(run => run.startsWith(`beat-${i + 1}@`)).map(secondOf);
    expect(seconds.length).toBeGreaterThan(2);
    expect(seconds).toEqual(Array.from(seconds, (_, n) => (seconds[0] ?? 0) + n));
  }
}

function secondOf(run: string): number {
  const tick = run.slice(run.indexOf("@") + 1);
  return Date.parse(tick.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z")) / 1_000;
}

const warnings = (replica: ReplicaProcess) =>
  replica.lines.filter(line => line.level === "warn" || line.level === "error").map(line => line.event);

/** What was reported twice, except the absence of a leader, which is reported again at growing intervals. */
const repeated = (events: readonly unknown[]) =>
  events.filter((event, i) => event !== "leader.absent" && events.indexOf(event) !== i);

const isUnreachable = (line: LogLine) => line["reason"] === "unreachable";

/** Each change that it reports of its connection: why there is none, or that there is one. */
const connectionLines = (replica: ReplicaProcess) =>
  replica.lines
    .filter(({ event }) => event === "redis.unreachable" || event === "redis.connected")
    .map(({ event, error }) => (event === "redis.unreachable" ? error : event));

/** Resolves when the server was connected to this many times more. */
async function triedAgain(redis: Redis, times: number): Promise<void> {
  const connections = async () =>
    Number(/total_connections_received:(\d+)/.exec(await redis.info("stats"))?.[1]);
  const until = (await connections()) + times;
  while ((await connections()) < until) await sleep(50);
}

const everything = (replica: ReplicaProcess) =>
  [...replica.lines.map(line => JSON.stringify(line)), ...replica.noise].join("\n");

describe("Redis", () => {
  test("that is not there at start is named once, and used as soon as it is there", async ({
    createDeployment,
    startServer,
  }) => {
    const port = await unusedPort();
    const deployment = await createDeployment({ redisUrl: `redis://127.0.0.1:${port}`, jobs: BEATS });
    const replica = deployment.start();
    const told = await replica.when("redis.unreachable");
    expect(told).toMatchObject({
      level: "error",
      address: `redis://127.0.0.1:${port}`,
      error: "ECONNREFUSED",
    });
    const redis = await startServer({ port });
    expect(await replica.when("redis.connected")).toMatchObject({ address: redis.url });
    await replica.when("leader.elected");
    await replica.when("run.completed");
    expect(deployment.lines("redis.unreachable")).toHaveLength(1);
    expect(replica.noise).toEqual([]);
    expect(await replica.end()).toBe(0);
  });

  test("that is not there at all does not keep a replica from ending", async ({ createDeployment }) => {
    const deployment = await createDeployment({
      redisUrl: `redis://127.0.0.1:${await unusedPort()}`,
      jobs: BEATS,
    });
    const replica = deployment.start();
    await replica.when("redis.unreachable");
    await replica.end("SIGTERM");
    expect(replica.child.signalCode).toBeNull();
    expect(warnings(replica)).toEqual(["redis.unreachable"]);
    expect(replica.noise).toEqual([]);
  });

  test("that is killed and comes back costs no tick and doubles none, and is told once", async ({
    startServer,
    createDeployment,
  }) => {
    const redis = await startServer({ args: ["--save", "", "--appendonly", "yes"] });
    const deployment = await createDeployment({ redisUrl: redis.url, jobs: BEATS, settings: SHORT_LEASE });
    const replica = deployment.start();
    const follower = deployment.start();
    await deployment.when("leader.elected");
    await isOnTimeAgain(deployment);
    await redis.kill();
    await Promise.all([replica.when("redis.unreachable"), follower.when("redis.unreachable")]);
    await deployment.when("leader.lost", isUnreachable);
    await redis.restart();
    await isOnTimeAgain(deployment);
    await Promise.all([replica.end(), follower.end()]);

    await expectEveryTickOnce(deployment.ledger());
    for (const each of [replica, follower]) {
      expect(repeated(warnings(each))).toEqual([]);
      expect(each.noise).toEqual([]);
    }
    expect(deployment.lines("leader.lost", isUnreachable)).toMatchObject([{ level: "warn" }]);
    expect(deployment.lines("tick.missed")).toEqual([]);
  });

  test("that freezes for longer than the lease and wakes costs no tick and doubles none", async ({
    startServer,
    createDeployment,
  }) => {
    const redis = await startServer();
    const deployment = await createDeployment({ redisUrl: redis.url, jobs: BEATS, settings: SHORT_LEASE });
    const replica = deployment.start();
    const follower = deployment.start();
    await deployment.when("leader.elected");
    await isOnTimeAgain(deployment);
    await redis.kill("SIGSTOP");
    const lost = await deployment.when("leader.lost", isUnreachable);
    expect(lost).toMatchObject({ level: "warn" });
    await Promise.all([replica.when("redis.unreachable"), follower.when("redis.unreachable")]);
    await redis.kill("SIGCONT");
    expect(
      await deployment.when("leader.elected", line => Number(line["term"]) > Number(lost["term"])),
    ).toMatchObject({
      reason: "expired",
      previous: lost.replica,
      vacantMs: expect.any(Number),
    });
    await isOnTimeAgain(deployment);
    await Promise.all([replica.end(), follower.end()]);

    await expectEveryTickOnce(deployment.ledger());
    for (const each of [replica, follower]) {
      expect(repeated(warnings(each))).toEqual([]);
      expect(each.noise).toEqual([]);
    }
  });

  test("that runs out of memory launches nothing until it has some, says so, and then loses no tick", async ({
    startServer,
    createDeployment,
  }) => {
    const redis = await startServer({ args: ["--save", "", "--appendonly", "yes"] });
    const deployment = await createDeployment({ redisUrl: redis.url, jobs: BEATS, settings: SHORT_LEASE });
    const replica = deployment.start();
    await isOnTimeAgain(deployment);
    const admin = deployment.redis();
    await admin.config("SET", "maxmemory", "1mb");
    const told = await deployment.when("launch.failed", line => /OOM/.test(String(line["error"])));
    expect(told.level).toBe("warn");
    await deployment.when("leader.lost", line => /OOM/.test(String(line["error"])));
    await admin.config("SET", "maxmemory", "0");
    await isOnTimeAgain(deployment);
    expect(await replica.end()).toBe(0);
    await expectEveryTickOnce(deployment.ledger());
    expect(replica.noise).toEqual([]);
  });

  test("whose disk is full launches nothing until it has room, says so, and then loses no tick", async ({
    startServer,
    createDeployment,
  }) => {
    const redis = await startServer({
      args: ["--save", "3600 1", "--appendonly", "no", "--enable-protected-configs", "yes"],
    });
    const deployment = await createDeployment({ redisUrl: redis.url, jobs: BEATS, settings: SHORT_LEASE });
    const replica = deployment.start();
    await isOnTimeAgain(deployment);
    const admin = deployment.redis();
    // A snapshot that cannot be written is what a full disk looks like.
    await rm(redis.dir, { recursive: true });
    await admin.bgsave();
    const told = await deployment.when("launch.failed", line => /MISCONF/.test(String(line["error"])));
    expect(told.level).toBe("warn");
    await deployment.when("leader.lost", line => /MISCONF/.test(String(line["error"])));
    await mkdir(redis.dir);
    await admin.config("SET", "dir", redis.dir);
    await admin.bgsave();
    await isOnTimeAgain(deployment);
    expect(await replica.end()).toBe(0);
    await expectEveryTickOnce(deployment.ledger());
    expect(replica.noise).toEqual([]);
  });

  test("that is a read-only replica is not used, says so once, and is used when it is promoted", async ({
    startServer,
    createDeployment,
  }) => {
    const primary = await startServer();
    const redis = await startServer({
      args: ["--save", "", "--replicaof", "127.0.0.1", String(primary.port)],
    });
    const deployment = await createDeployment({ redisUrl: redis.url, jobs: BEATS, settings: SHORT_LEASE });
    const replica = deployment.start();
    const readOnly = `READONLY this server is a replica of 127.0.0.1:${primary.port}, and takes no writes; name the primary, or use redis.sentinel or redis.cluster`;
    expect((await replica.when("redis.unreachable"))["error"]).toBe(readOnly);
    await triedAgain(deployment.redis(), 5);
    expect(connectionLines(replica)).toEqual([readOnly]);
    await deployment.redis().replicaof("NO", "ONE");
    await replica.when("leader.elected");
    await replica.when("run.completed");
    expect(await replica.end()).toBe(0);
    expect(replica.noise).toEqual([]);
  });

  test("that becomes a read-only replica is told once with that, and is used when it is promoted again", async ({
    startServer,
    createDeployment,
  }) => {
    const [primary, redis] = [await startServer(), await startServer()];
    const deployment = await createDeployment({ redisUrl: redis.url, jobs: BEATS, settings: SHORT_LEASE });
    const replica = deployment.start();
    await replica.when("run.completed");
    const admin = deployment.redis();
    await admin.replicaof("127.0.0.1", primary.port);
    const isReadOnly = (line: LogLine) =>
      String(line["error"]).startsWith("READONLY this server is a replica");
    await replica.when("redis.unreachable", isReadOnly);
    // Each of its six connections, several times.
    await triedAgain(admin, 30);
    const [connected, ...rest] = connectionLines(replica);
    expect(connected).toBe("redis.connected");
    // The connection that was refused its write may be reported before a new one is.
    expect(rest.filter(error => error !== "connection closed")).toEqual([
      expect.stringContaining("READONLY"),
    ]);
    const before = replica.lines.length;
    await admin.replicaof("NO", "ONE");
    await replica.when("leader.elected", line => replica.lines.indexOf(line) >= before);
    expect(await replica.end()).toBe(0);
    expect(replica.noise).toEqual([]);
  });

  test("that may evict keys is warned of, with the reason and what to change", async ({
    startServer,
    createDeployment,
  }) => {
    const redis = await startServer({ args: ["--save", "", "--maxmemory-policy", "allkeys-lru"] });
    const deployment = await createDeployment({ redisUrl: redis.url, jobs: BEATS });
    const replica = deployment.start();
    const warning = await replica.when("redis.warning");
    expect(warning.level).toBe("warn");
    expect(JSON.stringify(warning)).toMatch(/maxmemory-policy.*allkeys-lru.*noeviction/);
    await replica.when("run.completed");
    expect(await replica.end()).toBe(0);
    expect(deployment.lines("redis.warning")).toHaveLength(1);
    expect(replica.noise).toEqual([]);
  });

  test.for([
    { given: "the wrong password", login: ":s3cret-of-ours@", says: /WRONGPASS/ },
    { given: "a user it does not know", login: "ops:s3cret-of-ours@", says: /WRONGPASS/ },
    { given: "no password", login: "", says: /NOAUTH/ },
  ])(
    "that is given $given says so, and no log shows a password",
    async ({ login, says }, { startServer, createDeployment }) => {
      const redis = await startServer({ args: ["--save", "", "--requirepass", "another-one"] });
      const deployment = await createDeployment({
        redisUrl: `redis://${login}127.0.0.1:${redis.port}`,
        jobs: BEATS,
      });
      const replica = deployment.start();
      const told = await replica.when("redis.unreachable");
      expect(told).toMatchObject({ level: "error", error: expect.stringMatching(says) });
      expect(told["address"]).toContain(`127.0.0.1:${redis.port}`);
      expect(replica.hasEnded).toBe(false);
      await replica.end();
      expect(everything(replica)).not.toContain("s3cret-of-ours");
      expect(replica.noise).toEqual([]);

      const status = await deployment.command("status");
      expect(status).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(says) });
      expect(status.stderr).not.toContain("s3cret-of-ours");
    },
  );

  test("whose right password came later is used without a restart", async ({
    startServer,
    createDeployment,
  }) => {
    const redis = await startServer({ args: ["--save", "", "--requirepass", "new"] });
    const deployment = await createDeployment({
      redisUrl: `redis://:old@127.0.0.1:${redis.port}`,
      jobs: BEATS,
    });
    const replica = deployment.start();
    await replica.when("redis.unreachable");
    const admin = deployment.redis(`redis://:new@127.0.0.1:${redis.port}`);
    await admin.config("SET", "requirepass", "old");
    await replica.when("leader.elected");
    await replica.when("run.completed");
    expect(await replica.end()).toBe(0);
  });
});

describe("a handler never ends its replica", () => {
  const handlers = {
    "throws-nothing": "throw undefined;",
    "throws-text": 'throw "just text";',
    "throws-hostile": 'throw { get message() { throw new Error("from the getter"); }, toString: null };',
    "throws-at-once": 'throw new Error("at once");',
    "returns-circular": "const circle: any = {}; circle.self = circle; return circle;",
    "returns-bigint": "return 10n;",
    "emits-error": 'new (await import("node:events")).EventEmitter().emit("error", new Error("unheard"));',
    "timer-hostile": "setTimeout(() => { throw null; }, 1); await sleep(20);",
    "logs-circular":
      'const circle: any = {}; circle.self = circle; run.log.info({ circle, big: 10n }, "odd"); return 1;',
    "changes-data": "data._tick = null; Object.freeze(data); return data;",
  };

  test("however it goes wrong", async ({ startServer, createDeployment }) => {
    const redis = await startServer();
    const names = Object.keys(handlers);
    const deployment = await createDeployment({
      redisUrl: redis.url,
      jobs: [...names, "fine"].map(
        name => `${name}: { every: 1s, handler: ${name === "fine" ? "echo" : name} }`,
      ),
      handlers,
    });
    const replica = deployment.start();
    const ends = (job: string) => (line: LogLine) => line["job"] === job;
    await Promise.all(
      names.map(name =>
        Promise.any([replica.when("run.failed", ends(name)), replica.when("run.completed", ends(name))]),
      ),
    );
    for (const name of ["throws-nothing", "throws-text", "throws-hostile", "throws-at-once", "emits-error"]) {
      const failed = await replica.when("run.failed", ends(name));
      expect(failed["error"]).toEqual(expect.stringMatching(/./));
    }
    const sinceMs = Date.now();
    await replica.when(
      "run.completed",
      line => line["job"] === "fine" && Date.parse(String(line["time"])) > sinceMs,
    );
    expect(replica.noise).toEqual([]);
    expect(await replica.end()).toBe(0);
  });
});
