import { Redis } from "ioredis";
import { expect } from "vitest";
import { test } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";
import { unusedPort } from "../support/unused-port.ts";

const PASSWORD = "hunter2-of-redis";
const TOKEN = "hunter2-of-admin";
const HEADER = "hunter2-of-http";
const VARIABLE = "hunter2-of-command";

test.override("redisOptions", {
  args: ["--save", "", "--rdbcompression", "no", "--requirepass", PASSWORD],
});
const HANDLER =
  'import { defineHandler } from "bellwether";\nexport default defineHandler(async () => undefined);\n';

const it = test
  .extend("setup", ({ defer, server, makeProject }) => async (password: string) => {
    const name = namespace();
    const project = await makeProject({ "jobs/echo.ts": HANDLER, "secrets/redis": `${password}\n` });
    await project.write("secrets/token", TOKEN);
    await project.write("secrets/header", HEADER);
    const secret = (file: string) => `\${file:${project.dir}/secrets/${file}}`;
    await project.write(
      "config/bellwether.yaml",
      [
        `namespace: ${name}`,
        `redis: { url: "redis://:${secret("redis")}@127.0.0.1:${server.port}" }`,
        "http: false",
        `admin: { port: 0, tokens: [{ name: ops, role: operator, token: "${secret("token")}" }] }`,
        "log: { level: debug }",
      ].join("\n"),
    );
    const port = await unusedPort();
    await project.write(
      "config/jobs.yaml",
      [
        "jobs:",
        "  echo: { every: 1s, handler: echo }",
        `  call: { every: 1s, http: { url: "http://127.0.0.1:${port}/", headers: { Authorization: "${secret("header")}" } } }`,
        '  fail: { every: 1s, command: { argv: ["false"], env: { TOKEN: "${VARIABLE}" } } }',
      ].join("\n"),
    );
    const start = (env: Readonly<Record<string, string>> = {}) => {
      const replica = new ReplicaProcess(["--config", project.configDir], { VARIABLE, ...env });
      defer(() => replica.end("SIGKILL"));
      return replica;
    };
    return { name, start };
  })
  /** Everything that Redis holds, as far as it can be read as text. */
  .extend("readEverything", ({ server, defer }) => async (): Promise<string> => {
    const redis = new Redis(server.url, { password: PASSWORD });
    defer(() => redis.disconnect());
    const keys = await redis.keys("*");
    const dumps = await Promise.all(keys.map(key => redis.dumpBuffer(key)));
    return [...keys, ...dumps.map(dump => dump?.toString("latin1") ?? "")].join("\n");
  });

it("stand neither in the log nor in Redis, whatever fails", async ({ setup, readEverything }) => {
  const replica = (await setup(PASSWORD)).start();
  const failedOf = (job: string) => replica.when("run.failed", line => line["job"] === job);
  await Promise.all([replica.when("run.completed"), failedOf("call"), failedOf("fail")]);
  const said = JSON.stringify([replica.lines, replica.noise]);
  expect(said).not.toContain("hunter2");
  expect(await readEverything()).not.toContain("hunter2");
});

it("stand not in the log when Redis refuses them", async ({ setup }) => {
  const replica = (await setup(`${PASSWORD}-wrong`)).start();
  await replica.when("redis.unreachable");
  expect(await replica.end()).toBe(0);
  expect(JSON.stringify([replica.lines, replica.noise])).not.toContain("hunter2");
});

it("are all that a replica reads beside its code: it runs without the right to write a file", async ({
  setup,
}) => {
  const replica = (await setup(PASSWORD)).start({ NODE_OPTIONS: "--permission --allow-fs-read=*" });
  await replica.when("run.completed", line => line["job"] === "echo");
  expect(await replica.end()).toBe(0);
});
