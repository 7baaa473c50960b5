import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect } from "vitest";
import type { Run } from "../../src/handlers/handler.ts";
import type { RunResult } from "../../src/redis/run-result.ts";
import { test as base } from "../support/fixtures.ts";
import { cluster, gate } from "./worker.setup.ts";

const test = base.extend("setup", ({ server, defer }) => () => {
  const made = cluster(server);
  defer(() => made.close());
  return made;
});

describe("a run", () => {
  test("reaches its handler with its data, tick and term, and completes", async ({ setup }) => {
    const { start, launch, queue } = setup();
    const seen: { data: object; run: Run }[] = [];
    const logged: object[] = [];
    const results: RunResult[] = [];
    const { events } = await start(
      "pod-1",
      {
        report: async (data, run) => {
          seen.push({ data, run });
          run.log.info("counting pages");
          await run.progress(40);
          return { pages: 3 };
        },
      },
      {
        more: {
          log: {
            child: bindings => {
              logged.push(bindings);
              return { debug: no, info: no, warn: no, error: no };
            },
          },
          recordResult: async result => void results.push(result),
        },
      },
    );
    await launch("report", { data: { format: "pdf" } });
    const completed = await events.wait("run.completed");

    expect(completed).toMatchObject({ job: "report", run: "report@20261123T070000Z", attempt: 1 });
    expect(completed.durationMs).toBeGreaterThanOrEqual(0);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.data).toEqual({ format: "pdf" });
    expect(seen[0]?.run).toMatchObject({
      id: "report@20261123T070000Z",
      job: "report",
      tick: new Date("2026-11-23T07:00:00Z"),
      kind: "scheduled",
      attempt: 1,
      term: 7,
      replica: "pod-1",
    });
    expect(seen[0]?.run.signal.aborted).toBe(false);
    expect(logged).toEqual([{ job: "report", run: "report@20261123T070000Z", attempt: 1 }]);
    const kept = await queue.getJob("report@20261123T070000Z");
    expect(kept).toMatchObject({
      returnvalue: { pages: 3 },
      progress: 40,
      processedBy: "pod-1",
      attemptsMade: 1,
    });
    expect(results).toEqual([
      {
        job: "report",
        run: "report@20261123T070000Z",
        result: "completed",
        attempts: 1,
        durationMs: completed.durationMs,
        replica: "pod-1",
      },
    ]);
  });

  test("that fails is tried again, and its last failure is final and on record", async ({ setup }) => {
    const { start, launch, queue } = setup();
    const attempts: number[] = [];
    const thrown: Error[] = [];
    const results: RunResult[] = [];
    const { events } = await start(
      "pod-1",
      {
        report: (_data, run) => {
          attempts.push(run.attempt);
          thrown.push(Object.assign(new Error(`no paper ${run.attempt}`), { tray: 2 }));
          throw thrown.at(-1);
        },
      },
      { more: { recordResult: async result => void results.push(result) } },
    );
    await launch("report", { attempts: 3 });
    await events.wait("run.failed", 3);

    expect(attempts).toEqual([1, 2, 3]);
    expect(events.of("run.failed").map(({ attempt, final, error }) => ({ attempt, final, error }))).toEqual([
      { attempt: 1, final: false, error: "no paper 1" },
      { attempt: 2, final: false, error: "no paper 2" },
      { attempt: 3, final: true, error: "no paper 3" },
    ]);
    expect(events.of("run.failed")[0]?.stack).toMatch(/^at .*worker\.test\.ts/);
    expect(thrown).toHaveLength(3);
    for (const [i, event] of events.of("run.failed").entries()) expect(event.thrown).toBe(thrown[i]);
    expect(results).toMatchObject([{ result: "failed", attempts: 3, error: "no paper 3" }]);
    expect(await (await queue.getJob("report@20261123T070000Z"))?.getState()).toBe("failed");
  });

  test("that succeeds at a later attempt completes with that attempt's number", async ({ setup }) => {
    const { start, launch } = setup();
    const { events } = await start("pod-1", {
      report: (_data, run) => {
        if (run.attempt === 1) throw new Error("not yet");
      },
    });
    await launch("report", { attempts: 2 });
    expect(await events.wait("run.completed")).toMatchObject({ attempt: 2 });
    expect(events.of("run.failed")).toMatchObject([{ attempt: 1, final: false }]);
  });

  test("that somebody else added is a manual run of the time it was added", async ({ setup }) => {
    const { start, queue } = setup();
    const runs: Run[] = [];
    const { events } = await start("pod-1", { report: (_data, run) => void runs.push(run) });
    const added = await queue.add("report", { format: "csv" });
    await events.wait("run.completed");
    expect(runs).toMatchObject([{ id: added.id, kind: "manual", term: 0, tick: new Date(added.timestamp) }]);
  });

  test("can be done by a BullMQ worker of another program", async ({ setup, server }) => {
    const { launch, queue } = setup();
    const connection = new Redis(server.url, { maxRetriesPerRequest: null });
    const other = new Worker("default", async job => ({ by: "another program", format: job.data.format }), {
      connection,
      prefix: queue.opts.prefix ?? "",
    });
    const completed = new Promise(resolve => other.once("completed", (_job, result) => resolve(result)));
    await launch("report", { data: { format: "pdf" } });
    expect(await completed).toEqual({ by: "another program", format: "pdf" });
    await other.close();
    connection.disconnect();
  });

  test("completes although the history cannot be written", async ({ setup }) => {
    const { start, launch } = setup();
    const { events } = await start(
      "pod-1",
      { report: () => 1 },
      {
        more: { recordResult: async () => Promise.reject(new Error("no history today")) },
      },
    );
    await launch("report");
    expect(await events.wait("run.unrecorded")).toMatchObject({ job: "report", error: "no history today" });
    expect(events.of("run.completed")).toHaveLength(1);
  });
});

describe("a handler's result", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  test.for([
    { name: "undefined", result: undefined, kept: null, dropped: false },
    { name: "a date", result: new Date(0), kept: "1970-01-01T00:00:00.000Z", dropped: false },
    { name: "a function", result: () => 1, kept: null, dropped: true },
    { name: "a BigInt", result: 1n, kept: null, dropped: true },
    { name: "a cycle", result: cycle, kept: null, dropped: true },
    { name: "two megabytes", result: "x".repeat(2 * 2 ** 20), kept: null, dropped: true },
  ])("that is $name lets the run complete", async ({ result, kept, dropped }, { setup }) => {
    const { start, launch, queue } = setup();
    const { events } = await start("pod-1", { report: () => result });
    await launch("report");
    await events.wait("run.completed");
    expect((await queue.getJob("report@20261123T070000Z"))?.returnvalue).toEqual(kept);
    expect(events.of("run.resultDropped")).toHaveLength(dropped ? 1 : 0);
  });
});

describe("a handler that throws", () => {
  const waiting = new Error("mine");
  waiting.name = "WaitingError";
  test.for([
    { name: "undefined", thrown: undefined, error: /threw undefined/ },
    { name: "a string", thrown: "no luck", error: /threw "no luck"/ },
    { name: "an object", thrown: { code: 7 }, error: /threw \{"code":7\}/ },
    { name: "an error that is called like one of BullMQ's signals", thrown: waiting, error: /mine/ },
    {
      name: "an error without a message",
      thrown: Object.assign(new Error("x"), { message: undefined }),
      error: /Error/,
    },
    {
      name: "a huge message",
      thrown: new Error("y".repeat(100_000)),
      error: /^.{0,40}y+… \(\d+ characters\)$/,
    },
  ])("$name fails the attempt and nothing else", async ({ thrown, error }, { setup }) => {
    const { start, launch } = setup();
    const { events } = await start("pod-1", {
      report: () => {
        throw thrown;
      },
      next: () => 1,
    });
    await launch("report");
    expect(await events.wait("run.failed")).toMatchObject({
      final: true,
      error: expect.stringMatching(error),
    });
    await launch("next");
    await events.wait("run.completed");
    expect(events.of("worker.error")).toEqual([]);
  });
});

describe("a timeout", () => {
  test("aborts the signal, and the attempt fails when the handler stops", async ({ setup }) => {
    const { start, launch } = setup();
    const { events } = await start(
      "pod-1",
      {
        report: (_data, { signal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
      },
      { timeoutMs: 20 },
    );
    await launch("report");
    expect(await events.wait("run.failed")).toMatchObject({
      final: true,
      error: expect.stringMatching(/longer than the 20 ms .* stopped when its signal aborted/),
    });
  });

  test("fails the attempt of a handler that ignores it, whose later result changes nothing", async ({
    setup,
  }) => {
    const { start, launch, queue } = setup();
    const late = gate();
    const { events } = await start(
      "pod-1",
      {
        report: async () => {
          await late.opened;
          return "too late";
        },
        next: () => 1,
      },
      { timeoutMs: 20 },
    );
    await launch("report");
    expect(await events.wait("run.failed")).toMatchObject({ error: expect.stringMatching(/ignored/) });
    late.open();
    await launch("next");
    await events.wait("run.completed");
    const job = await queue.getJob("report@20261123T070000Z");
    expect(await job?.getState()).toBe("failed");
    expect(job?.returnvalue).toBeNull();
    expect(events.of("run.completed")).toMatchObject([{ job: "next" }]);
  });
});

describe("a run whose handler is not here", () => {
  test("is put back without using up an attempt, told once, and done by the replica that has it", async ({
    setup,
  }) => {
    const { start, launch, queue } = setup();
    const old = await start("old-pod", {});
    await launch("report", { data: { format: "pdf" }, attempts: 3 });
    expect(await old.events.wait("run.returned")).toMatchObject({
      run: "report@20261123T070000Z",
      reason: "no handler",
      reasonCode: "no_handler",
    });
    // It comes by again and again …
    await untilStarted(3);
    expect(old.events.of("run.returned")).toHaveLength(1);
    // … until a replica has its handler.
    const seen: object[] = [];
    const fresh = await start("new-pod", {
      report: (data, run) => void seen.push({ data, attempt: run.attempt }),
    });
    await fresh.events.wait("run.completed");
    expect(seen).toEqual([{ data: { format: "pdf" }, attempt: 1 }]);
    expect(await queue.getJob("report@20261123T070000Z")).toMatchObject({
      attemptsMade: 1,
      processedBy: "new-pod",
    });
    expect(old.events.of("run.failed")).toEqual([]);

    async function untilStarted(times: number): Promise<void> {
      while (((await queue.getJob("report@20261123T070000Z"))?.attemptsStarted ?? 0) < times) {
        await new Promise(resolve => setImmediate(resolve));
      }
    }
  });
});

function no(): void {
  return;
}
