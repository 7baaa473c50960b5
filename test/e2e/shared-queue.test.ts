import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { Queue } from "bullmq";
import { expect, vi } from "vitest";
import { historyRecordOf } from "../../src/launch/history-record.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { test } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";
import type { TestDeployment } from "../support/test-deployment.ts";
import { leaderOf } from "../support/test-deployments.ts";

const WORKER = path.resolve(import.meta.dirname, "team-worker.child.ts");
const LIMIT = { timeout: 60_000, interval: 50 };

/** A deployment of schedulers alone, and a team with a queue of its own. */
const it = test.extend("setup", ({ deploy, server, defer }) => async (job: string) => {
  const prefix = `team-${namespace()}`;
  const deployment = await deploy({
    jobs: [job],
    settings: [
      "election: { leaseTtl: 2s }",
      `queues: { orders: { prefix: "${prefix}", consume: false }, default: {} }`,
    ],
  });
  const redis = deployment.redis();
  const queue = new Queue("orders", { connection: redis, prefix });
  defer(() => queue.close());
  await queue.waitUntilReady();
  const work = (handle: "completes" | "hangs") => {
    const child = fork(WORKER, [server.url, prefix, handle], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    defer(() => kill(child));
    return child;
  };
  return { deployment, redis, prefix, queue, work };
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

function told(child: ChildProcess, what: "started" | "completed"): Promise<string> {
  return new Promise(resolve => {
    child.on("message", (message: Readonly<Record<string, string>>) => {
      const run = message[what];
      if (run !== undefined) resolve(run);
    });
  });
}

/** What the history says of launched runs: how often each has ended. */
async function endsOf(deployment: TestDeployment, job: string): Promise<Map<string, number>> {
  const redis = deployment.redis();
  const entries = await redis.xrange(redisKeys(deployment.namespace).history(job), "-", "+");
  const ends = new Map<string, number>();
  for (const [, flat] of entries) {
    const found = historyRecordOf(flat);
    if (found === null) continue;
    const { kind, record } = found;
    if (kind === "decision" && record.outcome === "launched") ends.set(record.run ?? "", 0);
    if (kind === "end") ends.set(record.run, (ends.get(record.run) ?? 0) + 1);
  }
  return ends;
}

it("a team's workers and the schedulers of Bellwether crash, and each run ends on record once", async ({
  setup,
}) => {
  const { deployment, queue, work } = await setup(
    "order: { every: 300ms, catchUp: all, overlap: skip, queue: orders }",
  );
  const hanging = work("hangs");
  const started = told(hanging, "started");
  for (const id of ["a", "b"]) deployment.start("--roles", "scheduler", "--id", id);
  const run = await started;
  expect(run).toMatch(new RegExp(`^${deployment.namespace}~order@`));
  await deployment.when("tick.skipped", line => line["run"] === run && line["reasonCode"] === "overlap");
  await kill(hanging);

  work("completes");
  await deployment.when("run.completed", line => line["run"] === run);
  const leader = await leaderOf(deployment);
  await leader.end("SIGKILL");
  const later = deployment.lines("run.completed").length;
  await vi.waitFor(() => expect(deployment.lines("run.completed").length).toBeGreaterThan(later + 2), LIMIT);
  expect((await deployment.command("pause", "order")).code).toBe(0);
  await vi.waitFor(async () => {
    const ends = await endsOf(deployment, "order");
    expect(ends.size).toBeGreaterThan(3);
    expect([...ends].filter(([, count]) => count !== 1)).toEqual([]);
  }, LIMIT);
  const { stdout } = await deployment.command("status", "--json");
  expect(JSON.parse(stdout).jobs).toMatchObject([{ name: "order", lastRun: { outcome: "completed" } }]);
  expect(await queue.getJobCounts("active", "waiting")).toEqual({ active: 0, waiting: 0 });
});

it("a queue is left to the team: what is in it, its pause and its meta stay, and no replica takes a run", async ({
  setup,
}) => {
  const { deployment, redis, prefix, queue, work } = await setup("order: { every: 300ms, queue: orders }");
  await queue.add("theirs", {}, { jobId: "their-own" });
  await queue.pause();
  const meta = await redis.hgetall(`${prefix}:orders:meta`);
  const replica = deployment.start();
  await replica.when("tick.launched");
  await vi.waitFor(async () => expect(await queue.getWaitingCount()).toBeGreaterThan(3), LIMIT);
  expect((await deployment.command("status")).stdout).toMatch(/orders.*paused/);
  expect(await replica.end("SIGTERM")).toBe(0);
  expect(await redis.hgetall(`${prefix}:orders:meta`)).toEqual(meta);
  expect(await queue.getJobCounts("active", "completed", "failed", "delayed")).toEqual({
    ...{ active: 0, completed: 0, failed: 0, delayed: 0 },
  });
  expect(await redis.keys(`{${deployment.namespace}}:orders*`)).toEqual([]);
  await queue.resume();
  const worker = work("completes");
  expect(await told(worker, "completed")).toBe("their-own");
});
