/** A replica whose log cannot be written: it leads, runs and ends as always. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MAIN, plainEnvironment } from "../support/command.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";
import { TestDeployment } from "../support/test-deployment.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const NOISE =
  'console.log("x".repeat(1e5)); process.stdout.write("y".repeat(1e5)); process.stderr.write("z");';
const ENOUGH_RUNS = 4;

async function createDeployment(): Promise<TestDeployment> {
  return await TestDeployment.create({
    redisUrl: redis.url,
    jobs: ["loud: { every: 1s, handler: loud }"],
    handlers: { loud: `for (let n = 0; n < 10; n++) { ${NOISE} }` },
  });
}

/** A replica with these streams. */
function replicaOf(
  deployment: TestDeployment,
  stdout: number | "pipe",
  stderr: number | "ignore",
  command: readonly string[] = ["run"],
) {
  return spawn(process.execPath, [MAIN, ...command, "--config", deployment.project.configDir], {
    env: plainEnvironment({ DEPLOYMENT_DIR: deployment.project.dir, REDIS_URL: redis.url }),
    cwd: deployment.project.dir,
    stdio: ["ignore", stdout, stderr],
  });
}

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

async function end(child: ReturnType<typeof replicaOf>): Promise<number | null> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  return ((await ended) as [number | null])[0];
}

test.each([
  ["a full disk", "/dev/full", "w"],
  ["a descriptor that is not for writing", "/dev/null", "r"],
])(
  "leads, records runs and ends with 0 when stdout and stderr are %s",
  async (_, file, flags) => {
    const deployment = await createDeployment();
    const fd = openSync(file, flags);
    const child = replicaOf(deployment, fd, fd);
    try {
      await whenRunsAreRecorded(deployment);
      expect(await end(child)).toBe(0);
      expect(await deployment.redis().exists(`${deployment.prefix}/lease`)).toBe(0);
    } finally {
      child.kill("SIGKILL");
      await deployment.dispose();
    }
  },
  120_000,
);

test("goes on while nobody reads its log, and says how much is missing when somebody does", async () => {
  const deployment = await createDeployment();
  const child = replicaOf(deployment, "pipe", "ignore");
  try {
    await whenRunsAreRecorded(deployment);
    const gap = Promise.withResolvers<Record<string, unknown>>();
    createInterface({ input: child.stdout as Readable }).on("line", line => {
      if (line.includes('"event":"log.recovered"')) gap.resolve(JSON.parse(line.replace(/^y+/, "")));
    });
    const { dropped, error } = await gap.promise;
    expect(dropped).toBeGreaterThan(0);
    expect(error).toContain("EAGAIN");
    expect(await end(child)).toBe(0);
  } finally {
    child.kill("SIGKILL");
    await deployment.dispose();
  }
}, 120_000);

test("ends with 0 when its reader closed the log", async () => {
  const deployment = await createDeployment();
  const child = replicaOf(deployment, "pipe", "ignore");
  try {
    child.stdout?.destroy();
    await whenRunsAreRecorded(deployment);
    expect(await end(child)).toBe(0);
  } finally {
    child.kill("SIGKILL");
    await deployment.dispose();
  }
}, 120_000);

const DEV = ["dev", "--replicas", "1"];

test("dev goes on when its output is a full disk, and ends with 0", async () => {
  const deployment = await createDeployment();
  const fd = openSync("/dev/full", "w");
  const child = replicaOf(deployment, fd, fd, DEV);
  try {
    await whenRunsAreRecorded(deployment);
    expect(await end(child)).toBe(0);
  } finally {
    child.kill("SIGTERM");
    await deployment.dispose();
  }
}, 120_000);

test("dev keeps no more than it should while nobody reads, and says how much is missing", async () => {
  const deployment = await createDeployment();
  const child = replicaOf(deployment, "pipe", "ignore", DEV);
  try {
    await whenRunsAreRecorded(deployment);
    const gap = Promise.withResolvers<string>();
    createInterface({ input: child.stdout as Readable }).on("line", line => {
      if (line.includes("lines are missing")) gap.resolve(line);
    });
    expect(await gap.promise).toMatch(/\d lines are missing here, .*EAGAIN/);
    expect(await end(child)).toBe(0);
  } finally {
    child.kill("SIGTERM");
    await deployment.dispose();
  }
}, 120_000);

test("dev ends with 141 when its reader has closed the output", async () => {
  const deployment = await createDeployment();
  const child = replicaOf(deployment, "pipe", "ignore", DEV);
  const ended = once(child, "exit");
  try {
    await once(child.stdout as Readable, "data");
    child.stdout?.destroy();
    expect(((await ended) as [number | null])[0]).toBe(141);
  } finally {
    child.kill("SIGTERM");
    await deployment.dispose();
  }
}, 120_000);
