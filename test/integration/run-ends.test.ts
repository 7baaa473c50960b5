import type { Job as BullJob } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect } from "vitest";
import { EndRecorder } from "../../src/launch/end-recorder.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { test as base } from "../support/fixtures.ts";
import { cluster, gate } from "./worker.setup.ts";

const RUN = "report@20261123T070000Z";

const test = base
  /** Outside of what the server refuses. */
  .extend("admin", ({ server, defer }) => {
    const admin = new Redis(server.url);
    defer(() => admin.disconnect());
    return admin;
  })
  .extend("setup", ({ server, defer }) => () => {
    const made = cluster(server);
    defer(() => made.close());
    return made;
  })
  /** A run whose handler ends when `finish` opens; its lock is not renewed, and no stalled check comes. */
  .extend("working", ({ setup }) => async () => {
    const made = setup();
    const [started, finish] = [gate(), gate()];
    const timing = { lockDurationMs: 3_600_000, stalledIntervalMs: 3_600_000 };
    const body = async () => {
      started.open();
      await finish.opened;
    };
    const member = await made.start("pod-1", { report: body }, { timing });
    const job = (await made.launch("report", { attempts: 2 })) as BullJob;
    await started.opened;
    const key = made.queue.toKey(RUN);
    return { ...made, ...member, finish, job, key };
  });

/** How many commands the server has refused so. */
async function refused(admin: Redis, kind: string): Promise<number> {
  const stats = await admin.info("errorstats");
  return Number(new RegExp(`errorstat_${kind}:count=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** Until the server has refused this many more commands. */
async function whileRefused(admin: Redis, kind: string, more: number): Promise<void> {
  const before = await refused(admin, kind);
  while ((await refused(admin, kind)) < before + more) await new Promise(resolve => setTimeout(resolve, 20));
}

interface Refusal {
  readonly kind: string;
  readonly on: (admin: Redis) => Promise<unknown>;
  readonly off: (admin: Redis) => Promise<unknown>;
}

const NOREPLICAS: Refusal = {
  kind: "NOREPLICAS",
  on: admin => admin.config("SET", "min-replicas-to-write", 9),
  off: admin => admin.config("SET", "min-replicas-to-write", 0),
};

/** Redis answers INFO while a script runs, so that it shows how often it refused. */
const BUSY: Refusal = {
  kind: "BUSY",
  on: async admin => {
    await admin.config("SET", "busy-reply-threshold", 1);
    const other = admin.duplicate();
    other.on("error", () => undefined);
    other.eval("while true do end", 0).catch(() => other.disconnect());
    while (!(await admin.ping().catch(error => String(error))).includes("BUSY"));
  },
  off: async admin => {
    await admin.script("KILL");
    while ((await admin.ping().catch(String)) !== "PONG");
  },
};

const READONLY: Refusal = {
  kind: "READONLY",
  on: async admin => {
    await admin.config("SET", "replica-serve-stale-data", "yes");
    await admin.replicaof("127.0.0.1", 1);
  },
  off: admin => admin.replicaof("NO", "ONE"),
};

/**
 * Counts how often the server refused a write, which BUSY keeps from INFO. A server that became a replica refuses once: no
 * connection to it is used after that.
 */
async function during(admin: Redis, refusal: Refusal, times: number, act: () => void): Promise<void> {
  const more = refusal.kind === "READONLY" ? 1 : times;
  const before = await refused(admin, refusal.kind);
  await refusal.on(admin);
  act();
  if (refusal.kind !== "BUSY") await whileRefused(admin, refusal.kind, more);
  if (refusal.kind !== "NOREPLICAS") await new Promise(resolve => setTimeout(resolve, 1_000));
  await refusal.off(admin);
  expect(await refused(admin, refusal.kind)).toBeGreaterThanOrEqual(before + more);
}

describe.each([NOREPLICAS, BUSY, READONLY])("an end that Redis refuses with $kind", refusal => {
  test("of a handler that succeeded is written afterwards, and nothing is done twice", async ({
    setup,
    admin,
  }) => {
    const { start, launch, queue } = setup();
    const [started, finish] = [gate(), gate()];
    let calls = 0;
    const { events, workers } = await start("pod-1", {
      report: async () => {
        calls++;
        started.open();
        await finish.opened;
        return "paid";
      },
    });
    await launch("report", { attempts: 3 });
    await started.opened;
    await during(admin, refusal, 5, finish.open);
    expect(await events.wait("run.completed")).toMatchObject({ run: RUN, attempt: 1 });
    expect(await queue.getJob(RUN)).toMatchObject({ returnvalue: "paid", attemptsMade: 1 });
    expect(calls).toBe(1);
    expect(events.of("run.failed")).toEqual([]);
    expect(events.of("run.lost")).toEqual([]);
    expect(await workers.stop({ deadlineMs: 20_000 })).toBe(true);
  });

  test("of a handler that failed is written as it was, and the retry takes place", async ({
    setup,
    admin,
  }) => {
    const { start, launch, queue } = setup();
    const [started, finish] = [gate(), gate()];
    const { events, workers } = await start("pod-1", {
      report: async (_data, { attempt }) => {
        started.open();
        await finish.opened;
        throw new Error(`no money at attempt ${attempt}`);
      },
    });
    await launch("report", { attempts: 2 });
    await started.opened;
    await during(admin, refusal, 5, finish.open);
    await events.wait("run.failed", 2);
    expect(events.of("run.failed")).toMatchObject([
      { attempt: 1, final: false, error: "no money at attempt 1" },
      { attempt: 2, final: true, error: "no money at attempt 2" },
    ]);
    expect((await queue.getJob(RUN))?.stacktrace).toHaveLength(2);
    expect(events.of("run.lost")).toEqual([]);
    expect(await workers.stop({ deadlineMs: 20_000 })).toBe(true);
  });
});

test("a run that a stop interrupts goes back although Redis refuses that for a moment", async ({
  setup,
  admin,
}) => {
  const { start, launch, queue } = setup();
  const started = gate();
  const report = () => {
    started.open();
    return new Promise(() => undefined);
  };
  const { events, workers } = await start("pod-1", { report }, { timing: { closeLimitMs: 20_000 } });
  await launch("report");
  await started.opened;
  let stopped: Promise<boolean> | null = null;
  await during(admin, NOREPLICAS, 3, () => {
    stopped = workers.stop({ deadlineMs: 0 });
  });
  expect(await stopped).toBe(false);
  expect(events.of("run.returned")).toMatchObject([{ run: RUN, reason: "shutdown" }]);
  expect(events.of("run.lost")).toEqual([]);
  expect(await (await queue.getJob(RUN))?.getState()).toBe("waiting");
});

test("a run keeps its end where the answer is lost and the write is sent again", async ({ setup, link }) => {
  const { start, launch, queue } = setup();
  const worker = connectRedis({ kind: "url", url: link.url }, "worker", "test:w");
  const { events, workers } = await start(
    "pod-1",
    {
      report: () => "paid",
      retried: (_data, { attempt }) => {
        if (attempt === 1) throw new Error("not yet");
      },
      failing: () => {
        throw new Error("never");
      },
    },
    { concurrency: 1, more: { connect: () => worker } },
  );
  const lose = async (text: string, job: string, attempts: number) => {
    const tripped = new Promise<void>(resolve => link.armTrip("after", text, resolve));
    await launch(job, { attempts });
    await tripped;
  };
  await lose("returnvalue", "report", 1);
  expect(await events.wait("run.completed")).toMatchObject({ run: RUN, attempt: 1 });
  expect((await queue.getJob(RUN))?.finishedOn).toBeGreaterThan(0);
  await lose("not yet", "retried", 2);
  expect(await events.wait("run.failed")).toMatchObject({ job: "retried", attempt: 1, final: false });
  expect(await events.wait("run.completed", 2)).toMatchObject({ job: "retried", attempt: 2 });
  await lose("never", "failing", 1);
  expect(await events.wait("run.failed", 2)).toMatchObject({ job: "failing", attempt: 1, final: true });
  expect(events.of("run.lost")).toEqual([]);
  expect(await workers.stop({ deadlineMs: 20_000 })).toBe(true);
});

describe("an end whose lock is gone", () => {
  test("is written where no worker has found the run yet", async ({ working, admin }) => {
    const { events, workers, finish, key } = await working();
    await admin.del(`${key}:lock`);
    finish.open();
    expect(await events.wait("run.completed")).toMatchObject({ run: RUN, attempt: 1 });
    expect(events.of("run.lost")).toEqual([]);
    expect(await admin.exists(`${key}:lock`)).toBe(0);
    expect(await workers.stop({ deadlineMs: 20_000 })).toBe(true);
  });

  test("is told as lost where a worker has found it, and the run is not failed", async ({
    working,
    admin,
  }) => {
    const { events, workers, finish, key, queue, job } = await working();
    await admin.multi().del(`${key}:lock`).hincrby(key, "stc", 1).exec();
    finish.open();
    expect(await events.wait("run.lost")).toMatchObject({ job: "report", run: RUN, attempt: 1 });
    expect(await workers.stop({ deadlineMs: 20_000 })).toBe(true);
    expect(events.of("run.failed")).toEqual([]);
    expect(events.of("worker.error")).toEqual([]);
    expect(await queue.getFailedCount()).toBe(0);
    expect(await job.getState()).toBe("active");
  });

  test("is told as lost where the run was removed", async ({ working, admin }) => {
    const { events, workers, finish, key } = await working();
    await admin.del(key, `${key}:lock`);
    finish.open();
    expect(await events.wait("run.lost")).toMatchObject({ job: "report", run: RUN, attempt: 1 });
    expect(await workers.stop({ deadlineMs: 20_000 })).toBe(true);
  });
});

test("an end that Redis refuses for longer than the lock lives is never a failure", async ({
  setup,
  admin,
}) => {
  const { start, launch, queue } = setup();
  const [started, finish] = [gate(), gate()];
  const timing = { lockDurationMs: 400, stalledIntervalMs: 3_600_000 };
  const body = async () => {
    started.open();
    await finish.opened;
  };
  const { events, workers } = await start("pod-1", { report: body }, { timing });
  await launch("report");
  await started.opened;
  const lost = events.wait("run.lost");
  await NOREPLICAS.on(admin);
  finish.open();
  expect(await lost).toMatchObject({ job: "report", run: RUN, attempt: 1 });
  await NOREPLICAS.off(admin);
  expect(await workers.stop({ deadlineMs: 20_000 })).toBe(true);
  expect(events.of("run.failed")).toEqual([]);
  expect(await queue.getFailedCount()).toBe(0);
});

test("a stop while Redis refuses an end comes to its own end, and says that the run is lost", async ({
  setup,
  admin,
}) => {
  const { start, launch, queue } = setup();
  const [started, finish] = [gate(), gate()];
  const body = async () => {
    started.open();
    await finish.opened;
  };
  const { events, workers } = await start("pod-1", { report: body }, { timing: { closeLimitMs: 100 } });
  await launch("report");
  await started.opened;
  await NOREPLICAS.on(admin);
  finish.open();
  await whileRefused(admin, "NOREPLICAS", 2);
  expect(await workers.stop({ deadlineMs: 200 })).toBe(false);
  await NOREPLICAS.off(admin);
  expect(events.of("run.lost")).toMatchObject([{ job: "report", run: RUN, attempt: 1 }]);
  expect(await queue.getFailedCount()).toBe(0);
});

test("a stop waits for an end that Redis refuses until the deadline", async ({ setup, admin }) => {
  const { start, launch } = setup();
  const [started, finish] = [gate(), gate()];
  const body = async () => {
    started.open();
    await finish.opened;
  };
  const { events, workers } = await start("pod-1", { report: body }, { timing: { closeLimitMs: 10 } });
  await launch("report");
  await started.opened;
  await NOREPLICAS.on(admin);
  finish.open();
  await whileRefused(admin, "NOREPLICAS", 2);
  const stopped = workers.stop({ deadlineMs: 60_000 });
  await whileRefused(admin, "NOREPLICAS", 2);
  await NOREPLICAS.off(admin);
  expect(await stopped).toBe(true);
  expect(events.of("run.completed")).toHaveLength(1);
});

test("a handler's progress that Redis refuses for a moment fails nothing", async ({ setup, admin }) => {
  const { start, launch, queue } = setup();
  const [started, proceed] = [gate(), gate()];
  const { events } = await start("pod-1", {
    report: async (_data, run) => {
      started.open();
      await proceed.opened;
      await run.progress(50);
    },
  });
  await launch("report");
  await started.opened;
  await during(admin, NOREPLICAS, 3, proceed.open);
  expect(await events.wait("run.completed")).toMatchObject({ attempt: 1 });
  expect((await queue.getJob(RUN))?.progress).toBe(50);
});

test("the record of an end that Redis refuses for a moment is kept", async ({
  setup,
  admin,
  server,
  defer,
}) => {
  const { keys } = setup();
  const records = connectRedis({ kind: "url", url: server.url }, "plain", "test:records");
  defer(() => records.disconnect());
  await new Promise(resolve => records.once("ready", resolve));
  const signal = new AbortController().signal;
  const ends = new EndRecorder({ redis: records, keys, nowMs: Date.now, signal });
  const result = { job: "report", run: RUN, attempts: 1, durationMs: 1, replica: "pod-1" };
  let recorded: Promise<void> | null = null;
  await during(admin, NOREPLICAS, 2, () => {
    recorded = ends.record({ ...result, result: "completed" });
  });
  await recorded;
  expect(await admin.xlen(keys.history("report"))).toBe(1);
});
