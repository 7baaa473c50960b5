import { describe, expect } from "vitest";
import { test as base } from "../support/fixtures.ts";
import { startRedis } from "../support/redis-server.ts";
import { cluster, gate } from "./worker.setup.ts";

const RUN = "report@20261123T070000Z";

const test = base.extend("setup", ({ server, defer }) => (redis = server) => {
  const made = cluster(redis);
  defer(() => made.close());
  return made;
});

describe("stop", () => {
  test("waits for running handlers, whose runs complete", async ({ setup }) => {
    const { start, launch, queue } = setup();
    const [started, finish] = [gate(), gate()];
    const { workers, events } = await start("pod-1", {
      report: async () => {
        started.open();
        await finish.opened;
        return "done";
      },
    });
    await launch("report");
    await started.opened;
    const stopped = workers.stop({ deadlineMs: 20_000 });
    finish.open();
    expect(await stopped).toBe(true);
    expect(events.of("run.completed")).toMatchObject([{ run: RUN }]);
    expect((await queue.getJob(RUN))?.returnvalue).toBe("done");
  });

  test("takes no new work", async ({ setup }) => {
    const { start, launch, queue } = setup();
    const { workers, events } = await start("pod-1", { report: () => 1 });
    await launch("report");
    await events.wait("run.completed");
    await workers.stop({ deadlineMs: 0 });
    await launch("report", { at: "2026-11-23T08:00:00.000Z" });
    expect(await queue.getWaitingCount()).toBe(1);
    expect(events.of("run.completed")).toHaveLength(1);
  });

  test("at the deadline gives the run of a listening handler to another replica, without using up an attempt", async ({
    setup,
  }) => {
    const { start, launch, queue } = setup();
    const started = gate();
    const first = await start("pod-1", {
      report: (_data, { signal }) => {
        started.open();
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    await launch("report");
    await started.opened;
    const attempts: number[] = [];
    const second = await start("pod-2", { report: (_data, run) => void attempts.push(run.attempt) });
    expect(await first.workers.stop({ deadlineMs: 0 })).toBe(false);
    await second.events.wait("run.completed");
    expect(first.events.of("run.returned")).toMatchObject([
      { run: RUN, reason: "shutdown", reasonCode: "shutdown" },
    ]);
    expect(first.events.of("run.failed")).toEqual([]);
    expect(attempts).toEqual([1]);
    expect(await queue.getJob(RUN)).toMatchObject({ processedBy: "pod-2", attemptsMade: 1 });
  });

  test("at the deadline gives away also the run of a handler that ignores it, whose late result changes nothing", async ({
    setup,
  }) => {
    const { start, launch, queue } = setup();
    const [started, late, lateIsOver] = [gate(), gate(), gate()];
    const first = await start("pod-1", {
      report: async () => {
        started.open();
        await late.opened;
        lateIsOver.open();
        return "from pod-1";
      },
    });
    await launch("report");
    await started.opened;
    const [secondStarted, secondMayEnd] = [gate(), gate()];
    const second = await start("pod-2", {
      report: async () => {
        secondStarted.open();
        await secondMayEnd.opened;
        return "from pod-2";
      },
    });
    expect(await first.workers.stop({ deadlineMs: 0 })).toBe(false);
    await secondStarted.opened;
    late.open();
    await lateIsOver.opened;
    expect(await (await queue.getJob(RUN))?.getState()).toBe("active");
    secondMayEnd.open();
    await second.events.wait("run.completed");
    expect((await queue.getJob(RUN))?.returnvalue).toBe("from pod-2");
    expect(first.events.of("run.completed")).toEqual([]);
    expect(first.events.of("run.lost")).toEqual([]);
  });

  test("counts a handler that ends in its grace after the deadline as completed", async ({ setup }) => {
    const { start, launch } = setup();
    const started = gate();
    const { workers, events } = await start("pod-1", {
      report: (_data, { signal }) => {
        started.open();
        return new Promise(resolve => signal.addEventListener("abort", () => resolve("in time")));
      },
    });
    await launch("report");
    await started.opened;
    expect(await workers.stop({ deadlineMs: 0 })).toBe(true);
    expect(events.of("run.completed")).toHaveLength(1);
  });

  test("resolves when Redis never answered", async ({ setup }) => {
    const gone = await startRedis();
    const { start } = setup(gone);
    await gone.kill();
    const { workers, events } = await start("pod-1", { report: () => 1 }, { timing: { closeLimitMs: 50 } });
    await workers.stop({ deadlineMs: 0 });
    expect(events.of("worker.error")).toEqual([]);
    await gone.stop();
  });

  test("resolves when Redis is gone while a handler runs", async ({ setup }) => {
    const gone = await startRedis();
    const { start, launch } = setup(gone);
    const started = gate();
    const { workers, events } = await start(
      "pod-1",
      {
        report: () => {
          started.open();
          return new Promise(() => undefined);
        },
      },
      { timing: { closeLimitMs: 50 } },
    );
    await launch("report");
    await started.opened;
    await gone.kill();
    expect(await workers.stop({ deadlineMs: 0 })).toBe(false);
    expect(events.of("worker.error")).toEqual([]);
    await gone.stop();
  });

  test("resolves when Redis is frozen while a handler runs", async ({ setup }) => {
    const frozen = await startRedis();
    const { start, launch } = setup(frozen);
    const started = gate();
    const { workers } = await start(
      "pod-1",
      {
        report: () => {
          started.open();
          return new Promise(() => undefined);
        },
      },
      { timing: { closeLimitMs: 50 } },
    );
    await launch("report");
    await started.opened;
    await frozen.kill("SIGSTOP");
    expect(await workers.stop({ deadlineMs: 0 })).toBe(false);
    await frozen.stop();
  });

  test("can be called twice, and before start", async ({ setup }) => {
    const { member } = setup();
    const { workers } = member("pod-1", { report: () => 1 });
    expect(await workers.stop({ deadlineMs: 0 })).toBe(true);
    await workers.start();
    expect(await workers.stop({ deadlineMs: 0 })).toBe(true);
  });
});

describe("a lock", () => {
  test("that went to somebody else aborts the signal, and the result does not count", async ({ setup }) => {
    const { start, launch, queue, connection } = setup();
    const reasons: unknown[] = [];
    const started = gate();
    const { events, workers } = await start(
      "pod-1",
      {
        report: (_data, { signal }) => {
          started.open();
          return new Promise(resolve =>
            signal.addEventListener("abort", () => {
              reasons.push(signal.reason.code);
              resolve("mine");
            }),
          );
        },
      },
      { timing: { lockDurationMs: 200, stalledIntervalMs: 60_000 } },
    );
    await launch("report");
    await started.opened;
    await connection.set(`${queue.toKey(RUN)}:lock`, "somebody else", "PX", 60_000);
    expect(await events.wait("run.lost")).toMatchObject({ job: "report", run: RUN, attempt: 1 });
    expect(reasons).toEqual(["BW_RUN_LOST"]);
    expect(await (await queue.getJob(RUN))?.getState()).toBe("active");
    await workers.stop({ deadlineMs: 20_000 });
    expect(events.of("run.lost")).toHaveLength(1);
    expect(events.of("run.completed")).toEqual([]);
    expect(events.of("worker.error")).toEqual([]);
  });

  test("that is found gone only at the end is told as lost", async ({ setup }) => {
    const { start, launch, queue, connection } = setup();
    const [started, finish] = [gate(), gate()];
    const { events } = await start("pod-1", {
      report: () => {
        started.open();
        return finish.opened;
      },
    });
    await launch("report");
    await started.opened;
    await connection.set(`${queue.toKey(RUN)}:lock`, "somebody else", "PX", 60_000);
    finish.open();
    await events.wait("run.lost");
    expect(events.of("run.completed")).toEqual([]);
    expect(events.of("worker.error")).toEqual([]);
  });

  test("that Redis cannot renew in time aborts the signal", async ({ setup }) => {
    const frozen = await startRedis();
    const { start, launch } = setup(frozen);
    const started = gate();
    const { events, workers } = await start(
      "pod-1",
      {
        report: (_data, { signal }) => {
          started.open();
          return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
        },
      },
      { timing: { lockDurationMs: 300, closeLimitMs: 50 } },
    );
    await launch("report");
    await started.opened;
    await frozen.kill("SIGSTOP");
    expect(await events.wait("run.lost")).toMatchObject({ run: RUN });
    await workers.stop({ deadlineMs: 0 });
    await frozen.stop();
  });

  test("is renewed while the handler runs", async ({ setup }) => {
    const { start, launch } = setup();
    const { events } = await start(
      "pod-1",
      {
        // Until its lock would have run out, had it not been renewed.
        report: () => new Promise(resolve => setTimeout(resolve, 6_000)),
      },
      { timing: { lockDurationMs: 4_000, stalledIntervalMs: 1_000 } },
    );
    await launch("report");
    await events.wait("run.completed");
    expect(events.of("run.lost")).toEqual([]);
    expect(events.of("run.stalled")).toEqual([]);
  });
});
