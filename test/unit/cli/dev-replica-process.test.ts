import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type ProcessEnd, ReplicaProcess } from "../../../src/cli/dev/replica-process.ts";

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A replica process that runs `script`, and the means to wait for what it does. */
function setup(script: string, program = process.execPath) {
  const pids: number[] = [];
  const lines: string[] = [];
  const deaths: { end: ProcessEnd; restartInMs: number }[] = [];
  let wake = Promise.withResolvers<void>();
  const note =
    <T>(list: T[]) =>
    (item: T) => {
      list.push(item);
      wake.resolve();
      wake = Promise.withResolvers();
    };
  const replica = new ReplicaProcess({
    command: [program, "-e", script],
    env: process.env,
    onStart: note(pids),
    onLine: note(lines),
    onDeath: (end, restartInMs) => note(deaths)({ end, restartInMs }),
  });
  cleanups.push(() => replica.kill());
  const until = async (condition: () => boolean) => {
    while (!condition()) await wake.promise;
  };
  return { replica, pids, lines, deaths, until };
}

const LIVE = "console.log('up'); setInterval(() => {}, 1e6);";

describe("ReplicaProcess", () => {
  it("hands over each line of stdout and stderr", async () => {
    const { replica, lines } = setup("console.log('a\\nb'); console.error('c'); process.exit(2)");
    await replica.run();
    expect(lines.toSorted()).toEqual(["a", "b", "c"]);
  });

  it("starts the process again when it was killed", async () => {
    const { replica, pids, lines, deaths, until } = setup(LIVE);
    const run = replica.run();
    await until(() => lines.length === 1);
    process.kill(pids[0] as number, "SIGKILL");
    await until(() => lines.length === 2);
    expect(deaths).toEqual([{ end: { pid: pids[0], code: null, signal: "SIGKILL" }, restartInMs: 500 }]);
    expect(pids[1]).not.toBe(pids[0]);
    replica.stop();
    expect(await run).toBe("stopped");
  });

  it("waits longer with each death soon after a start, and not at all when it is stopped", async () => {
    const { replica, deaths, until } = setup("process.exit(1)");
    const run = replica.run();
    await until(() => deaths.length === 2);
    replica.stop();
    expect(await run).toBe("stopped");
    expect(deaths.map(({ restartInMs }) => restartInMs)).toEqual([500, 1_000]);
  });

  it("does not start a misconfigured replica again", async () => {
    const { replica, deaths } = setup("process.exit(2)");
    expect(await replica.run()).toBe("misconfigured");
    expect(deaths).toEqual([]);
  });

  it("starts one again that was misconfigured later, like the others go on", async () => {
    const dir = mkdtempSync(path.join(tmpdir(), "bellwether-test-"));
    cleanups.push(() => rmSync(dir, { recursive: true }));
    const { replica, deaths, until } = setup(
      `const fs = require("node:fs"); const file = ${JSON.stringify(path.join(dir, "ran"))};
       if (fs.existsSync(file)) process.exit(2); fs.writeFileSync(file, ""); process.exit(1);`,
    );
    const run = replica.run();
    await until(() => deaths.length === 2);
    replica.stop();
    expect(await run).toBe("stopped");
    expect(deaths.map(({ end }) => end.code)).toEqual([1, 2]);
  });

  it("tries again when the program cannot be started", async () => {
    const { replica, lines, deaths, until } = setup(LIVE, "/nowhere/node");
    const run = replica.run();
    await until(() => deaths.length === 1);
    expect(lines).toEqual(["cannot start: spawn /nowhere/node ENOENT"]);
    replica.stop();
    expect(await run).toBe("stopped");
  });

  it("stops a frozen process", async () => {
    const { replica, pids, lines, until } = setup(LIVE);
    const run = replica.run();
    await until(() => lines.length === 1);
    process.kill(pids[0] as number, "SIGSTOP");
    replica.stop();
    expect(await run).toBe("stopped");
  });

  it("kills a process that does not listen, and what it started", async () => {
    const { replica, lines, until } = setup(
      `process.on("SIGTERM", () => console.log("no")); ${LIVE}
       const sleep = require("node:child_process").spawn("sleep", ["1000"], { stdio: "inherit" });
       sleep.once("spawn", () => console.log("sleep " + sleep.pid));`,
    );
    const run = replica.run();
    const sleepPid = () => Number(lines.find(line => line.startsWith("sleep "))?.split(" ")[1] ?? 0);
    await until(() => sleepPid() > 0);
    replica.stop();
    await until(() => lines.includes("no"));
    replica.kill();
    expect(await run).toBe("stopped");
    // Exited, or dead and not yet reaped by its new parent.
    expect(spawnSync("ps", ["-o", "stat=", "-p", String(sleepPid())], { encoding: "utf8" }).stdout).toMatch(
      /^(Z.*)?\s*$/,
    );
  });
});
