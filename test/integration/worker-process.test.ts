import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect } from "vitest";
import { test as base } from "../support/fixtures.ts";
import { hostileErrors } from "../support/hostile-values.ts";
import { cluster } from "./worker.setup.ts";

type Line = Record<string, unknown>;

const test = base
  .extend("startChild", ({ server }) => (namespace: string, replica: string) => {
    const script = fileURLToPath(new URL("./worker.child.ts", import.meta.url));
    const child: ChildProcess = spawn(process.execPath, [script, server.url, namespace, replica], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    const lines: Line[] = [];
    let changed = Promise.withResolvers<void>();
    if (child.stdout === null) throw new Error("BUG: no stdout");
    createInterface(child.stdout).on("line", line => {
      lines.push(JSON.parse(line));
      changed.resolve();
      changed = Promise.withResolvers<void>();
    });
    const line = async (name: string, fits: (line: Line) => boolean = () => true): Promise<Line> => {
      for (;;) {
        const found = lines.find(candidate => candidate["name"] === name && fits(candidate));
        if (found) return found;
        await changed.promise;
      }
    };
    const count = async (name: string, expected: number) => {
      while (lines.filter(candidate => candidate["name"] === name).length < expected) await changed.promise;
    };
    return { process: child, line, count };
  })
  .extend("setup", ({ server, defer, startChild }) => () => {
    const made = cluster(server);
    defer(() => made.close());
    const namespace = (made.queue.opts.prefix ?? "").slice(1, -1);
    const worker = (replica: string) => {
      const child = startChild(namespace, replica);
      defer(() => child.process.kill("SIGKILL"));
      return child;
    };
    return { ...made, worker };
  });

describe("an error that no promise or callback caught", () => {
  test.for([
    { job: "throw-later", error: "from a timer" },
    { job: "reject-later", error: "from a promise" },
  ])("in $job is told against its run, and the replica lives", async ({ job, error }, { setup }) => {
    const { launch, worker } = setup();
    const child = worker("pod-1");
    await launch(job);
    expect(await child.line("run.strayError")).toMatchObject({ job, run: `${job}@20261123T070000Z`, error });
    await launch("quiet");
    await child.line("run.completed", line => line["job"] === "quiet");
    expect(child.process.exitCode).toBeNull();
  });

  test("is told, and the replica lives, whatever was thrown", async ({ setup }) => {
    const { launch, worker } = setup();
    const child = worker("pod-1");
    await launch("reject-oddly-later");
    await child.line("run.strayError");
    await launch("quiet");
    await child.line("run.completed", line => line["job"] === "quiet");
    await child.count("run.strayError", 2 * hostileErrors().length);
    expect(child.process.exitCode).toBeNull();
  });

  test("outside of any run is told, and the caller decides", async ({ setup }) => {
    const { launch, worker } = setup();
    const child = worker("pod-1");
    await launch("quiet");
    await child.line("run.completed");
    const exited = once(child.process, "exit");
    child.process.send("throw");
    expect(await child.line("run.strayError")).toMatchObject({ job: null, run: null, error: "from nowhere" });
    await child.line("fatal");
    expect(await exited).toEqual([70, null]);
  });
});

test("a process that a handler ends names the run that did it, and the others", async ({ setup }) => {
  const { launch, worker } = setup();
  const child = worker("pod-1");
  const ended = once(child.process, "exit");
  await launch("never-ends");
  await child.line("handler.started");
  await launch("exits");
  expect(await child.line("replica.exited")).toMatchObject({
    exitCode: 3,
    run: "exits@20261123T070000Z",
    runs: ["never-ends@20261123T070000Z", "exits@20261123T070000Z"],
  });
  expect(await ended).toEqual([3, null]);
});

describe("a replica that is killed", () => {
  test("loses its run to another one, without using up an attempt", async ({ setup }) => {
    const { launch, worker, start, queue } = setup();
    const child = worker("pod-1");
    await launch("never-ends");
    await child.line("handler.started");
    child.process.kill("SIGKILL");
    const attempts: number[] = [];
    const { events } = await start(
      "pod-2",
      { "never-ends": (_data, run) => void attempts.push(run.attempt) },
      {
        timing: { lockDurationMs: 300, stalledIntervalMs: 100 },
      },
    );
    await events.wait("run.completed");
    expect(events.of("run.stalled")).toMatchObject([
      { queue: "default", run: "never-ends@20261123T070000Z" },
    ]);
    expect(attempts).toEqual([1]);
    expect(await queue.getJob("never-ends@20261123T070000Z")).toMatchObject({
      attemptsMade: 1,
      stalledCounter: 1,
    });
  });
});
