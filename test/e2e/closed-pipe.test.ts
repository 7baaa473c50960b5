/** Output that its reader has closed, as `| head` does once it has seen enough, or that cannot be written. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Queue } from "bullmq";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bellwether, MAIN, plainEnvironment } from "../support/command.ts";
import { createProject, type TestProject } from "../support/project.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";

const BROKEN_PIPE = 141;
let project: TestProject;
let redis: TestRedis;

beforeAll(async () => {
  redis = await startRedis();
  project = await createProject({
    "config/bellwether.yaml": `redis: { url: ${redis.url} }\nhttp: false\n`,
    "config/jobs.yaml": "jobs:\n  a: { every: 1m, handler: a }\n",
    "wrong/jobs.yaml": "jobs:\n  a: { evry: 1m }\n",
    "acts/bellwether.yaml": `namespace: acts\nredis: { url: ${redis.url} }\nhttp: false\n`,
    "acts/jobs.yaml": "jobs:\n  a: { every: 1m, handler: a }\n",
    crontab: "0 5 * * * true\n",
    "a.log": '{"level":"info","time":"2026-11-28T00:00:00.000Z","msg":"hi"}\n',
    "jobs/a.ts":
      'import { defineHandler } from "bellwether";\nexport default defineHandler(() => undefined);\n',
  });
  const queue = new Queue("old", { connection: { url: redis.url } });
  await queue.upsertJobScheduler("nightly", { every: 60_000 });
  await queue.close();
});

afterAll(async () => {
  await project.dispose();
  await redis.stop();
});

/** Runs a command with its streams redirected by bash. `>&3` is a pipe whose reader has exited already. */
async function redirected(redirection: string, ...args: string[]) {
  const script = `exec 3> >(:); wait $!; exec "$0" "$@" ${redirection}`;
  return await promisify(execFile)("bash", ["-c", script, process.execPath, MAIN, ...args], {
    cwd: project.dir,
    env: plainEnvironment(),
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

const BACKFILL = ["backfill", "a", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T00:09:00Z"];

const COMMANDS = [
  "--help",
  "help",
  "trigger --help",
  "schema",
  "check",
  "next",
  "explain a",
  "forecast",
  "why a",
  "status",
  "history a --json",
  "audit --json",
  "trigger a --config acts",
  "pause a --config acts",
  "resume a --config acts",
  "skip-next a --config acts",
  "init new",
  "import --help",
  "import crontab crontab --timezone UTC",
  "completion bash",
  "complete -- ",
  "logs a.log",
  "logs a.log --handoffs",
];
/** `backfill` is below. `run` goes on, `dev` stops, and `stepdown` fails without a leader. */
const OTHERS = ["backfill", "dev", "run", "stepdown"];

test("every command is here", async () => {
  const { stdout } = await bellwether(["complete", "--", ""]);
  const names = stdout.split("\n").flatMap(line => line.split("\t")[0] || []);
  const known = new Set([...OTHERS, ...COMMANDS.map(line => line.split(" ")[0])]);
  expect(names.filter(name => !known.has(name))).toEqual([]);
  expect(names.length).toBeGreaterThan(15);
});

describe.concurrent("a closed pipe", () => {
  test.each(COMMANDS)("ends %s without a word, and with 141", async line => {
    expect(await redirected(">&3", ...line.split(" "))).toEqual({
      code: BROKEN_PIPE,
      stdout: "",
      stderr: "",
    });
  });

  test("ends import bullmq with 141", async () => {
    const args = ["import", "bullmq", "--queue", "old", "--redis", redis.url];
    const { code, stdout } = await redirected(">&3", ...args);
    expect({ code, stdout }).toEqual({ code: BROKEN_PIPE, stdout: "" });
  });

  test("keeps the code of a command that fails", async () => {
    expect(await redirected(">&3 2>&3", "check", "--config", "wrong")).toMatchObject({ code: 2 });
  });

  test("does not stop a backfill half-way", async () => {
    expect(await redirected(">&3", ...BACKFILL)).toEqual({ code: BROKEN_PIPE, stdout: "", stderr: "" });
    const audit = await bellwether(["audit", "--json"], { cwd: project.dir });
    expect(JSON.parse(audit.stdout)).toMatchObject([{ action: "backfill", ticks: 10 }]);
  });
});

test("output that cannot be written is a failure that says why", async () => {
  expect(await redirected(">/dev/full", "schema")).toEqual({
    code: 1,
    stdout: "",
    stderr: "cannot write the output: ENOSPC: no space left on device, write\n",
  });
});

test("output that cannot be written ends a command that goes on until it is stopped", async () => {
  expect(await redirected(">/dev/full", "status", "--watch")).toEqual({
    code: 1,
    stdout: "",
    stderr: "cannot write the output: ENOSPC: no space left on device, write\n",
  });
});
