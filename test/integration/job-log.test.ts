import { pino } from "pino";
import { expect, vi } from "vitest";
import { JobLog } from "../../src/worker/job-log.ts";
import { test as base } from "../support/fixtures.ts";
import { cluster, gate, type HandlerBody } from "./worker.setup.ts";

/** A replica whose handler logs, and what BullMQ shows of its run. */
const test = base.extend("setup", ({ server, defer }) => async (handle: HandlerBody, level = "info") => {
  const made = cluster(server);
  defer(() => made.close());
  const written: string[] = [];
  const log = pino({ level, base: null }, { write: line => void written.push(line) });
  const { events } = await made.start("one", { report: handle }, { more: { log } });
  const run = "report@20261123T070000Z";
  const logs = async () => (await made.queue.getJobLogs(run)).logs;
  const pushes = async () =>
    Number(/cmdstat_rpush:calls=(\d+)/.exec(await made.connection.info("commandstats"))?.[1] ?? 0);
  return { ...made, events, run, logs, pushes, written };
});

test("what a handler logs is in the run's log in BullMQ, and in the log as before", async ({ setup }) => {
  const { launch, events, logs, written } = await setup(async (_, run) => {
    run.log.debug("not at this level");
    run.log.info("writing the report");
    run.log.warn({ pages: 3 }, "long");
    run.log.error(new Error("no paper"));
    run.log.info({ why: new Error("no ink"), count: 1n as unknown as number });
  });
  await launch("report");
  await events.wait("run.completed");
  await vi.waitFor(async () => expect(await logs()).toHaveLength(4), 10_000);
  expect((await logs()).map(line => line.replace(/^\S+Z /, ""))).toEqual([
    "info writing the report",
    'warn long {"pages":3}',
    "error no paper",
    "info [object Object]",
  ]);
  expect(written.map(line => JSON.parse(line).msg)).toEqual([
    ...["writing the report", "long", "no paper", undefined],
  ]);
});

test("a handler that logs very much is cut to the newest 100 lines of 500 characters, in few writes", async ({
  setup,
}) => {
  const { launch, events, logs, pushes } = await setup(async (_, run) => {
    for (let i = 1; i <= 5_000; i++) run.log.info(`${i} ${"x".repeat(1_000)}`);
  });
  const before = await pushes();
  await launch("report");
  await events.wait("run.completed");
  await vi.waitFor(async () => expect((await logs()).at(-1)).toMatch(/ info 5000 x+…$/), 10_000);
  expect(await logs()).toHaveLength(100);
  for (const line of await logs()) expect(line.length).toBeLessThanOrEqual(501);
  expect((await pushes()) - before).toBeLessThan(20);
});

test("lines are there while the handler is at work", async ({ setup }) => {
  const end = gate();
  const { launch, logs, events } = await setup(async (_, run) => {
    run.log.info("begun");
    await end.opened;
  });
  await launch("report");
  await vi.waitFor(async () => expect(await logs()).toHaveLength(1), 10_000);
  end.open();
  await events.wait("run.completed");
});

test("a log that cannot be written harms nothing", async ({ setup }) => {
  const begun = gate();
  const end = gate();
  const { launch, connection, keys, run, events } = await setup(async (_, at) => {
    begun.open();
    await end.opened;
    at.log.info("lost");
  });
  const key = `${keys.bullmqPrefix}:default:${run}`;
  await connection.set(`${key}:logs`, "another program's");
  await launch("report");
  await begun.opened;
  end.open();
  expect(await events.wait("run.completed")).toMatchObject({ run });
  expect(await connection.get(`${key}:logs`)).toBe("another program's");
});

test("a run that BullMQ has removed gets no log", async ({ connect, keys }) => {
  const redis = await connect("plain");
  const key = (run: string) => `${keys.bullmqPrefix}:default:${run}`;
  await redis.hset(key("there"), "name", "report");
  const no = () => undefined;
  const log = async (run: string) => {
    const jobLog = new JobLog({ redis, key: key(run) });
    jobLog.tee({ debug: no, info: no, warn: no, error: no }).info("hello");
    jobLog.flush();
  };
  const lines = () => redis.llen(`${key("there")}:logs`);
  await log("there");
  await vi.waitFor(async () => expect(await lines()).toBe(1), 10_000);
  await log("removed");
  await log("there");
  await vi.waitFor(async () => expect(await lines()).toBe(2), 10_000);
  expect(await redis.exists(`${key("removed")}:logs`)).toBe(0);
});
