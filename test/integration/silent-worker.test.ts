import { describe, expect } from "vitest";
import { connectRedis } from "../../src/redis/connect.ts";
import { type Direction, FaultyLink } from "../support/faulty-link.ts";
import { test } from "../support/fixtures.ts";
import { startRedis } from "../support/redis-server.ts";
import { cluster, type EventRecord, gate, type HandlerBody, type Member } from "./worker.setup.ts";

/** One replica's workers behind a link, and their runs. */
const it = test.extend("setup", ({ defer }) => async (bodies: Record<string, HandlerBody> = {}) => {
  const redis = await startRedis();
  const link = await FaultyLink.to(redis.port);
  const made = cluster(redis);
  defer(() => redis.stop());
  defer(() => link.stop());
  defer(() => made.close());
  const url = `redis://127.0.0.1:${link.port}`;
  const shared = connectRedis({ kind: "url", url }, "worker", "bellwether:r:worker");
  const calls: string[] = [];
  const count: HandlerBody = (_data, run) => calls.push(run.id);
  const { events } = await made.start(
    "r",
    { tick: count, ...bodies },
    {
      more: { connect: () => shared },
    },
  );
  await made.launch("tick", { at: at(0) });
  await events.wait("run.completed");
  return { ...made, link, shared, events, calls };
});

function at(second: number): string {
  return new Date(Date.UTC(2026, 10, 23, 7, 0, second)).toISOString();
}

/** Each run was done once and is recorded as that. */
function expectEachOnce({ events, calls }: Pick<Member, "events"> & { calls: string[] }, runs: number) {
  expect(calls.length).toBe(new Set(calls).size);
  expect(events.of("run.completed").length).toBe(runs);
  expectNoHarm(events);
}

function expectNoHarm(events: EventRecord): void {
  for (const name of ["run.failed", "run.lost", "worker.error"] as const) expect(events.of(name)).toEqual([]);
}

describe("the workers of a replica", () => {
  it.for<[string, readonly Direction[]]>([
    ["worker", ["requests"]],
    ["worker", ["requests", "replies"]],
    ["blocking", ["requests"]],
    ["blocking", ["replies"]],
    ["blocking", ["requests", "replies"]],
  ])("go on when their %s connection falls silent (%j)", async ([name, directions], { setup }) => {
    const deployment = await setup();
    deployment.link.silence(name, directions);
    for (let second = 1; second <= 5; second++) await deployment.launch("tick", { at: at(second) });
    await deployment.events.wait("run.completed", 6);
    expectEachOnce(deployment, 6);
  });

  it("miss no run when the answers of their shared connection are lost", async ({ setup }) => {
    const deployment = await setup();
    deployment.link.silence("worker", ["replies"]);
    // What the first, unanswered command has taken is found when its lock runs out.
    for (let second = 1; second <= 5; second++) await deployment.launch("tick", { at: at(second) });
    await deployment.events.wait("run.completed", 6);
    expectEachOnce(deployment, 6);
  });

  it("keep the locks of what they do through the silence", async ({ setup }) => {
    const work = gate();
    const begun = gate();
    const deployment = await setup({
      long: async () => {
        begun.open();
        await work.opened;
      },
    });
    await deployment.launch("long");
    await begun.opened;
    deployment.link.silence("worker");
    await deployment.events.wait("worker.heard");
    work.open();
    await deployment.events.wait("run.completed", 2);
    expectNoHarm(deployment.events);
  });

  it("tell once that they hear nothing, and once that they do again", async ({ setup }) => {
    const deployment = await setup();
    deployment.link.hold(["replies"]);
    const told = await deployment.events.wait("worker.silent");
    expect(told).toEqual({ connection: "bellwether:r:worker", forMs: expect.any(Number) });
    // They try again and again, and the blocking connection is silent after a while as well.
    for (let tries = 0; tries < 3; tries++)
      await new Promise(resolve => deployment.shared.once("close", resolve));
    deployment.link.release("reset");
    await deployment.events.wait("worker.heard");
    expect(deployment.events.of("worker.silent")).toHaveLength(1);
    expect(deployment.events.of("worker.heard")).toHaveLength(1);
    await deployment.launch("tick", { at: at(1) });
    await deployment.events.wait("run.completed", 2);
  });

  it("do each run once through a pause of the server that is longer than their limit", async ({ setup }) => {
    const deployment = await setup();
    for (let second = 1; second <= 5; second++) await deployment.launch("tick", { at: at(second) });
    await deployment.connection.client("PAUSE", 9_000);
    await deployment.events.wait("run.completed", 6);
    for (let second = 6; second <= 10; second++) await deployment.launch("tick", { at: at(second) });
    await deployment.events.wait("run.completed", 11);
    expectEachOnce(deployment, 11);
  });
});
