import { describe, expect } from "vitest";
import { connectRedis } from "../../src/redis/connect.ts";
import { RunClaims } from "../../src/worker/run-claims.ts";
import { test as base } from "../support/fixtures.ts";
import { cluster, gate } from "./worker.setup.ts";

const OLDER = "2026-11-23T07:00:00.000Z";
const NEWER = "2026-11-23T08:00:00.000Z";
const SKIP = { overlap: "skip" } as const;

/** Two runs of a job whose older one has failed, and whose newer one is at work until `free` is opened. */
const test = base.extend("withRetriedRun", ({ server, defer }) => async () => {
  const made = cluster(server);
  defer(() => made.close());
  const { start, launch, queue } = made;
  const free = gate();
  const worked: string[] = [];
  const report = async (_data: unknown, { id }: { id: string }) => {
    worked.push(`${id} begins`);
    if (worked.length === 1) throw new Error("boom");
    if (worked.length === 2) await free.opened;
    worked.push(`${id} ends`);
  };
  const first = await start("pod-1", { report }, SKIP);
  const second = await start("pod-2", { report }, SKIP);
  const older = await launch("report", { at: OLDER });
  await Promise.race([first.events.wait("run.failed"), second.events.wait("run.failed")]);
  const newer = await launch("report", { at: NEWER });
  while (worked.length < 2) await new Promise(resolve => setImmediate(resolve));
  const returned = Promise.race([first.events.wait("run.returned"), second.events.wait("run.returned")]);
  const completed = async (count: number) => {
    while ((await queue.getCompletedCount()) < count) await new Promise(resolve => setImmediate(resolve));
  };
  return { ...made, older, newer, free, worked, report, returned, completed };
});

describe("a run that is put back from outside", () => {
  test("waits while a newer one is at work, and does not use up an attempt", async ({ withRetriedRun }) => {
    const { older, newer, free, worked, returned, completed, queue } = await withRetriedRun();
    await older.retry();
    expect(await returned).toMatchObject({
      run: older.id,
      reason: `overlap: ${newer.id} has not ended`,
      reasonCode: "run_unfinished",
    });
    free.open();
    await completed(2);
    expect(worked.slice(1)).toEqual([
      `${newer.id} begins`,
      `${newer.id} ends`,
      `${older.id} begins`,
      `${older.id} ends`,
    ]);
    expect((await queue.getJob(older.id ?? ""))?.attemptsMade).toBe(2);
  });

  test("waits for the end of a handler whose run was removed meanwhile", async ({ withRetriedRun }) => {
    const { older, newer, free, worked, returned, completed, queue, keys, connection } =
      await withRetriedRun();
    await queue.pause();
    await connection.del(queue.toKey(`${newer.id}:lock`));
    await newer.remove();
    await older.retry();
    await queue.resume();
    expect(await returned).toMatchObject({
      reason: `overlap: ${newer.id} has not ended`,
      reasonCode: "run_unfinished",
    });
    expect(worked).toHaveLength(2);
    free.open();
    await completed(1);
    expect(worked.slice(2)).toEqual([`${newer.id} ends`, `${older.id} begins`, `${older.id} ends`]);
    expect(await connection.exists(keys.working("report"))).toBe(0);
    const history = await connection.xrange(keys.history("report"), "-", "+");
    expect(history.map(([, fields]) => fields)).toEqual([["run", newer.id, "result", "removed"]]);
  });

  test("finds the claim of the run at work kept for as long as its handler works", async ({
    server,
    defer,
  }) => {
    const made = cluster(server);
    defer(() => made.close());
    const { start, launch, keys, connection } = made;
    const free = gate();
    await start("pod-1", { report: () => free.opened }, { ...SKIP, timing: { lockDurationMs: 2_000 } });
    await launch("report");
    const leftMs = () => connection.pttl(keys.working("report"));
    while ((await leftMs()) <= 0) await new Promise(resolve => setImmediate(resolve));
    for (let before = await leftMs(); ; ) {
      const now = await leftMs();
      if (now > before) break;
      before = now;
    }
    free.open();
  });

  test("runs beside others where it is a backfill, or the job allows it", async ({ server, defer }) => {
    const made = cluster(server);
    defer(() => made.close());
    const { start, queue } = made;
    const free = gate();
    let atWork = 0;
    const report = async () => {
      atWork++;
      await free.opened;
    };
    await start("pod-1", { report }, SKIP);
    const stamp = (kind: string) => ({ _tick: { at: OLDER, kind, term: 0 } });
    await queue.add("report", stamp("manual"), { jobId: "manual" });
    await queue.add("report", stamp("backfill"), { jobId: "one" });
    await queue.add("report", stamp("backfill"), { jobId: "two" });
    while (atWork < 3) await new Promise(resolve => setImmediate(resolve));
    free.open();
  });
});

test("a claim ends with its handler, also when Redis refuses that at first", async ({ server, defer }) => {
  const made = cluster(server);
  const worker = connectRedis({ kind: "url", url: server.url }, "worker", "test:claims");
  defer(() => made.close());
  defer(() => worker.disconnect());
  const { keys, connection, launch } = made;
  const claims = new RunClaims({ redis: worker, keys, queue: "default", ttlMs: 3_600_000 });
  const { id = "" } = await launch("report");
  const run = { job: "report", id, token: "1" };
  const released = async () => {
    while (await connection.exists(keys.working("report")))
      await new Promise(resolve => setImmediate(resolve));
  };
  expect(await claims.claim(run)).toEqual({ outcome: "claimed" });
  // Once without trouble, so that Redis knows the script.
  claims.release(run);
  await released();
  await claims.claim(run);
  await connection.config("SET", "min-replicas-to-write", 9);
  claims.release(run);
  await worker.ping();
  expect(await connection.exists(keys.working("report"))).toBe(1);
  await connection.config("SET", "min-replicas-to-write", 0);
  await released();
});
