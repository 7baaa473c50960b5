import { UnrecoverableError } from "bullmq";
import { expect, vi } from "vitest";
import { test as base } from "../support/fixtures.ts";
import { cluster, gate, queueWith } from "./worker.setup.ts";

const test = base.extend("setup", ({ server, defer }) => (on = server) => {
  const made = cluster(on);
  defer(() => made.close());
  return made;
});
const tick = (i: number) => `2026-11-23T07:00:0${i}.000Z`;

test("globalConcurrency holds over all replicas, and 0 lifts it", async ({ setup }) => {
  const { start, launch, queue } = setup();
  let atWork = 0;
  let most = 0;
  const report = async () => {
    most = Math.max(most, ++atWork);
    await new Promise(resolve => setImmediate(resolve));
    atWork--;
  };
  const limited = { queue: { globalConcurrency: 1 } };
  const [one, other] = [await start("one", { report }, limited), await start("other", { report }, limited)];
  await vi.waitFor(async () => expect(await queue.getGlobalConcurrency()).toBe(1), 10_000);
  for (let i = 0; i < 6; i++) await launch("report", { at: tick(i) });
  await vi.waitFor(async () => expect(await queue.getCompletedCount()).toBe(6), 10_000);
  expect(most).toBe(1);
  for (const { workers } of [one, other]) {
    workers.update({ jobs: [], queues: { default: queueWith({ globalConcurrency: 0 }) } }, new Map());
  }
  await vi.waitFor(async () => expect(await queue.getGlobalConcurrency()).toBeNull(), 10_000);
});

test("globalConcurrency is written as soon as a Redis that was full takes it", async ({
  setup,
  startServer,
}) => {
  const { start, queue, connection } = setup(await startServer());
  // It writes its own meta first.
  await vi.waitFor(
    async () => expect(await queue.getMeta()).toMatchObject({ version: expect.any(String) }),
    10_000,
  );
  await connection.config("SET", "maxmemory", 1);
  await start("one", {}, { queue: { globalConcurrency: 1 } });
  const refused = /^cmdstat_hset:.*rejected_calls=[1-9]/m;
  await vi.waitFor(async () => expect(await connection.info("commandstats")).toMatch(refused), 10_000);
  await connection.config("SET", "maxmemory", 0);
  await vi.waitFor(async () => expect(await queue.getGlobalConcurrency()).toBe(1), 10_000);
});

test("limiter starts no more runs than max within its duration", async ({ setup }) => {
  const { start, launch, queue } = setup();
  const { events } = await start(
    "one",
    { report: async () => undefined },
    { queue: { limiter: { max: 2, durationMs: 3_600_000 } } },
  );
  for (let i = 0; i < 4; i++) await launch("report", { at: tick(i) });
  await vi.waitFor(() => expect(events.of("run.completed")).toHaveLength(2), 10_000);
  await vi.waitFor(async () => expect(await queue.getRateLimitTtl(2)).toBeGreaterThan(0), 10_000);
  expect(await queue.getJobCounts("waiting", "completed")).toEqual({ waiting: 2, completed: 2 });
});

test("a queue that gets consume: false is left: what runs ends, and nothing more is taken", async ({
  setup,
}) => {
  const { start, launch, queue } = setup();
  const [begun, end] = [gate(), gate()];
  const report = async () => {
    begun.open();
    await end.opened;
  };
  const { workers, events } = await start("one", { report });
  await launch("report", { at: tick(0) });
  await begun.opened;
  workers.update({ jobs: [], queues: { default: queueWith({ consume: false }) } }, new Map());
  await launch("report", { at: tick(1) });
  end.open();
  await events.wait("run.completed");
  expect(await workers.stop({ deadlineMs: 10_000 })).toBe(true);
  expect(await queue.getJobCounts("waiting", "active", "completed")).toEqual({
    ...{ waiting: 1, active: 0, completed: 1 },
  });
});

test("a handler that throws BullMQ's UnrecoverableError is not tried again", async ({ setup }) => {
  const { start, launch, queue } = setup();
  const report = async () => {
    throw new UnrecoverableError("no paper");
  };
  const { events } = await start("one", { report });
  await launch("report", { attempts: 3 });
  expect(await events.wait("run.failed")).toMatchObject({ attempt: 1, final: true, error: "no paper" });
  expect(await queue.getFailedCount()).toBe(1);
});
