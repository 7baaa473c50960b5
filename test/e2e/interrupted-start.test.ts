/** Signals before a replica has started, also to one that is the first process of its container. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect } from "vitest";
import { MAIN, plainEnvironment } from "../support/command.ts";
import { test as base } from "../support/fixtures.ts";
import { TestDeployment } from "../support/test-deployment.ts";
import { unusedPort } from "../support/unused-port.ts";

const test = base
  .extend("createDeployment", ({ defer }) => async (): Promise<TestDeployment> => {
    const deployment = await TestDeployment.create({
      redisUrl: `redis://127.0.0.1:${await unusedPort()}`,
      jobs: ["beat: { every: 1s, handler: echo }"],
    });
    defer(() => deployment.dispose());
    return deployment;
  })
  /** A command as PID 1 of a namespace of its own; `pid` is what it is outside. It ends with the test. */
  .extend("firstOfNamespace", ({ onTestFinished }) => async (args: readonly string[]) => {
    // The namespace ends with unshare, whatever happens to this test.
    const way = [...unshareArguments(), "--kill-child=SIGKILL"];
    const child = spawn("unshare", [...way, process.execPath, MAIN, ...args], {
      env: plainEnvironment(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", chunk => {
      output += chunk;
    });
    const closed = once(child, "close");
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await closed;
    });
    for (;;) {
      const pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8"));
      if (pid > 0)
        return { pid, output: () => output, ended: async () => ({ code: (await closed)[0], output }) };
      await sleep(2);
    }
  });

/**
 * Whether the program listens already. Node.js itself catches SIGINT and SIGTERM from its first moment on, and dies of them,
 * which the first process of a container cannot. SIGHUP it leaves alone.
 */
function listens(pid: number): boolean {
  return catches(pid, constants.signals.SIGHUP);
}

function catches(pid: number, signal: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
  return (BigInt(`0x${caught}`) >> BigInt(signal - 1)) % 2n === 1n;
}

/** How to make a PID namespace here: with a user namespace, or as root. */
function unshareArguments(): string[] {
  const ways = [
    ["-Urpf", "--mount-proc"],
    ["-pf", "--mount-proc"],
  ];
  const attempts = ways.map(way => ({
    way,
    ...spawnSync("unshare", [...way, "true"], { encoding: "utf8" }),
  }));
  const possible = attempts.find(({ status }) => status === 0);
  if (possible) return possible.way;
  const why = attempts.map(
    ({ way, error, stderr }) => `unshare ${way.join(" ")}: ${error?.message ?? stderr.trim()}`,
  );
  throw new Error(
    `This test needs a PID namespace: allow user namespaces, or run it as root with CAP_SYS_ADMIN.\n${why.join("\n")}`,
  );
}

/** Reading a FIFO without a writer occupies a thread of Node.js for good, as a file of a mount that hangs does. */
async function writeStuckHandler(deployment: TestDeployment): Promise<void> {
  const fifo = path.join(deployment.project.dir, "fifo");
  execFileSync("mkfifo", [fifo]);
  await deployment.project.write(
    "jobs/echo.ts",
    `import { readFile } from "node:fs/promises";
     console.log("reading");
     await readFile(${JSON.stringify(fifo)});`,
  );
}

describe("the first process of a container", () => {
  test.for(["SIGTERM", "SIGINT"] as const)(
    "ends with 0 at a %s before its configuration is loaded",
    async (signal, { createDeployment, firstOfNamespace }) => {
      const deployment = await createDeployment();
      const replica = await firstOfNamespace(["run", "--config", deployment.project.configDir]);
      while (!listens(replica.pid)) await sleep(1);
      process.kill(replica.pid, signal);
      const { code, output } = await replica.ended();
      expect(code).toBe(0);
      expect(output).toMatch(new RegExp(`"event":"replica.interrupted",.*"reason":"${signal}"`));
    },
  );

  test.for(["SIGTERM", "SIGINT"] as const)(
    "ends with 0 at a %s while Node.js itself starts",
    async (signal, { createDeployment, firstOfNamespace }) => {
      const deployment = await createDeployment();
      const replica = await firstOfNamespace(["run", "--config", deployment.project.configDir]);
      // Until then the process is still unshare, or the kernel ignores the signal.
      while (!catches(replica.pid, constants.signals[signal])) await sleep(1);
      process.kill(replica.pid, signal);
      const { code, output } = await replica.ended();
      expect(code).toBe(0);
      expect(output).toMatch(new RegExp(`"event":"replica.interrupted",.*"reason":"${signal}"`));
    },
  );

  test("ends with 0 when a handler's module waits for a file that cannot be read", async ({
    createDeployment,
    firstOfNamespace,
  }) => {
    const deployment = await createDeployment();
    await writeStuckHandler(deployment);
    const replica = await firstOfNamespace(["run", "--config", deployment.project.configDir]);
    while (!replica.output().includes("reading")) await sleep(20);
    process.kill(replica.pid, "SIGTERM");
    const { code, output } = await replica.ended();
    expect(code).toBe(0);
    expect(output).toContain("replica.interrupted");
  });

  test("ends a command as a signal ends others", async ({ createDeployment, firstOfNamespace }) => {
    const deployment = await createDeployment();
    const command = await firstOfNamespace(["status", "--config", deployment.project.configDir]);
    while (!listens(command.pid)) await sleep(1);
    process.kill(command.pid, "SIGINT");
    expect((await command.ended()).code).toBe(130);
  });
});

describe("a replica", () => {
  test("that waits for Redis ends with 0 and says so", async ({ createDeployment }) => {
    const replica = (await createDeployment()).start();
    await replica.when("redis.unreachable");
    expect(await replica.end("SIGTERM")).toBe(0);
    expect(replica.lines.find(({ event }) => event === "replica.interrupted")).toMatchObject({
      reason: "SIGTERM",
      phase: "waiting for Redis",
    });
  });

  test("whose handler's module does not finish loading ends with 0 and says so", async ({
    createDeployment,
  }) => {
    const deployment = await createDeployment();
    await deployment.project.write(
      "jobs/echo.ts",
      'console.log("loading"); await new Promise(r => setTimeout(r, 1e6));',
    );
    const replica = deployment.start();
    await new Promise<void>(resolve => replica.subscribe(line => line["msg"] === "loading" && resolve()));
    replica.signal("SIGHUP");
    expect(await replica.end("SIGINT")).toBe(0);
    expect(replica.lines.at(-1)).toMatchObject({ reason: "SIGINT", phase: "loading the handlers" });
  });

  test("whose handler's module waits for a file that cannot be read ends with 0 and says so", async ({
    createDeployment,
  }) => {
    const deployment = await createDeployment();
    await writeStuckHandler(deployment);
    const replica = deployment.start();
    await new Promise<void>(resolve => replica.subscribe(line => line["msg"] === "reading" && resolve()));
    expect(await replica.end("SIGTERM")).toBe(0);
    expect(replica.lines.at(-1)).toMatchObject({
      event: "replica.interrupted",
      phase: "loading the handlers",
    });
  });
});
