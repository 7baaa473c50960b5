import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "bullmq";
import { expect } from "vitest";
import { sleep as clockSleep } from "../../src/clock/sleep.ts";
import { Launcher } from "../../src/launch/launcher.ts";
import { readHistory } from "../../src/launch/read-history.ts";
import { LeaderLoop } from "../../src/leader/leader-loop.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { test } from "../support/fixtures.ts";
import { jobOf } from "../support/jobs.ts";
import { Recorder } from "../support/recorder.ts";
import { cluster } from "./worker.setup.ts";

const EVERY_MS = 100;
const ROUNDS = 150;
const FENCE = "1:t";

/** What people do to a queue on a dashboard. What BullMQ refuses, as removing a run that is locked, is refused. */
const MEDDLING: Record<string, (queue: Queue) => Promise<unknown>> = {
  remove: async queue => Promise.all((await queue.getJobs()).map(run => run.remove().catch(() => undefined))),
  "clean delayed": queue => queue.clean(0, 100, "delayed"),
  "clean failed": queue => queue.clean(0, 100, "failed"),
  "clean completed": queue => queue.clean(0, 100, "completed"),
  drain: queue => queue.drain(true),
  obliterate: async queue => {
    await queue.pause();
    await queue.obliterate({ force: true });
  },
  "retry all that failed": queue => queue.retryJobs({ state: "failed" }),
  "retry all that completed": queue => queue.retryJobs({ state: "completed" }),
  "retry one": async queue => (await queue.getFailed())[0]?.retry(),
};

test("two handlers of a job are never at work at once, and each tick is on record once, whatever is done to BullMQ", async ({
  server,
  defer,
}) => {
  const { queue, connection, keys, start, close } = cluster(server);
  defer(close);
  const atWork = new Map<string, number>();
  const overlapping: string[] = [];
  let handled = 0;
  const handle = async (_data: unknown, { job, id }: { job: string; id: string }) => {
    const others = atWork.get(job) ?? 0;
    if (others > 0) overlapping.push(id);
    atWork.set(job, others + 1);
    await sleep(10 + Math.random() * 2 * EVERY_MS);
    atWork.set(job, (atWork.get(job) ?? 0) - 1);
    handled++;
    if (Math.random() < 0.3) throw new Error("boom");
  };
  for (const pod of ["pod-1", "pod-2"])
    await start(pod, { skips: handle, waits: handle }, { overlap: "skip" });
  const retry = { attempts: 2, backoff: "fixed", delayMs: 50, jitter: 0 } as const;
  const jobs = [
    jobOf("skips", { overlap: "skip", retry }, { everyMs: EVERY_MS }),
    jobOf("waits", { overlap: "queue", retry }, { everyMs: EVERY_MS }),
  ];
  const noRetry = connectRedis({ kind: "url", url: server.url }, "noRetry", "launch");
  defer(() => noRetry.disconnect());
  await new Promise(resolve => noRetry.once("ready", resolve));
  await connection.set(keys.term, FENCE);
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now(), sleep: clockSleep };
  const launcher = new Launcher({ redis: noRetry, keys, jobs });
  defer(() => launcher.close());
  const loop = new LeaderLoop({ launcher, clock, events: new Recorder().events, jobs });
  const ending = new AbortController();
  const ended = loop.runTerm({ number: 1, fence: FENCE, signal: ending.signal });

  const ways = Object.keys(MEDDLING);
  for (let i = 0; i < ROUNDS; i++) {
    const way = ways[Math.floor(Math.random() * ways.length)] ?? "";
    await MEDDLING[way]?.(queue);
    await sleep(Math.random() * EVERY_MS);
  }
  ending.abort();
  await ended;

  expect(overlapping).toEqual([]);
  expect(handled).toBeGreaterThan(ROUNDS / 10);
  for (const job of ["skips", "waits"]) {
    const rows = await readHistory(connection, keys, job, 1_000);
    const ticks = rows.toReversed().map(({ tick }) => Date.parse(tick));
    const [first = 0] = ticks;
    expect(ticks).toEqual(ticks.map((_, i) => first + i * EVERY_MS));
    expect(rows.filter(({ outcome }) => outcome === "launched").length).toBeGreaterThan(0);
  }
}, 60_000);
