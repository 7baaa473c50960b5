/** A replica that cannot start says why in its log, as well as on stderr. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { bellwether } from "../support/command.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";
import { TestDeployment, type TestDeploymentOptions } from "../support/test-deployment.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** The context, because Vitest takes a bare `onTestFinished` for another one of the concurrent tests. */
async function createDeployment(
  { onTestFinished }: TestContext,
  options: Partial<TestDeploymentOptions> = {},
): Promise<TestDeployment> {
  const deployment = await TestDeployment.create({
    redisUrl: redis.url,
    jobs: ["beat: { every: 1h, handler: echo }"],
    ...options,
  });
  onTestFinished(() => deployment.dispose());
  return deployment;
}

/** Starts a replica, which must fail, and expects one line about that. */
async function expectFailure(
  deployment: TestDeployment,
  expected: { readonly code: string; readonly exitCode: number },
  more: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const args = ["run", "--config", deployment.project.configDir, ...(more.args ?? [])];
  const result = await bellwether(args, {
    cwd: deployment.project.dir,
    ...(more.env ? { env: more.env } : {}),
  });
  const lines = result.stdout
    .split("\n")
    .filter(Boolean)
    .map(line => JSON.parse(line) as Record<string, unknown>);
  const failures = lines.filter(({ event }) => event === "replica.failed");
  expect(failures).toEqual([
    {
      level: "error",
      time: expect.any(String),
      event: "replica.failed",
      code: expected.code,
      error: expect.stringMatching(/./),
      msg: "the replica cannot start or go on",
      // A failure before there is a replica has neither.
      ...(failures[0]?.["replica"] === undefined
        ? {}
        : { replica: expect.any(String), namespace: deployment.namespace }),
    },
  ]);
  expect(result.stderr).toContain(failures[0]?.["error"]);
  expect(result.code).toBe(expected.exitCode);
}

describe.concurrent("a replica that cannot start logs the code of its error", () => {
  test.for([
    { what: "an option that there is not", args: ["--rolez", "worker"] },
    { what: "an option without its value", args: ["--id"] },
    { what: "an unknown role", args: ["--roles", "worker,boss"] },
  ])("for $what", async ({ args }, context) => {
    await expectFailure(await createDeployment(context), { code: "BW_USAGE", exitCode: 2 }, { args });
  });

  test("for a variable of its environment", async context => {
    const env = { BELLWETHER_REDIS_URL: "http://localhost" };
    await expectFailure(await createDeployment(context), { code: "BW_USAGE", exitCode: 2 }, { env });
  });

  test("for a configuration with mistakes", async context => {
    const deployment = await createDeployment(context, { jobs: ["beat: { evry: 1h, handler: echo }"] });
    await expectFailure(deployment, { code: "BW_CONFIG_INVALID", exitCode: 2 });
  });

  test("for a configuration that is not there", async context => {
    const args = ["--config", "nowhere"];
    await expectFailure(
      await createDeployment(context),
      { code: "BW_CONFIG_INVALID", exitCode: 2 },
      { args },
    );
  });

  test("for a handler that is not there", async context => {
    const deployment = await createDeployment(context, { jobs: ["beat: { every: 1h, handler: gone }"] });
    await expectFailure(deployment, { code: "BW_HANDLERS_INVALID", exitCode: 2 });
  });

  test("for a file of TLS that cannot be read", async context => {
    const deployment = await createDeployment(context, { redisUrl: redis.url.replace("redis:", "rediss:") });
    const file = path.join(deployment.project.dir, "config/bellwether.yaml");
    const ca = path.join(deployment.project.dir, "gone.pem");
    const settings = (await readFile(file, "utf8")).replace(/(redis: \{.*) \}/, `$1, tls: { ca: "${ca}" } }`);
    await deployment.project.write("config/bellwether.yaml", settings);
    await expectFailure(deployment, { code: "BW_TLS_FILE", exitCode: 1 });
  });

  test("for a port that is taken", async context => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise(resolve => server.once("listening", resolve));
    context.onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const deployment = await createDeployment(context, { http: `http: { host: 127.0.0.1, port: ${port} }` });
    await expectFailure(deployment, { code: "BW_LISTEN_FAILED", exitCode: 1 });
  });

  test("for data of a newer release", async context => {
    const deployment = await createDeployment(context);
    await deployment.redis().set(`${deployment.prefix}/format`, 99);
    await expectFailure(deployment, { code: "BW_FORMAT_NEWER", exitCode: 1 });
  });
});
