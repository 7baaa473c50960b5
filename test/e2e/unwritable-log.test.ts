/** A replica whose log cannot be written: it leads, runs and ends as always. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { MAIN, plainEnvironment } from "../support/command.ts";
import { test as base } from "../support/fixtures.ts";
import { TestDeployment } from "../support/test-deployment.ts";

const NOISE =
  'console.log("x".repeat(1e5)); process.stdout.write("y".repeat(1e5)); process.stderr.write("z");';
const ENOUGH_RUNS = 4;
const DEV = ["dev", "--replicas", "1"];

const test = base
  .extend("deployment", async ({ server, defer }) => {
    const deployment = await TestDeployment.create({
      redisUrl: server.url,
      jobs: ["loud: { every: 1s, handler: loud }"],
      handlers: { loud: `for (let n = 0; n < 10; n++) { ${NOISE} }` },
    });
    defer(() => deployment.dispose());
    return deployment;
  })
  /** A replica, or what `command` starts, with these streams. */
  .extend(
    "start",
    ({ server, deployment, defer }) =>
      (stdout: number | "pipe", stderr: number | "ignore", command: readonly string[] = ["run"]) => {
        const child = spawn(process.execPath, [MAIN, ...command, "--config", deployment.project.configDir], {
          env: plainEnvironment({ DEPLOYMENT_DIR: deployment.project.dir, REDIS_URL: server.url }),
          cwd: deployment.project.dir,
          stdio: ["ignore", stdout, stderr],
        });
        defer(() => child.kill(command === DEV ? "SIGTERM" : "SIGKILL"));
        return child;
      },
  );

async function whenRunsAreRecorded(deployment: TestDeployment): Promise<void> {
  for (;;) {
    const { stdout } = await deployment.command("history", "loud", "--json");
    const rows = JSON.parse(stdout || "[]") as { result?: string; term: number }[];
    expect(rows.every(({ term }) => term === 1)).toBe(true);
    expect(rows.filter(({ result }) => result === "failed")).toEqual([]);
    if (rows.filter(({ result }) => result === "completed").length >= ENOUGH_RUNS) return;
    await sleep(200);
  }
}

async function end(child: ChildProcess): Promise<number | null> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  return ((await ended) as [number | null])[0];
}

test.for([
  ["a full disk", "/dev/full", "w"],
  ["a descriptor that is not for writing", "/dev/null", "r"],
] as const)(
  "leads, records runs and ends with 0 when stdout and stderr are %s",
  { timeout: 120_000 },
  async ([_, file, flags], { deployment, start }) => {
    const fd = openSync(file, flags);
    const child = start(fd, fd);
    await whenRunsAreRecorded(deployment);
    expect(await end(child)).toBe(0);
    expect(await deployment.redis().exists(`${deployment.prefix}/lease`)).toBe(0);
  },
);

test("goes on while nobody reads its log, and says how much is missing when somebody does", async ({
  deployment,
  start,
}) => {
  const child = start("pipe", "ignore");
  await whenRunsAreRecorded(deployment);
  const gap = Promise.withResolvers<Record<string, unknown>>();
  createInterface({ input: child.stdout as Readable }).on("line", line => {
    if (line.includes('"event":"log.recovered"')) gap.resolve(JSON.parse(line.replace(/^y+/, "")));
  });
  const { dropped, error } = await gap.promise;
  expect(dropped).toBeGreaterThan(0);
  expect(error).toContain("EAGAIN");
  expect(await end(child)).toBe(0);
}, 120_000);

test("ends with 0 when its reader closed the log", async ({ deployment, start }) => {
  const child = start("pipe", "ignore");
  child.stdout?.destroy();
  await whenRunsAreRecorded(deployment);
  expect(await end(child)).toBe(0);
}, 120_000);

test("dev goes on when its output is a full disk, and ends with 0", async ({ deployment, start }) => {
  const fd = openSync("/dev/full", "w");
  const child = start(fd, fd, DEV);
  await whenRunsAreRecorded(deployment);
  expect(await end(child)).toBe(0);
}, 120_000);

test("dev keeps no more than it should while nobody reads, and says how much is missing", async ({
  deployment,
  start,
}) => {
  const child = start("pipe", "ignore", DEV);
  await whenRunsAreRecorded(deployment);
  const gap = Promise.withResolvers<string>();
  createInterface({ input: child.stdout as Readable }).on("line", line => {
    if (line.includes("lines are missing")) gap.resolve(line);
  });
  expect(await gap.promise).toMatch(/\d lines are missing here, .*EAGAIN/);
  expect(await end(child)).toBe(0);
}, 120_000);

test("dev ends with 141 when its reader has closed the output", async ({ start }) => {
  const child = start("pipe", "ignore", DEV);
  const ended = once(child, "exit");
  await once(child.stdout as Readable, "data");
  child.stdout?.destroy();
  expect(((await ended) as [number | null])[0]).toBe(141);
}, 120_000);
