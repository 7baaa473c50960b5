import { Queue } from "bullmq";
import { expect } from "vitest";
import type { Job } from "../../src/config/config.ts";
import { jobOf } from "../support/jobs.ts";
import { launchOf, T0, test } from "../support/leader.ts";

const DAY_S = 24 * 60 * 60;

/** A queue into which a leader launches three ticks of a job. */
const it = test.extend("launched", ({ keys, redis, lead, defer }) => async (overrides: Partial<Job> = {}) => {
  const { open, commit } = lead([jobOf("report", overrides)]);
  const { cursors } = await open();
  const ticks = [1, 2, 3].map(i => T0 + i * 1_000);
  expect(
    await commit(
      ticks.map(tickAtMs => launchOf(tickAtMs)),
      cursors,
    ),
  ).toMatchObject({ refused: null });
  const queue = new Queue("default", { connection: redis, prefix: keys.bullmqPrefix });
  defer(() => queue.close());
  return queue;
});

const ticksOf = (runs: readonly { readonly id?: string | undefined }[]) =>
  runs.map(({ id }) => id?.slice(-3));

it("a run has no priority, goes to the end of the queue and is kept for a day unless its job says otherwise", async ({
  launched,
}) => {
  const queue = await launched();
  const waiting = await queue.getWaiting();
  expect(ticksOf(waiting)).toEqual(["01Z", "02Z", "03Z"]);
  expect(waiting[0]?.opts).toMatchObject({
    backoff: { type: "exponential", delay: 1_000 },
    removeOnComplete: { age: DAY_S, count: 10_000 },
    removeOnFail: { age: 7 * DAY_S, count: 10_000 },
  });
  for (const option of ["priority", "lifo", "jitter"]) expect(waiting[0]?.opts).not.toHaveProperty(option);
});

it("a run is kept, and its delays are random, as its job says", async ({ launched }) => {
  const queue = await launched({
    retention: { completed: { ageMs: 90_500, count: 7 }, failed: { ageMs: 60_000, count: 0 } },
    retry: { attempts: 3, backoff: "fixed", delayMs: 2_000, jitter: 0.5 },
  });
  const [run] = await queue.getWaiting();
  expect(run?.opts).toMatchObject({
    attempts: 3,
    backoff: { type: "fixed", delay: 2_000, jitter: 0.5 },
    removeOnComplete: { age: 91, count: 7 },
    removeOnFail: { age: 60, count: 0 },
  });
});

it("a job with lifo has its newest run at the head, and none of it beside a priority", async ({
  launched,
}) => {
  expect(ticksOf(await (await launched({ lifo: true })).getWaiting())).toEqual(["03Z", "02Z", "01Z"]);
});

it("a job with a priority has its runs in the order of BullMQ's priorities", async ({ launched }) => {
  const queue = await launched({ priority: 5, lifo: true });
  await queue.add("urgent", {}, { jobId: "urgent", priority: 1 });
  expect(ticksOf(await queue.getPrioritized())).toEqual(["ent", "01Z", "02Z", "03Z"]);
  expect(await queue.getCountsPerPriority([1, 5])).toEqual({ "1": 1, "5": 3 });
});
