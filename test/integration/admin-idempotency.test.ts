import { describe, expect } from "vitest";
import { type CallOptions, test } from "../support/admin.ts";
import { FaultyLink } from "../support/faulty-link.ts";

const JOBS = ["a", "b", "c"].map(name => `${name}: { at: ['2100-01-01T00:00:00Z'], command: ['true'] }`);

function keyed(key: string, body: unknown): CallOptions {
  return { as: "operator", method: "POST", headers: { "idempotency-key": key }, body };
}

describe("a request that is sent again with its Idempotency-Key", () => {
  test("does not act on jobs that its filter finds only now", async ({ serve }) => {
    const { call } = await serve({ jobs: JOBS });
    const filter = { state: "paused" };
    await call("/jobs:pause", keyed("1", { names: ["a", "b"] }));
    const first = await call("/jobs:resume", keyed("2", { filter }));
    expect(first.body).toMatchObject({ count: 2 });
    await call("/jobs:pause", keyed("3", { names: ["c"] }));
    const again = await call("/jobs:resume", keyed("2", { filter }));
    expect(again.body).toEqual(first.body);
    expect(await call("/jobs/c", { as: "viewer" })).toMatchObject({ body: { paused: true } });
  });

  test("acts on the jobs of the first time where the replica died before it answered", async ({
    serve,
    connect,
    keys,
  }) => {
    const { call } = await serve({ jobs: JOBS });
    await call("/jobs:pause", keyed("1", { names: ["a", "b"] }));
    const first = await call("/jobs:resume", keyed("2", { filter: { state: "paused" } }));
    const redis = await connect("plain");
    // What is left when the claim has expired: the marks go, and what was remembered of the names stays.
    for (const mark of await redis.keys(`${keys.idempotency("")}*`)) {
      if ((await redis.get(mark))?.startsWith("{")) await redis.del(mark);
    }
    await call("/jobs:pause", keyed("3", { names: ["c"] }));
    const again = await call("/jobs:resume", keyed("2", { filter: { state: "paused" } }));
    expect(again.body).toEqual(first.body);
  });

  test("gets the first answer when what it asks for would be refused by now", async ({ serve }) => {
    const { call } = await serve({ jobs: JOBS });
    const until = new Date(Date.now() + 1_500).toISOString();
    const first = await call("/jobs/a/pause", keyed("1", { until }));
    expect(first).toMatchObject({ status: 200, body: { changed: true } });
    await expect
      .poll(() => call("/jobs/b/pause", { as: "operator", body: { until } }), { timeout: 10_000 })
      .toMatchObject({ status: 400 });
    expect(await call("/jobs/a/pause", keyed("1", { until }))).toMatchObject({
      status: 200,
      body: first.body,
    });
  });

  test("is another request when another person sends it", async ({ serve }) => {
    const { call } = await serve({ jobs: JOBS });
    await call("/jobs/a/pause", keyed("1", {}));
    expect(await call("/jobs/a/pause", { ...keyed("1", {}), as: "admin" })).toMatchObject({
      status: 422,
      body: {
        code: "BW_REQUEST_REUSED",
        detail: expect.stringMatching(/by olga" before, and now for ".* by anna"/),
      },
    });
  });

  test("is carried out although the answer to its claim was lost", async ({ serve, server, defer }) => {
    const link = await FaultyLink.to(server.port);
    defer(() => link.stop());
    const { call } = await serve({ jobs: JOBS, redis: link.url });
    await call("/jobs/b/pause", keyed("0", {}));
    let hasTripped = false;
    link.armTrip("after", "isRunning", () => {
      hasTripped = true;
    });
    expect(await call("/jobs/a/pause", keyed("1", {}))).toMatchObject({ status: 200 });
    expect(hasTripped).toBe(true);
  });

  test("is refused, and no failure of the server, where its body is nested too deep", async ({ serve }) => {
    const { call } = await serve({ jobs: JOBS });
    const nested = (depth: number) => `{"data":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}`;
    for (const [depth, status] of [
      [20_000, 400],
      [101, 400],
      [90, 200],
    ] as const) {
      const answer = await call("/jobs/a/trigger", keyed(`${depth}`, nested(depth)));
      expect({ depth, status: answer.status }).toEqual({ depth, status });
    }
  });
});
