import { createServer as createHttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { Redis } from "ioredis";
import { describe, expect } from "vitest";
import { createCertificates } from "../support/certificates.ts";
import { bellwether } from "../support/command.ts";
import { test } from "../support/fixtures.ts";
import { leastRights } from "../support/least-rights.ts";
import { namespace } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";
import { TestDeployment, type TestDeploymentOptions, urlOf } from "../support/test-deployment.ts";

const it = test
  .extend("deployment", ({ defer }) => async (options: TestDeploymentOptions): Promise<TestDeployment> => {
    const made = await TestDeployment.create(options);
    defer(() => made.dispose());
    return made;
  })
  .extend("statusOf", ({ makeProject }) => async (redis: string) => {
    const project = await makeProject({
      "config/bellwether.yaml": `redis: ${redis}\nhttp: false\n`,
      "config/jobs.yaml": "jobs: { beat: { every: 1s, handler: echo } }\n",
    });
    return bellwether(["status", "--config", project.configDir]);
  })
  .extend("portOf", ({ defer }) => async (listener: Server): Promise<number> => {
    await new Promise<void>(resolve => listener.listen(0, "127.0.0.1", resolve));
    defer(() => new Promise(resolve => listener.close(resolve)));
    return (listener.address() as AddressInfo).port;
  });

const BEAT = ["beat: { every: 1s, handler: echo, maxRuns: 1000 }"];
const SHORT_LEASE = ["election: { leaseTtl: 1s }"];

describe("a database that the server does not have", () => {
  it("is no other application's: no replica and no command works in database 0 instead", async ({
    startServer,
    deployment,
  }) => {
    const redis = await startServer();
    const prod = await deployment({ redisUrl: `${redis.url}/0`, jobs: BEAT });
    await prod.start().when("run.completed");
    const staging = await deployment({ redisUrl: `${redis.url}/20`, jobs: BEAT });
    const replica = staging.startWith({ DEPLOYMENT_NAMESPACE: prod.namespace });
    const told = await replica.when("redis.unreachable");
    expect(told["error"]).toMatch(/database 20 cannot be used: ERR DB index is out of range/);
    for (const args of [["status"], ["trigger", "beat"], ["pause", "beat"], ["stepdown"]]) {
      const result = await staging.command(...args);
      expect([args, result]).toEqual([
        args,
        {
          code: 1,
          stdout: "",
          stderr: expect.stringMatching(/^cannot reach Redis at \S+: database 20 .*\n$/),
        },
      ]);
    }
    expect(await replica.end()).toBe(0);
    expect(replica.lines.map(line => line.event)).not.toContain("redis.connected");
    expect(replica.lines.filter(line => line.event === "redis.unreachable")).toHaveLength(1);
    expect(replica.noise).toEqual([]);
  });
});

describe("a server without INFO", () => {
  it("is led on and works off runs, with a warning", async ({ startServer, deployment }) => {
    const redis = await startServer({ args: ["--save", "", "--rename-command", "INFO", ""] });
    const made = await deployment({ redisUrl: redis.url, jobs: BEAT });
    const replica = made.start();
    expect(await replica.when("redis.warning")).toMatchObject({
      problem: expect.stringMatching(/^INFO is refused \(ERR unknown command 'info'\)/i),
    });
    await replica.when("leader.elected");
    await replica.when("run.completed");
    expect(replica.noise).toEqual([]);
    expect(await replica.end()).toBe(0);
  });
});

describe("a server that takes no more connections", () => {
  it("is told with its words for whichever connection it refuses, and a replica that cannot join sees who leads", async ({
    startServer,
    deployment,
  }) => {
    const redis = await startServer();
    const made = await deployment({ redisUrl: redis.url, jobs: BEAT, settings: SHORT_LEASE, http: true });
    const admin = made.redis();
    const leader = made.start();
    await leader.when("run.completed");
    // One more than there are: the next replica's first connection, and none of the others.
    const clients = Number(/connected_clients:(\d+)/.exec(await admin.info("clients"))?.[1]);
    await admin.config("SET", "maxclients", clients + 1);
    const late = made.start();
    await late.when("redis.connected");
    const told = await late.when("redis.unreachable");
    expect(told).toMatchObject({
      error: "ERR max number of clients reached",
      connection: expect.stringMatching(/^\w+/),
    });
    expect((await fetch(`${await urlOf(late)}/readyz`)).status).toBe(503);
    const failing = await late.when("bid.failing");
    expect(failing["leader"]).toBe(leader.lines[0]?.replica);
    expect(late.lines.filter(line => line.event === "leader.absent")).toEqual([]);
    await admin.config("SET", "maxclients", 1_000);
    await late.when("redis.connected", line => late.lines.indexOf(line) > late.lines.indexOf(told));
    await late.when("leader.observed");
    expect(late.noise).toEqual([]);
    const unreachable = late.lines.filter(line => line.event === "redis.unreachable");
    expect(unreachable).toHaveLength(1);
  });

  it("is named by a command that it refuses", async ({ startServer, deployment }) => {
    const redis = await startServer();
    const made = await deployment({ redisUrl: redis.url, jobs: BEAT });
    await made.redis().config("SET", "maxclients", 1);
    const { code, stderr } = await made.command("status");
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^cannot reach Redis at \S+: ERR max number of clients reached\n$/),
    ]);
  });
});

describe("a node of a cluster that does not name the slot's master", () => {
  it("is told with its words, carries no command, and is used when it answers", async ({
    startServer,
    defer,
    makeProject,
  }) => {
    const node = await startServer({ args: ["--cluster-enabled", "yes", "--save", ""] });
    const admin = new Redis(node.port, "127.0.0.1");
    defer(() => admin.disconnect());
    await admin.call("CLUSTER", "ADDSLOTSRANGE", 0, 16_383);
    const name = namespace();
    await admin.call("ACL", "SETUSER", "ops", "on", ">hunter2", ...leastRights(name), "-cluster|slots");
    const project = await makeProject({
      "config/bellwether.yaml": `namespace: ${name}\nredis: { cluster: { nodes: ["127.0.0.1:${node.port}"] }, username: ops, password: hunter2 }\nhttp: false\n`,
      "config/jobs.yaml": "jobs: { beat: { every: 1s, handler: echo } }\n",
      "jobs/echo.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "done");\n`,
    });
    const replica = new ReplicaProcess(["--config", project.configDir]);
    defer(() => replica.end());
    expect(await replica.when("redis.unreachable")).toMatchObject({
      error: expect.stringMatching(/^NOPERM .*'cluster\|slots' command/),
    });
    expect(replica.lines.map(line => line.event)).not.toContain("redis.connected");
    await admin.call("ACL", "SETUSER", "ops", "+cluster|slots");
    await replica.when("redis.connected");
    await replica.when("run.completed");
    expect(replica.noise).toEqual([]);
    expect(await replica.end()).toBe(0);
  });
});

describe("what is no such Redis", () => {
  it("is named as an HTTP server", async ({ statusOf, portOf }) => {
    const port = await portOf(createHttpServer((_, response) => response.end("hello")));
    for (const scheme of ["redis", "rediss"]) {
      const { code, stderr } = await statusOf(`{ url: "${scheme}://127.0.0.1:${port}" }`);
      expect([code, stderr]).toEqual([1, expect.stringContaining("an HTTP server answers there, not Redis")]);
    }
  });

  it("is named as a server with TLS, or without", async ({ startServer, makeFolder, statusOf }) => {
    const dir = await makeFolder();
    const { ca, cert, key } = createCertificates(dir, "redis");
    const files = ["--tls-ca-cert-file", ca, "--tls-cert-file", cert, "--tls-key-file", key];
    const secure = await startServer({ args: [...files, "--tls-auth-clients", "no"], tls: true });
    const plain = await startServer();
    const toSecure = await statusOf(`{ url: "redis://127.0.0.1:${secure.port}" }`);
    expect(toSecure.stderr).toContain(
      "the server speaks TLS, and the configuration does not: write rediss://",
    );
    const toPlain = await statusOf(`{ url: "rediss://127.0.0.1:${plain.port}", tls: { ca: ${ca} } }`);
    expect(toPlain.stderr).toContain(
      "does not speak TLS on this port, and the configuration does: write redis://",
    );
  });

  it("is named as a server without a cluster", async ({ startServer, statusOf }) => {
    const { port } = await startServer();
    const { code, stderr } = await statusOf(`{ cluster: { nodes: ["127.0.0.1:${port}"] } }`);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /^cannot reach Redis at \S+ \S+: ERR This instance has cluster support disabled\n$/,
      ),
    ]);
  });

  it.for([
    { given: "a # in a password", url: "redis://ops:hunter2#word@127.0.0.1:1", says: "write # as %23" },
    { given: "a / in a password", url: "redis://ops:hunter2/word@127.0.0.1:1", says: "/ as %2F" },
    { given: "a ? in a password", url: "redis://ops:hunter2?word@127.0.0.1:1", says: "? as %3F" },
    { given: "a database in letters", url: "redis://:hunter2@127.0.0.1:1/abc", says: "a database like /0" },
    { given: "a negative database", url: "redis://:hunter2@127.0.0.1:1/-1", says: "a database like /0" },
    { given: "a hexadecimal database", url: "redis://:hunter2@127.0.0.1:1/0x1", says: "a database like /0" },
  ])(
    "is a mistake of the configuration with $given, which is not shown",
    async ({ url, says }, { makeProject, statusOf }) => {
      const written = await statusOf(`{ url: "${url}" }`);
      expect(written).toMatchObject({ code: 2, stderr: expect.stringContaining(says) });
      const project = await makeProject({
        "config/jobs.yaml": "jobs: { beat: { every: 1s, handler: echo } }\n",
      });
      for (const name of ["REDIS_URL", "BELLWETHER_REDIS_URL"]) {
        const result = await bellwether(["status", "--config", project.configDir], { env: { [name]: url } });
        expect([name, result]).toMatchObject([name, { code: 2, stderr: expect.stringContaining(says) }]);
        expect(result.stderr + result.stdout + written.stderr).not.toMatch(/hunter2|word@/);
      }
    },
  );
});

it("shows no password of an address in a log or an answer, wherever the address holds it", async ({
  startServer,
  deployment,
}) => {
  const redis = await startServer({ args: ["--save", "", "--requirepass", "hunter2"] });
  for (const url of [`${redis.url}?password=hunter2`, `redis://:hunter2@127.0.0.1:${redis.port}`]) {
    const made = await deployment({ redisUrl: url, jobs: BEAT });
    const replica = made.start();
    expect((await replica.when("redis.connected"))["address"]).toContain("***");
    await replica.when("run.completed");
    const status = await made.command("status");
    expect(status.code).toBe(0);
    expect(await replica.end()).toBe(0);
    expect(JSON.stringify([replica.lines, replica.noise, status])).not.toContain("hunter2");
  }
});
