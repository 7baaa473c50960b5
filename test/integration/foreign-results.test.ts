import { type Job as BullJob, Queue, UnrecoverableError, Worker } from "bullmq";
import { describe, expect, vi } from "vitest";
import type { Job } from "../../src/config/config.ts";
import { QueueEnds } from "../../src/launch/foreign-ends.ts";
import { placeOfJob } from "../../src/launch/queue-place.ts";
import { ForeignResults } from "../../src/leader/foreign-results.ts";
import { jobOf } from "../support/jobs.ts";
import { FENCE, launchOf, T0, test } from "../support/leader.ts";
import { realClock } from "../support/real-clock.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";

const SECOND_FENCE = "2:token";
const tickAt = (i: number) => T0 + i * 1_000;
const runOf = (i: number) => `acme~report@20261123T07000${i}Z`;

/** A queue of a team, its worker, and a leader that launches into it and reads how its runs end. */
const it = test.extend(
  "setup",
  ({ keys, redis, lead, connect, defer, history }) =>
    async (overrides: Partial<Job> = {}) => {
      const prefix = `team-${namespace()}`;
      const queue = new Queue("orders", { connection: redis, prefix });
      defer(() => queue.close());
      await queue.waitUntilReady();
      const shared = { prefix, runPrefix: "acme~" };
      const job = jobOf("report", { queue: "orders", sharedQueue: shared, handler: null, ...overrides });
      const place = placeOfJob(keys, job);
      const { open, commit } = lead([job]);
      const launch = async (...ticks: readonly number[]) => {
        const { cursors } = await open();
        const decisions = ticks.map(i => launchOf(tickAt(i)));
        expect(await commit(decisions, cursors)).toMatchObject({ outcome: "committed", refused: null });
      };
      const work = async (
        handle: (run: BullJob) => Promise<unknown>,
        options: { removeOnComplete?: { count: number } } = {},
      ) => {
        const worker = new Worker("orders", handle, {
          ...options,
          connection: await connect("worker"),
          prefix,
          name: "team-worker",
        });
        defer(() => worker.close(true));
        return worker;
      };
      /** Works off what is there, and resolves when that many runs have ended for good. */
      const workOff = async (
        runs: number,
        handle: (run: BullJob) => Promise<unknown>,
        options: { removeOnComplete?: { count: number } } = {},
      ) => {
        const worker = await work(handle, options);
        let ended = 0;
        await new Promise<void>(resolve => {
          const end = () => ++ended === runs && resolve();
          worker.on("completed", end);
          worker.on("failed", run => run?.finishedOn !== undefined && end());
        });
        await worker.close();
      };
      const of = (fence = FENCE) => new QueueEnds({ redis, keys, place, fence });
      const recorder = new Recorder();
      const failures: string[] = [];
      const read = async (fence: string, consume = false) => {
        const stopped = Promise.withResolvers<void>();
        const results = new ForeignResults({
          events: recorder.events,
          clock: realClock(),
          attempt: (_, read) =>
            read().catch((error: Error) => {
              failures.push(error.message);
              return null;
            }),
          endsOf: () => of(fence),
          carried: () => ({
            jobs: [job],
            queues: { orders: { concurrency: 1, consume, shared } },
          }),
        });
        const during = results.during(() => stopped.promise);
        const stop = async () => {
          stopped.resolve();
          await during;
        };
        defer(stop);
        return stop;
      };
      /** The entries of the history that are ends, oldest first. */
      const ends = async () => {
        const entries = await redis.xrange(keys.history("report"), "-", "+");
        return entries.flatMap(([, flat]) => {
          const fields = Object.fromEntries(flat.map((name, i) => [name, flat[i + 1]] as const));
          return flat.includes("result") ? [`${fields["run"]} ${fields["result"]}`] : [];
        });
      };
      return {
        keys,
        redis,
        queue,
        place,
        job,
        launch,
        work,
        workOff,
        of,
        read,
        recorder,
        failures,
        ends,
        history,
      };
    },
);

describe("runs that other programs work off", () => {
  it("have their ends in the history and in the events, as runs of ours have", async ({ setup }) => {
    const { launch, work, read, recorder, history } = await setup({
      retry: { attempts: 2, backoff: "fixed", delayMs: 1, jitter: 0 },
    });
    await read(FENCE);
    await launch(1, 2, 3);
    await work(async run => {
      if (run.id === runOf(2)) throw new Error("no paper");
      if (run.id === runOf(3)) throw new UnrecoverableError("no printer");
    });
    const completed = await recorder.when("run.completed");
    expect(completed).toEqual({ job: "report", run: runOf(1), attempt: 1, durationMs: expect.any(Number) });
    const failed = await recorder.when("run.failed", ({ run }) => run === runOf(2));
    expect(failed).toMatchObject({ job: "report", attempt: 2, final: true, error: "no paper" });
    expect(await recorder.when("run.failed", ({ run }) => run === runOf(3))).toMatchObject({ attempt: 1 });
    expect(await history()).toMatchObject([
      { run: runOf(3), result: "failed", attempts: 1, error: "no printer" },
      { run: runOf(2), result: "failed", attempts: 2, error: "no paper" },
      { run: runOf(1), result: "completed", attempts: 1, replica: "team-worker" },
    ]);
  });

  it("are told apart from the team's own and from those of another namespace", async ({ setup }) => {
    const { keys, redis, queue, launch, workOff, of, ends } = await setup();
    await of().settle([], "");
    await launch(1);
    await queue.add("report", {}, { jobId: "report@20261123T070001Z" });
    await queue.add("report", {}, { jobId: "other~report@20261123T070001Z" });
    await queue.add("report", {}, { jobId: "acme~unknown@20261123T070001Z" });
    await queue.add("report", {});
    await workOff(5, async () => undefined);
    expect(await of().take("")).toMatchObject({ outcome: "taken", ends: [{ run: runOf(1) }] });
    expect(await ends()).toEqual([`${runOf(1)} completed`]);
    expect(await redis.keys(`${keys.histories}*`)).toEqual([keys.history("report")]);
  });

  it("are also those that an operator starts", async ({ setup, operator }) => {
    const { job, launch, workOff, of, ends } = await setup();
    await of().settle([], "");
    await launch(1);
    const manual = await operator().trigger(job, {}, { requestId: "a" });
    const filled = await operator().backfill(job, [tickAt(1)], { requestId: "b" });
    await workOff(3, async () => undefined);
    expect(await of().take("")).toMatchObject({ outcome: "taken", ends: [{}, {}, {}] });
    const runs = [runOf(1), (manual as { run: string }).run, ...(filled as { runs: readonly string[] }).runs];
    expect(runs).toEqual([
      runOf(1),
      expect.stringMatching(/^acme~report@manual-/),
      expect.stringMatching(/^acme~report@20261123T070001Z~backfill-/),
    ]);
    expect((await ends()).sort()).toEqual(runs.map(run => `${run} completed`).sort());
  });

  it("have their ends recorded where the worker keeps no run", async ({ setup }) => {
    const { launch, workOff, read, recorder, history, queue } = await setup();
    await read(FENCE);
    await launch(1);
    await workOff(1, async () => undefined, { removeOnComplete: { count: 0 } });
    expect(await recorder.when("run.completed")).toEqual({
      ...{ job: "report", run: runOf(1) },
      ...{ attempt: 0, durationMs: 0 },
    });
    expect(await queue.getJob(runOf(1))).toBeUndefined();
    expect(await history()).toMatchObject([{ run: runOf(1), result: "completed" }]);
  });

  it("are removed where the team removes them before they end", async ({ setup }) => {
    const { launch, queue, of, history } = await setup();
    await of().settle([], "");
    await launch(1);
    await (await queue.getJob(runOf(1)))?.remove();
    expect(await of().take("")).toMatchObject({ outcome: "taken", ends: [] });
    expect(await history()).toMatchObject([{ run: runOf(1), result: "removed" }]);
  });
});

describe("position and record", () => {
  it("move together: a successor goes on where the leader before it stopped, and a deposed one changes nothing", async ({
    setup,
  }) => {
    const { keys, redis, launch, workOff, of, ends } = await setup();
    await of().settle([], "");
    await launch(1, 2);
    await workOff(2, async () => undefined);
    const first = await of().take(await of().position());
    expect(first).toMatchObject({ outcome: "taken", ends: [{ run: runOf(1) }, { run: runOf(2) }] });
    await launch(3);
    await workOff(1, async () => undefined);
    await redis.set(keys.term, SECOND_FENCE);
    expect(await of().take("")).toEqual({ outcome: "fenced" });
    expect(await of().settle([], "")).toBeNull();
    expect(await ends()).toHaveLength(2);
    const next = await of(SECOND_FENCE).take(await of(SECOND_FENCE).position());
    expect(next).toMatchObject({ outcome: "taken", ends: [{ run: runOf(3) }] });
    expect(await ends()).toEqual([1, 2, 3].map(i => `${runOf(i)} completed`));
  });

  it("give a leader whose answer was lost the same ends again, and record them once", async ({ setup }) => {
    const { launch, workOff, of, ends } = await setup();
    await of().settle([], "");
    const received = await of().position();
    await launch(1);
    await workOff(1, async () => Promise.reject(new UnrecoverableError("no paper")));
    const lost = await of().take(received);
    expect(await of().take(received)).toEqual(lost);
    expect(lost).toMatchObject({
      ends: [{ run: runOf(1), result: "failed", error: "no paper", attempts: 1 }],
    });
    expect(await ends()).toEqual([`${runOf(1)} failed`]);
    const { position } = lost as { position: string };
    expect(await of().take(position)).toMatchObject({ outcome: "taken", ends: [] });
  });
});

it("a stream that another program has broken is reported, and read on when it is there again", async ({
  setup,
}) => {
  const { redis, place, launch, workOff, of, read, recorder, failures } = await setup();
  await of().settle([], "");
  await launch(1);
  const events = `${place.prefix}:orders:events`;
  await redis.rename(events, `${events}-kept`);
  await redis.set(events, "broken");
  await read(FENCE);
  await vi.waitFor(() => expect(failures.join()).toContain("WRONGTYPE"), 10_000);
  await redis.rename(`${events}-kept`, events);
  await workOff(1, async () => undefined);
  expect(await recorder.when("run.completed")).toMatchObject({ run: runOf(1) });
});

it("a queue that replicas worked off for a time is not read on from before that", async ({ setup }) => {
  const { keys, redis, launch, workOff, of, read, recorder, ends } = await setup();
  await of().settle([], "");
  const stop = await read(FENCE, true);
  await launch(1);
  await workOff(1, async () => undefined);
  const end = { run: runOf(1), result: "completed", attempts: 1, durationMs: 1 };
  await redis.xadd(keys.history("report"), "*", ...Object.entries(end).flat());
  await vi.waitFor(async () => expect(await redis.hgetall(keys.eventPositions)).toEqual({}), 10_000);
  await stop();
  await read(FENCE);
  await launch(2);
  await workOff(1, async () => undefined);
  await recorder.when("run.completed", ({ run }) => run === runOf(2));
  expect(await ends()).toEqual([1, 2].map(i => `${runOf(i)} completed`));
});

describe("where the stream was trimmed", () => {
  it("ends are read from the jobs, and are unknown where these are gone; nothing is recorded twice", async ({
    setup,
  }) => {
    const { redis, queue, place, job, launch, workOff, of, read, recorder, ends, history } = await setup();
    await of().settle([], "");
    await launch(1, 2, 3);
    await workOff(3, async run => {
      if (run.id === runOf(2)) throw new Error("no paper");
    });
    await (await queue.getJob(runOf(3)))?.remove();
    await launch(4);
    await redis.xtrim(`${place.prefix}:orders:events`, "MAXLEN", 0);
    expect(await of().take("")).toMatchObject({ outcome: "gap" });
    // A run that ends while the runs are read: its event comes after the new position.
    const position = await of().position();
    const settled = await of().settle([job], position);
    expect(settled).toMatchObject([
      { run: runOf(1), result: "completed", attempts: 1 },
      { run: runOf(2), result: "failed", error: "no paper" },
      { run: runOf(3), result: "unknown" },
    ]);
    await read(FENCE);
    await workOff(1, async () => undefined);
    await recorder.when("run.completed", ({ run }) => run === runOf(4));
    expect(await ends()).toEqual([
      ...[`${runOf(1)} completed`, `${runOf(2)} failed`, `${runOf(3)} unknown`],
      `${runOf(4)} completed`,
    ]);
    expect((await history()).find(({ run }) => run === runOf(3))).toMatchObject({
      result: "unknown",
      error: "the queue's events were trimmed, and BullMQ does not have the run any more",
    });
  });

  it("an end that is recorded from the job is not recorded again from its event", async ({ setup }) => {
    const { keys, redis, place, job, launch, workOff, of, ends } = await setup();
    await of().settle([], "");
    await launch(1);
    const before = await redis.xrevrange(`${place.prefix}:orders:events`, "+", "-", "COUNT", 1);
    await workOff(1, async () => undefined);
    await of().settle([job], await of().position());
    // As when the run ended between the two steps of settling.
    await redis.hset(keys.eventPositions, of().base, before[0]?.[0] ?? "");
    expect(await of().take("")).toMatchObject({ outcome: "taken", ends: [] });
    expect(await ends()).toEqual([`${runOf(1)} completed`]);
  });

  it("an unknown end is reported, and the first leader that reads a queue finds what ended before it", async ({
    setup,
  }) => {
    const { queue, launch, workOff, read, recorder } = await setup();
    await launch(1, 2);
    await workOff(2, async () => undefined);
    await (await queue.getJob(runOf(2)))?.remove();
    await read(FENCE);
    expect(await recorder.when("run.completed")).toMatchObject({ run: runOf(1) });
    expect(await recorder.when("run.endUnknown")).toMatchObject({ run: runOf(2), reasonCode: "end_unknown" });
  });
});
