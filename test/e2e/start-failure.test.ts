/** A replica that cannot start says why in its log, as well as on stderr. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { describe, expect } from "vitest";
import { bellwether } from "../support/command.ts";
import { test as base } from "../support/fixtures.ts";
import { TestDeployment, type TestDeploymentOptions } from "../support/test-deployment.ts";

const test = base.extend(
  "createDeployment",
  ({ server, defer }) =>
    async (options: Partial<TestDeploymentOptions> = {}): Promise<TestDeployment> => {
      const jobs = ["beat: { every: 1h, handler: echo }"];
      const deployment = await TestDeployment.create({ redisUrl: server.url, jobs, ...options });
      defer(() => deployment.dispose());
      return deployment;
    },
);

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
  ])("for $what", async ({ args }, { createDeployment }) => {
    await expectFailure(await createDeployment(), { code: "BW_USAGE", exitCode: 2 }, { args });
  });

  test("for a variable of its environment", async ({ createDeployment }) => {
    const env = { BELLWETHER_REDIS_URL: "http://localhost" };
    await expectFailure(await createDeployment(), { code: "BW_USAGE", exitCode: 2 }, { env });
  });

  test("for a configuration with mistakes", async ({ createDeployment }) => {
    const deployment = await createDeployment({ jobs: ["beat: { evry: 1h, handler: echo }"] });
    await expectFailure(deployment, { code: "BW_CONFIG_INVALID", exitCode: 2 });
  });

  test("for a configuration that is not there", async ({ createDeployment }) => {
    const args = ["--config", "nowhere"];
    await expectFailure(await createDeployment(), { code: "BW_CONFIG_INVALID", exitCode: 2 }, { args });
  });

  test("for a handler that is not there", async ({ createDeployment }) => {
    const deployment = await createDeployment({ jobs: ["beat: { every: 1h, handler: gone }"] });
    await expectFailure(deployment, { code: "BW_HANDLERS_INVALID", exitCode: 2 });
  });

  test.for(["process.exit(0);", "setTimeout(() => process.exit(3), 10); await new Promise(() => {});"])(
    "for a handler's module that ends the process: %s",
    async (code, { createDeployment }) => {
      const deployment = await createDeployment();
      await deployment.project.write("jobs/echo.ts", code);
      await expectFailure(deployment, { code: "BW_HANDLERS_INVALID", exitCode: 2 });
      const { dir, configDir } = deployment.project;
      expect(await bellwether(["check", "--config", configDir], { cwd: dir })).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.stringMatching(
          /^the process ends with exit code [03] while jobs\/echo\.ts is loaded: expected a module that/,
        ),
      });
    },
  );

  test("for a file of TLS that cannot be read", async ({ createDeployment, server }) => {
    const deployment = await createDeployment({ redisUrl: server.url.replace("redis:", "rediss:") });
    const file = path.join(deployment.project.dir, "config/bellwether.yaml");
    const ca = path.join(deployment.project.dir, "gone.pem");
    const settings = (await readFile(file, "utf8")).replace(/(redis: \{.*) \}/, `$1, tls: { ca: "${ca}" } }`);
    await deployment.project.write("config/bellwether.yaml", settings);
    await expectFailure(deployment, { code: "BW_TLS_FILE", exitCode: 1 });
  });

  test("for a port that is taken", async ({ createDeployment, onTestFinished }) => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise(resolve => server.once("listening", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const deployment = await createDeployment({ http: `http: { host: 127.0.0.1, port: ${port} }` });
    await expectFailure(deployment, { code: "BW_LISTEN_FAILED", exitCode: 1 });
  });

  test("for data of a newer release", async ({ createDeployment }) => {
    const deployment = await createDeployment();
    await deployment.redis().set(`${deployment.prefix}/format`, 99);
    await expectFailure(deployment, { code: "BW_FORMAT_NEWER", exitCode: 1 });
  });
});
