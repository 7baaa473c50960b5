/** examples/existing-queue with the packed tarball: schedulers beside a worker that knows nothing of Bellwether. */
import path from "node:path";
import { beforeAll, expect, inject } from "vitest";
import { test as base } from "../support/fixtures.ts";
import { ReplicaProcess } from "../support/replica-process.ts";
import { installExample } from "./examples.ts";
import { runWith } from "./run-with.ts";

const NODE = path.dirname(process.execPath);
const SCHEDULER = "node_modules/bellwether/dist/main.js";
let example: string;

beforeAll(async () => {
  example = await installExample("existing-queue", inject("packed").folder);
}, 120_000);

const test = base.extend("start", ({ server, defer, onTestFailed }) => (...args: string[]) => {
  const started = new ReplicaProcess(args, { REDIS_URL: server.url }, example, [process.execPath]);
  onTestFailed(() => console.log(started.lines, started.noise));
  defer(() => started.end("SIGKILL"));
  return started;
});

test("the worker does what the schedulers add, its own work too, and the history has it through a handoff", async ({
  server,
  connect,
  start,
}) => {
  const worker = start("worker.ts");
  const scheduler = () => start(SCHEDULER, "run", "--roles", "scheduler");
  const first = scheduler();
  await first.when("leader.elected");
  const second = scheduler();
  await second.when("leader.observed");
  await first.when("run.completed", line => line["job"] === "close-orders");

  await first.end("SIGKILL");
  await second.when("leader.elected", line => line["term"] === 2);
  const { run } = await second.when("run.completed", line => String(line["run"]).includes("close-orders"));
  const bellwether = (...args: string[]) =>
    runWith(NODE, example, "env", `REDIS_URL=${server.url}`, "npx", "bellwether", ...args);
  const history = await bellwether("history", "close-orders", "--json", "--limit", "1000");
  const row = { run, result: "completed", replica: `worker-${worker.pid}` };
  expect(JSON.parse(history.stdout)).toContainEqual(expect.objectContaining(row));
  const triggered = await bellwether("trigger", "remind-customers", "--wait", "--json");
  expect(JSON.parse(triggered.stdout)).toMatchObject({ result: { reminded: 0 }, attempts: 1 });
  const done = worker.lines.map(line => line["done"]);
  expect(new Set(done)).toEqual(new Set(["confirm-order", "close-orders", "remind-customers"]));

  // What a queue of BullMQ's own has, and nothing of ours: the settings of the team stay as they are.
  const redis = await connect("plain");
  const meta = await redis.hgetall("bull:orders:meta");
  expect(Object.keys(meta)).not.toContain("concurrency");
  expect(meta["version"]).toMatch(/^bullmq:/);
  expect(await second.end("SIGTERM")).toBe(0);
  expect(await worker.end("SIGTERM")).toBe(0);
});
