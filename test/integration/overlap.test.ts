import { Queue, Worker } from "bullmq";
import { describe, expect } from "vitest";
import type { Job } from "../../src/config/config.ts";
import { triggerJob } from "../../src/launch/trigger.ts";
import { jobOf } from "../support/jobs.ts";
import { launchOf, T0, test } from "../support/leader.ts";

const [T1, T2, T3, T4] = [T0 + 1_000, T0 + 2_000, T0 + 3_000, T0 + 4_000];
const RUN1 = "report@20261123T070001Z";
const RUN2 = "report@20261123T070002Z";
/** A leader of one job, BullMQ's own worker, and what an operator has in hand. */
const it = test.extend(
  "setup",
  ({ keys, redis: other, lead, history, connect, defer }) =>
    async (overrides: Partial<Job> = {}) => {
      const prefix = keys.bullmqPrefix;
      const { launcher, open: opened, commit } = lead([jobOf("report", overrides)]);
      /** Plans launches of these ticks, and says what became of them. */
      const launch = async (...ticks: readonly number[]) => {
        const { cursors } = await opened();
        const decisions = ticks.map(tickAtMs => launchOf(tickAtMs));
        const answer = await commit(decisions, cursors, { nowMs: ticks.at(-1) ?? T0 });
        if (answer.outcome !== "committed") return answer.outcome;
        const held = answer.held.get("report");
        return [...answer.decided.map(({ outcome }) => outcome), ...(held ? [`held by ${held.run}`] : [])];
      };
      const queueOf = (name: string) => {
        const queue = new Queue(name, { connection: other, prefix });
        defer(() => queue.close());
        return queue;
      };
      const work = async (queue: string, handle: (run: string) => Promise<unknown>) => {
        const worker = new Worker(queue, async run => handle(run.id ?? ""), {
          connection: await connect("worker"),
          prefix,
        });
        defer(() => worker.close(true));
        return worker;
      };
      const rows = async () => {
        return (await history()).map(({ tick, outcome, reason, blockedBy, result }) => {
          return [tick.slice(17, 19), outcome, reason ?? result, blockedBy]
            .filter(part => part !== undefined)
            .join(" ");
        });
      };
      const setJob = (changes: Partial<Job>) =>
        launcher.setJobs([jobOf("report", { ...overrides, ...changes })]);
      return { keys, other, launcher, opened, launch, queueOf, work, rows, setJob };
    },
);

async function eventually(isTrue: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isTrue())) await new Promise(resolve => setTimeout(resolve, 5));
}

/** Runs handlers that wait until they are let go, or fail. */
function gate() {
  const started = new Map<string, PromiseWithResolvers<void>>();
  const handle = (run: string) => {
    const end = Promise.withResolvers<void>();
    started.set(run, end);
    return end.promise;
  };
  const begun = async (run: string) => {
    await eventually(() => started.has(run));
    return started.get(run) as PromiseWithResolvers<void>;
  };
  return { handle, begun };
}

describe("overlap: skip", () => {
  it("skips a tick while the run before it is waiting for a worker, and names it, also within one transaction", async ({
    setup,
  }) => {
    const { launch, rows, queueOf } = await setup({ overlap: "skip" });
    expect(await launch(T1, T2)).toEqual(["launched", "skipped"]);
    expect(await launch(T3)).toEqual(["skipped"]);
    expect(await rows()).toEqual([`03 skipped overlap ${RUN1}`, `02 skipped overlap ${RUN1}`, "01 launched"]);
    const waiting = await queueOf("default").getWaiting();
    expect(waiting.map(({ id, deduplicationId }) => [id, deduplicationId])).toEqual([[RUN1, undefined]]);
  });

  it("holds over a change of the job's queue, while the run in the old one is unfinished", async ({
    setup,
  }) => {
    const { launch, work, setJob, queueOf } = await setup({ overlap: "skip", queue: "a" });
    const { handle, begun } = gate();
    await work("a", handle);
    await launch(T1);
    const run = await begun(RUN1);
    setJob({ queue: "b" });
    expect(await launch(T2)).toEqual(["skipped"]);
    run.resolve();
    await eventually(async () => (await queueOf("a").getCompletedCount()) === 1);
    expect(await launch(T3)).toEqual(["launched"]);
  });

  it("holds while a run that was put back from outside is unfinished", async ({ setup }) => {
    const { launch, work, queueOf } = await setup({ overlap: "skip" });
    const worker = await work("default", async () => Promise.reject(new Error("boom")));
    await launch(T1);
    const queue = queueOf("default");
    await eventually(async () => (await queue.getFailedCount()) === 1);
    await worker.close();
    await queue.retryJobs({ state: "failed" });
    expect(await launch(T2)).toEqual(["skipped"]);
  });

  it("holds for a run that a release before this one has launched", async ({ setup }) => {
    const { launch, queueOf } = await setup({ overlap: "skip" });
    const deduplication = { id: "report" };
    await queueOf("default").add("report", {}, { jobId: RUN1, deduplication });
    expect(await launch(T2)).toEqual(["skipped"]);
    await (await queueOf("default").getJob(RUN1))?.remove();
    expect(await launch(T3)).toEqual(["launched"]);
  });

  it("does not take a tick for decided that a run of the same transaction would block, when that was refused", async ({
    setup,
  }) => {
    const { launch, other, keys, queueOf } = await setup({ overlap: "skip" });
    await launch(T1);
    await queueOf("default").pause();
    await queueOf("default").obliterate({ force: true });
    await other.script("FLUSH");
    expect(await launch(T2, T3)).toEqual([]);
    expect(await other.hget(keys.cursors, "report")).toBe(String(T1));
    expect(await other.get(keys.unfinished("report"))).toContain(RUN1);
  });
});

describe("overlap: queue", () => {
  it("leaves the tick undecided while the run before it is unfinished", async ({ setup }) => {
    const { launch, work, rows, opened, queueOf, keys, other } = await setup({
      overlap: "queue",
      maxRuns: 9,
    });
    const { handle, begun } = gate();
    await work("default", handle);
    expect(await launch(T1, T2)).toEqual(["launched", `held by ${RUN1}`]);
    const run = await begun(RUN1);
    expect(await launch(T2)).toEqual([`held by ${RUN1}`]);
    expect((await opened()).newestRuns.get("report")).toMatchObject({
      state: "unfinished",
      run: RUN1,
      sinceMs: T1,
    });
    run.resolve();
    await eventually(async () => (await queueOf("default").getCompletedCount()) === 1);
    expect((await opened()).newestRuns.get("report")).toMatchObject({ state: "finished", run: RUN1 });
    expect(await launch(T2)).toEqual(["launched"]);
    expect(await rows()).toEqual(["02 launched", "01 launched"]);
    expect(await other.hget(keys.launched, "report")).toBe("2");
  });

  const CLEANINGS: Record<string, (queue: Queue, run: string) => Promise<unknown>> = {
    remove: async (queue, run) => (await queue.getJob(run))?.remove(),
    clean: async queue => queue.clean(0, 100, "delayed"),
    drain: async queue => queue.drain(true),
    obliterate: async queue => queue.obliterate({ force: true }),
  };

  it.for(Object.keys(CLEANINGS))(
    "launches the tick that waits when %s takes the run before it away",
    async (how, { setup }) => {
      const retry = { attempts: 3, backoff: "fixed", delayMs: 600_000, jitter: 0 } as const;
      const { launch, work, rows, queueOf } = await setup({ overlap: "queue", retry });
      const worker = await work("default", async () => Promise.reject(new Error("boom")));
      await launch(T1);
      const queue = queueOf("default");
      await eventually(async () => (await queue.getDelayedCount()) === 1);
      await worker.close();
      expect(await launch(T2)).toEqual([`held by ${RUN1}`]);
      await CLEANINGS[how]?.(queue, RUN1);
      expect(await launch(T2)).toEqual(["launched"]);
      expect(await rows()).toEqual(["02 launched", "01 launched removed"]);
      expect((await queue.getJob(RUN2))?.id).toBe(RUN2);
    },
  );

  it("does not call a run removed that was cleaned up after its end was recorded", async ({ setup }) => {
    const { launch, rows, queueOf, other, keys } = await setup({ overlap: "queue" });
    await launch(T1);
    const end = ["run", RUN1, "result", "completed", "attempts", "1", "durationMs", "5"];
    await other.xadd(keys.history("report"), "*", ...end);
    await (await queueOf("default").getJob(RUN1))?.remove();
    expect(await launch(T2)).toEqual(["launched"]);
    expect(await rows()).toEqual(["02 launched", "01 launched completed"]);
    const history = await other.xrange(keys.history("report"), "-", "+");
    expect(history.flatMap(([, fields]) => fields)).not.toContain("removed");
  });

  it("decides nothing when another run begins between the look and the transaction", async ({
    setup,
    fenced: redis,
  }) => {
    const { launch, other, keys, rows } = await setup({ overlap: "queue" });
    const hget = redis.hget.bind(redis);
    Object.assign(redis, {
      // It is read beside the newest runs, in one write.
      hget: async (key: string, field: string) => {
        const version = await hget(key, field);
        await other.set(keys.unfinished("report"), `${keys.bullmqPrefix}:default:another`);
        return version;
      },
    });
    expect(await launch(T1)).toBe("moved");
    expect(await rows()).toEqual([]);
  });
});

describe("a run that an operator starts", () => {
  const job = jobOf("report", { overlap: "queue" });
  const triggerOf = (requestId: string) => ({ job, data: {}, by: "ann", nowMs: T3, requestId });

  it("is refused while another run has not ended, and holds later ticks back itself", async ({ setup }) => {
    const { launch, keys, other, queueOf, rows, opened } = await setup({ overlap: "queue" });
    await launch(T1);
    expect(await triggerJob(other, keys, triggerOf("one"))).toEqual({ outcome: "skipped", blockedBy: RUN1 });
    await (await queueOf("default").getJob(RUN1))?.remove();
    const started = await triggerJob(other, keys, triggerOf("two"));
    const run = started.outcome === "launched" ? started.run : "";
    expect((await opened()).newestRuns.get("report")).toMatchObject({
      run,
      state: "unfinished",
      sinceMs: T3,
    });
    expect(await launch(T2)).toEqual([`held by ${run}`]);
    expect(await rows()).toEqual(["03 launched", "01 launched removed"]);
    expect(await launch(T4)).toEqual([`held by ${run}`]);
  });

  it("between two ticks takes nothing from the ticks that ran before it, nor from maxRuns", async ({
    setup,
  }) => {
    const overrides = { overlap: "queue", maxRuns: 3 } as const;
    const { launch, keys, other, work, rows } = await setup(overrides);
    const { handle, begun } = gate();
    const ended: string[] = [];
    await work("default", async run => {
      await handle(run);
      ended.push(run);
    });
    const finish = async (run: string) => {
      (await begun(run)).resolve();
      await eventually(() => ended.includes(run));
    };
    const launched = async (tickAtMs: number) => {
      // The end of a run is in Redis a moment after its handler has returned.
      await eventually(async () => (await launch(tickAtMs))[0] === "launched");
    };
    await launched(T1);
    await begun(RUN1);
    expect(await launch(T2)).toEqual([`held by ${RUN1}`]);
    await finish(RUN1);
    await launched(T2);
    await finish(RUN2);
    const trigger = { job: jobOf("report", overrides), data: {}, by: "ann", nowMs: T2 + 500 };
    const starts: string[] = [];
    await eventually(async () => {
      const started = await triggerJob(other, keys, { ...trigger, requestId: `at T2.5, ${starts.length}` });
      starts.push(started.outcome === "launched" ? started.run : "");
      return starts.at(-1) !== "";
    });
    const manual = starts.at(-1) ?? "";
    await begun(manual);
    expect(await launch(T3)).toEqual([`held by ${manual}`]);
    await finish(manual);
    await launched(T3);
    const run3 = "report@20261123T070003Z";
    await finish(run3);
    expect(ended).toEqual([RUN1, RUN2, manual, run3]);
    expect(await other.hget(keys.launched, "report")).toBe("3");
    expect(await rows()).toEqual(["03 launched", "02 launched", "02 launched", "01 launched"]);
  });
});
