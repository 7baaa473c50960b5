import { describe, expect, vi } from "vitest";
import type { Job } from "../../src/config/config.ts";
import { type Controls, readControls } from "../../src/launch/controls.ts";
import { EndRecorder } from "../../src/launch/end-recorder.ts";
import { recordOfRun } from "../../src/launch/history.ts";
import { loadJobStates } from "../../src/launch/job-states.ts";
import { dayOf } from "../../src/launch/job-summary.ts";
import { readAudit, readHistory } from "../../src/launch/read-history.ts";
import { Operator } from "../../src/operator/operator.ts";
import { isConnectionLoss } from "../../src/redis/connect.ts";
import { FORMAT } from "../../src/redis/format.ts";
import { readTimeMs } from "../../src/redis/time.ts";
import type { TripPoint } from "../support/faulty-link.ts";
import { type Fixtures, test } from "../support/fixtures.ts";
import { jobOf } from "../support/jobs.ts";
import { reconnectAfterGet } from "../support/reconnect.ts";

const HOUR_MS = 60 * 60_000;
const HOURLY = jobOf("hourly", {}, { everyMs: HOUR_MS });

const it = test.extend("bundle", openBundle);
type Bundle = Awaited<ReturnType<typeof openBundle>>;

/** An operator behind a link that breaks, and a connection that sees what came of it. */
async function openBundle({ keys, link, connect }: Fixtures) {
  const [redis, direct] = await Promise.all([connect("plain", link.url), connect("plain")]);
  const ready = () => vi.waitFor(() => expect(redis.status).toBe("ready"), { timeout: 30_000, interval: 5 });
  const operator = new Operator({ redis, keys, by: "ann" });
  const added = async () => {
    const entries = await direct.xrange(`${keys.bullmqPrefix}:default:events`, "-", "+");
    return entries.filter(([, fields]) => fields[1] === "added").length;
  };
  const execs = async () =>
    Number(/cmdstat_exec:calls=(\d+)/.exec(await direct.info("commandstats"))?.[1] ?? 0);
  const actions = async () => (await readAudit(direct, keys, 100)).map(({ action }) => action);
  /** Gives the command twice, as the same request: the connection breaks at the first one. */
  const giveTwice = async <T>(at: TripPoint, text: string, give: () => Promise<T>): Promise<T> => {
    link.armTrip(at, text, () => undefined);
    const error = await give().catch((error: unknown) => error);
    expect(error).toSatisfy(isConnectionLoss);
    await ready();
    return await give();
  };
  return { keys, link, redis, direct, operator, added, actions, execs, giveTwice };
}

type Action = "pause" | "resume" | "skip-next" | "keep-next" | "stepdown";
const requestId = "the request";
const decided = recordOfRun({ tickAtMs: 0, run: "hourly@1", kind: "manual", by: "ann", nowMs: 1 });
const commandOf: Record<Action, (bundle: Bundle) => Promise<{ readonly outcome: string }>> = {
  pause: ({ operator }: Bundle) => operator.pause(HOURLY, { requestId }),
  resume: ({ operator }: Bundle) => operator.resume(HOURLY, { requestId }),
  "skip-next": ({ operator }: Bundle) => operator.skipNext(HOURLY, { requestId }),
  "keep-next": ({ operator }: Bundle) => operator.keepNext(HOURLY, { requestId }),
  stepdown: ({ operator }: Bundle) => operator.stepDown({ requestId, term: 7 }),
};

describe("a command whose answer is lost", () => {
  const pastTicks = async ({ direct }: Bundle) => {
    const last = Math.floor((await readTimeMs(direct)) / HOUR_MS) * HOUR_MS;
    return [last - HOUR_MS, last];
  };

  it.for([
    ["pause", 1, { outcome: "paused" }, ({ paused }: Controls) => paused.size, 1],
    ["resume", 2, { outcome: "resumed" }, ({ paused }: Controls) => paused.size, 0],
    ["skip-next", 1, { outcome: "skipped" }, ({ skips }: Controls) => skips.get("hourly")?.length, 1],
    ["keep-next", 2, { outcome: "kept" }, ({ skips }: Controls) => skips.size, 0],
    ["stepdown", 1, { outcome: "asked", term: 7 }, ({ stepDown }: Controls) => stepDown, 7],
  ] as const)(
    "to %s is carried out once when it is given again",
    async ([action, session, outcome, look, found], { bundle }) => {
      const { operator, direct, keys, actions, giveTwice } = bundle;
      await direct.hset(keys.leader, { replica: "a", term: 7 });
      if (action === "resume") await operator.pause(HOURLY);
      if (action === "keep-next") await operator.skipNext(HOURLY);
      expect(await giveTwice("after", action, () => commandOf[action](bundle))).toMatchObject(outcome);
      const inForce = await readControls(direct, keys);
      expect(look(inForce)).toBe(found);
      expect(inForce.version).toBe(session);
      expect((await actions()).filter(done => done === action)).toHaveLength(1);
      // Whatever was changed since, and also when it did nothing.
      expect(await commandOf[action](bundle)).toMatchObject(outcome);
      expect((await readControls(direct, keys)).version).toBe(session);
    },
  );

  it("deposes no successor", async ({ bundle }) => {
    const { direct, keys } = bundle;
    await direct.hset(keys.leader, { replica: "b", term: 8 });
    expect(await commandOf.stepdown(bundle)).toEqual({ outcome: "over", term: 7 });
    expect((await readControls(direct, keys)).stepDown).toBeNull();
  });

  it("to trigger starts a run and records it once, also when the first transaction arrives late", async ({
    bundle,
  }) => {
    const { direct, keys, operator, added, actions, execs, giveTwice } = bundle;
    const before = await execs();
    const give = () => operator.trigger(HOURLY, {}, { requestId });
    const answer = await giveTwice("late", "exec\r\n", give);
    await vi.waitFor(async () => expect(await execs()).toBe(before + 2), { timeout: 30_000 });
    expect(await added()).toBe(1);
    expect(await actions()).toEqual(["trigger"]);
    const rows = await readHistory(direct, keys, "hourly", 10);
    expect(rows.map(({ run }) => run)).toEqual([answer.outcome === "launched" ? answer.run : ""]);
  });

  it.for<TripPoint>(["before", "within", "after", "late"])(
    "to backfill starts each run once when the connection breaks %s",
    async (at, { bundle }) => {
      const { direct, keys, operator, added, actions, execs, giveTwice } = bundle;
      const ticks = await pastTicks(bundle);
      const before = await execs();
      const answer = await giveTwice(at, "exec\r\n", () => operator.backfill(HOURLY, ticks, { requestId }));
      const runs = answer.outcome === "started" ? answer.runs : [];
      expect(runs).toHaveLength(2);
      if (at === "late")
        await vi.waitFor(async () => expect(await execs()).toBe(before + 2), { timeout: 30_000 });
      expect(await added()).toBe(2);
      expect(await actions()).toEqual(["backfill"]);
      const rows = await readHistory(direct, keys, "hourly", 10);
      expect(rows.map(({ run }) => run)).toEqual(runs.toReversed());
      // Also after its runs were removed.
      await direct.del(...(await direct.keys(`${keys.bullmqPrefix}:*`)));
      expect(await operator.backfill(HOURLY, ticks, { requestId })).toEqual(answer);
      expect(await added()).toBe(0);
    },
  );
});

describe("the record of how a run ended", () => {
  it.for<TripPoint>(["before", "after"])(
    "is written when the connection breaks %s it",
    async (at, { bundle }) => {
      const { keys, link, redis, direct } = bundle;
      const about = { job: "hourly", run: "hourly@1", attempts: 1, durationMs: 1, replica: "a" };
      await direct.xadd(keys.history("hourly"), "*", ...decided);
      link.armTrip(at, "completed", () => undefined);
      const signal = new AbortController().signal;
      const ends = new EndRecorder({ redis, keys, nowMs: Date.now, signal });
      await ends.record({ ...about, result: "completed" });
      const rows = await readHistory(direct, keys, "hourly", 10);
      expect(rows.map(({ run, result }) => [run, result])).toEqual([["hourly@1", "completed"]]);
      expect(await direct.xlen(keys.history("hourly"))).toBe(2);
      expect(await direct.hget(keys.tally("completed", dayOf(Date.now())), "hourly")).toBe("1");
    },
  );
});

describe("a request id", () => {
  it("is for one request", async ({ bundle }) => {
    const { operator } = bundle;
    const code = "BW_REQUEST_REUSED";
    await commandOf.pause(bundle);
    await expect(commandOf.resume(bundle)).rejects.toMatchObject({
      code,
      fields: { before: "pause hourly" },
    });
    await expect(operator.pause(jobOf("other"), { requestId })).rejects.toMatchObject({ code });
    await expect(operator.backfill(HOURLY, [0], { requestId })).rejects.toMatchObject({ code });
    await operator.backfill(HOURLY, [0, HOUR_MS], { requestId: "two" });
    await expect(operator.backfill(HOURLY, [0], { requestId: "two" })).rejects.toMatchObject({ code });
  });

  it("is forgotten after a day", async ({ bundle }) => {
    const { direct, keys, operator } = bundle;
    await commandOf.pause(bundle);
    await operator.backfill(HOURLY, [0], { requestId: "two" });
    for (const id of [requestId, "two"]) {
      expect(await direct.pttl(keys.request(id))).toBeGreaterThan(23 * HOUR_MS);
    }
  });
});

describe("a backfill", () => {
  const started = { outcome: "started" };

  it("starts nothing where a leader may still launch a tick", async ({ bundle }) => {
    const { operator, direct, keys, added } = bundle;
    const give = (job: Job) => operator.backfill(job, [HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS]);
    await direct.hset(keys.cursors, "hourly", HOUR_MS);
    expect(await give(HOURLY)).toEqual({ outcome: "undecided", tickAtMs: 2 * HOUR_MS });
    expect(await added()).toBe(0);
    await direct.hset(keys.cursors, "hourly", 3 * HOUR_MS);
    expect(await give(HOURLY)).toMatchObject(started);
    expect(await give(jobOf("never-led", {}, { everyMs: HOUR_MS }))).toMatchObject(started);
  });

  it("starts nothing where a tick of an earlier schedule is not decided yet", async ({ bundle }) => {
    const { operator, direct, keys } = bundle;
    await direct.set(keys.term, "1:token");
    const changed = jobOf("hourly", {}, { everyMs: HOUR_MS / 2 });
    const open = (job: Job, nowMs: number) =>
      loadJobStates(direct, keys, { fence: "1:token", jobs: [job], nowMs, format: FORMAT });
    await open(HOURLY, 0);
    await open(changed, 3 * HOUR_MS);
    const give = (tickAtMs: number) => operator.backfill(changed, [tickAtMs]);
    expect(await give(2 * HOUR_MS)).toEqual({ outcome: "undecided", tickAtMs: 2 * HOUR_MS });
    expect(await give(1.5 * HOUR_MS)).toMatchObject(started);
    expect(await give(3.5 * HOUR_MS)).toEqual({ outcome: "undecided", tickAtMs: 3.5 * HOUR_MS });
  });

  it("records and answers what Redis added, and nothing else", async ({ bundle }) => {
    const { operator, redis, direct, keys, actions, added } = bundle;
    expect(await operator.backfill(HOURLY, [0])).toMatchObject(started);
    // The connection believes that the server still knows BullMQ's scripts.
    const time = redis.time.bind(redis);
    Object.assign(redis, { time: () => direct.script("FLUSH").then(() => time()) });
    const give = () => operator.backfill(HOURLY, [HOUR_MS, 2 * HOUR_MS], { requestId });
    const refused = { code: "BW_BACKFILL_REFUSED", fields: { added: 0, of: 2 } };
    await expect(give()).rejects.toMatchObject(refused);
    await expect(give()).rejects.toMatchObject(refused);
    expect(await added()).toBe(1);
    expect(await actions()).toEqual(["backfill"]);
    expect(await readHistory(direct, keys, "hourly", 10)).toHaveLength(1);
  });

  it("is never sent on another connection than its WATCH", async ({ bundle }) => {
    const { operator, redis, added } = bundle;
    expect(await operator.backfill(HOURLY, [0])).toMatchObject(started);
    reconnectAfterGet(redis);
    const give = () => operator.backfill(HOURLY, [HOUR_MS], { requestId });
    await expect(give()).rejects.toMatchObject({ code: "BW_CONNECTION_CHANGED" });
    expect(await added()).toBe(1);
    expect(await give()).toMatchObject(started);
  });

  it("leaves no transaction half way behind when several are given at once", async ({ bundle }) => {
    const { operator, added } = bundle;
    const all = Array.from({ length: 5 }, (_, i) => operator.backfill(HOURLY, [i * HOUR_MS]));
    for (const answer of await Promise.all(all)) expect(answer).toMatchObject(started);
    expect(await added()).toBe(5);
  });
});
