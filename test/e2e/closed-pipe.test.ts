/** Output that its reader has closed, as `| head` does once it has seen enough, or that cannot be written. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
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
    "config/wrong/jobs.yaml": "jobs:\n  a: { evry: 1m }\n",
    "a.log": '{"level":"info","time":"2026-11-28T00:00:00.000Z","msg":"hi"}\n',
    "jobs/a.ts":
      'import { defineHandler } from "bellwether";\nexport default defineHandler(() => undefined);\n',
  });
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

describe.concurrent("a closed pipe", () => {
  test.each([
    ["--help"],
    ["schema"],
    ["check"],
    ["next"],
    ["explain", "a"],
    ["status"],
    ["history", "a", "--json"],
    ["audit", "--json"],
    ["init", "new"],
    ["logs", "a.log"],
    ["logs", "a.log", "--handoffs"],
  ])("ends %s without a word, and with 141", async (...args) => {
    expect(await redirected(">&3", ...args)).toEqual({ code: BROKEN_PIPE, stdout: "", stderr: "" });
  });

  test("keeps the code of a command that fails", async () => {
    expect(await redirected(">&3 2>&3", "check", "--config", "config/wrong")).toMatchObject({ code: 2 });
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
