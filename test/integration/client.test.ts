import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Queue, Worker } from "bullmq";
import { describe, expect } from "vitest";
import { type ConnectOptions, connect } from "../../src/client/connect.ts";
import { isBellwetherError } from "../../src/errors.ts";
import { newRequestId } from "../../src/launch/requests.ts";
import { test as base } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";

const NEVER = '"2100-01-01T00:00:00Z"';
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

const test = base
  /** A client that is closed with the test. */
  .extend("open", ({ defer }) => async (options: ConnectOptions) => {
    const client = await connect({ by: "ann", ...options });
    defer(() => client.close());
    return client;
  })
  /** A project without replicas, on the file's Redis. */
  .extend("project", ({ server, keys, makeProject }) => async (...jobs: readonly string[]) => {
    return makeProject({
      "config/bellwether.yaml": `namespace: ${keys.bullmqPrefix.slice(1, -1)}\nredis: { url: "${server.url}" }\n`,
      "config/jobs.yaml": ["jobs:", ...jobs.map(job => `  ${job}`)].join("\n"),
    });
  });

test("waits for a run in the queue of another program until that program has ended it", {
  timeout: 60_000,
}, async ({ connect: connectTo, deploy, open, defer }) => {
  const prefix = `team-${namespace()}`;
  const deployment = await deploy({
    jobs: [`order: { at: [${NEVER}], queue: orders }`],
    settings: [`queues: { orders: { prefix: "${prefix}", consume: false } }`],
  });
  const worker = new Worker("orders", async () => "shipped", {
    ...{ prefix, autorun: false },
    connection: await connectTo("worker"),
  });
  defer(() => worker.close(true));
  const client = await open({ config: deployment.project.configDir });
  await expect(client.trigger("order", { wait: true, timeoutMs: 1 })).rejects.toMatchObject({
    code: "BW_WAIT_TIMEOUT",
  });
  void worker.run();
  expect(await client.trigger("order", { wait: true })).toMatchObject({ result: "shipped", attempts: 1 });
});

test("waits for the end of a run that its program does not keep, and not for ever for a removed one", {
  timeout: 60_000,
}, async ({ connect: connectTo, deploy, open, defer }) => {
  const prefix = `team-${namespace()}`;
  const deployment = await deploy({
    jobs: [`order: { at: [${NEVER}], queue: orders }`],
    settings: [`queues: { orders: { prefix: "${prefix}", consume: false } }`],
  });
  deployment.start("--roles", "scheduler");
  await deployment.when("leader.elected");
  const worker = new Worker("orders", async () => "shipped", {
    ...{ prefix, autorun: false, removeOnComplete: { count: 0 } },
    connection: await connectTo("worker"),
  });
  defer(() => worker.close(true));
  const client = await open({ config: deployment.project.configDir });
  const request = { requestId: newRequestId(), wait: true } as const;
  await expect(client.trigger("order", { ...request, timeoutMs: 1 })).rejects.toThrow();
  const queue = new Queue("orders", { connection: await connectTo("worker"), prefix });
  defer(() => queue.close());
  // Unlike `remove`, it adds no event.
  await queue.drain();
  await expect(client.trigger("order", request)).rejects.toMatchObject({ code: "BW_RUN_REMOVED" });
  void worker.run();
  expect(await client.trigger("order", { wait: true })).toMatchObject({ result: null, attempts: 0 });
});

describe("a client beside a real replica", () => {
  test("sees the cluster, and gets what its runs come to", { timeout: 120_000 }, async ({
    deploy,
    open,
    server,
  }) => {
    const deployment = await deploy({
      jobs: [
        `sum: { at: [${NEVER}], handler: sum, data: { a: 1, b: 2 } }`,
        `broken: { at: [${NEVER}], handler: broken, retry: { attempts: 2, delay: 1ms } }`,
        `slow: { at: [${NEVER}], handler: slow }`,
      ],
      handlers: {
        sum: "return data.a + data.b;",
        broken: 'throw new TypeError("no paper");',
        slow: 'await opened("slow"); return "late";',
      },
    });
    const replica = deployment.start();
    const { term } = await deployment.when("leader.elected");
    const client = await open({ config: deployment.project.configDir });

    expect(await client.status()).toMatchObject({
      leader: { replica: (await replica.when("replica.started")).replica, term },
      jobs: [{ name: "sum" }, { name: "broken" }, { name: "slow" }],
    });
    const three = await client.trigger("sum", { wait: true });
    expect(three).toEqual({ run: expect.stringMatching(/^sum@manual-/), result: 3, attempts: 1 });
    expect(await client.trigger("sum", { data: { b: 40 }, wait: true })).toMatchObject({ result: 41 });

    const failed = await client.trigger("broken", { wait: true }).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "BW_RUN_FAILED", fields: { attempts: 2, error: "no paper" } });
    expect((failed as Error).cause).toMatchObject({
      message: "no paper",
      stack: expect.stringMatching(/^TypeError: no paper\n.*broken\.ts/),
    });

    const requestId = newRequestId();
    const request = { requestId, wait: true } as const;
    await expect(client.trigger("slow", { ...request, timeoutMs: 1.5 })).rejects.toMatchObject({
      code: "BW_WAIT_TIMEOUT",
      fields: { timeoutMs: 1.5 },
    });
    const reason = new Error("not any more");
    const giveUp = new AbortController();
    const waiting = client.trigger("slow", { ...request, signal: giveUp.signal });
    giveUp.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await deployment.open("slow");
    expect(await client.trigger("slow", request)).toMatchObject({ result: "late" });
    const started = (await client.history("slow")).filter(({ outcome }) => outcome === "launched");
    expect(started).toMatchObject([{ by: "ann", kind: "manual" }]);

    // Without the configuration, by the address alone.
    const stranger = await open({ redis: server.url, namespace: deployment.namespace });
    expect((await stranger.jobs()).map(({ name }) => name)).toEqual(["broken", "slow", "sum"]);
    expect(await stranger.next("sum")).toMatchObject([{ tick: "2100-01-01T00:00:00.000Z" }]);
    expect(await stranger.pause("sum")).toEqual({
      job: "sum",
      paused: true,
      since: ISO,
      until: null,
      reason: null,
      changed: true,
    });
    expect(await stranger.skipNext("slow")).toEqual({ job: "slow", skips: "2100-01-01T00:00:00.000Z" });
    await expect(stranger.trigger("sum")).rejects.toMatchObject({ code: "BW_CONFIG_NEEDED" });
    await expect(stranger.pause("sun")).rejects.toMatchObject({
      code: "BW_JOB_UNKNOWN",
      fields: { guess: "sum" },
    });
    expect(await stranger.stepDown()).toMatchObject({
      steppedDown: term,
      leader: { term: Number(term) + 1 },
    });
  });
});

describe("a client", () => {
  test("pauses and resumes all jobs, or those that match a pattern", async ({ project, open }) => {
    const { configDir } = await project(
      "report-a: { every: 1h, handler: x }",
      "report-b: { every: 1h, handler: x }",
      "other: { every: 1h, handler: x }",
    );
    const client = await open({ config: configDir });
    const reports = [
      { job: "report-a", paused: true, since: ISO, until: null, reason: null, changed: true },
      { job: "report-b", paused: true, since: ISO, until: null, reason: null, changed: true },
    ];
    const requestId = newRequestId();
    expect(await client.pauseAll("report-*", { requestId })).toEqual(reports);
    // The answer was lost, say: the same request is answered again, and changes nothing.
    expect(await client.pauseAll("report-*", { requestId })).toEqual(reports);
    await expect(client.pauseAll("*", { requestId })).rejects.toMatchObject({ code: "BW_REQUEST_REUSED" });
    // By then another client knows a job more.
    const later = await project(
      "report-a: { every: 1h, handler: x }",
      "report-b: { every: 1h, handler: x }",
      "report-c: { every: 1h, handler: x }",
    );
    const other = await open({ config: later.configDir });
    expect(await other.pauseAll("report-*", { requestId })).toEqual(reports);
    expect((await client.pauseAll()).map(({ changed }) => changed)).toEqual([false, false, true]);
    expect((await client.resumeAll("*r*")).map(({ changed }) => changed)).toEqual([true, true, true]);
    expect((await client.audit({ limit: 100 })).map(({ action, by }) => `${by}: ${action}`)).toEqual([
      ...Array(3).fill("ann: resume"),
      ...Array(3).fill("ann: pause"),
    ]);
    await expect(client.pauseAll("x*")).rejects.toMatchObject({ code: "BW_JOB_UNKNOWN" });
  });

  test("previews a backfill, and starts it once for each request", async ({ project, open }) => {
    const { configDir } = await project("hourly: { every: 1h, handler: x, overlap: skip }");
    const client = await open({ config: configDir });
    const range = { from: new Date("2026-01-01T00:30:00Z"), to: new Date("2026-01-01T02:00:00Z") };
    const ticks = ["2026-01-01T01:00:00.000Z", "2026-01-01T02:00:00.000Z"];
    expect(await client.backfill("hourly", { ...range, dryRun: true })).toEqual({
      job: "hourly",
      ticks,
      runs: [],
    });
    await expect(client.backfill("hourly", range)).rejects.toMatchObject({ code: "BW_BACKFILL_OVERLAP" });
    const requestId = newRequestId();
    const first = await client.backfill("hourly", { ...range, overlap: "allow", requestId });
    expect(first).toEqual({ job: "hourly", ticks, runs: [expect.any(String), expect.any(String)] });
    expect(await client.backfill("hourly", { ...range, overlap: "allow", requestId })).toEqual(first);
    expect(await client.history("hourly")).toHaveLength(2);
  });

  test("rejects with a code for what cannot be", async ({ project, open, server }) => {
    const { configDir } = await project("hourly: { every: 1h, handler: x }");
    const client = await open({ config: configDir });
    const at = (text: string) => new Date(text);
    const [early, late] = [at("2026-01-01T00:00:00Z"), at("2026-01-01T00:10:00Z")];
    const codes = (calls: readonly Promise<unknown>[]) =>
      Promise.all(
        calls.map(call =>
          call.then(
            () => "resolved",
            (error: unknown) => (isBellwetherError(error) ? error.code : error),
          ),
        ),
      );
    expect(
      await codes([
        client.history("hourli"),
        client.pause("hourli"),
        client.trigger("hourli"),
        client.trigger("hourly", { data: { _tick: 1 } }),
        client.keepNext("hourly"),
        client.stepDown(),
        client.backfill("hourly", { from: late, to: early }),
        client.backfill("hourly", { from: early, to: at("2999-01-01T00:00:00Z") }),
        client.backfill("hourly", { from: at("2026-01-01T00:01:00Z"), to: late }),
        client.backfill("hourly", { from: at("2025-01-01T00:00:00Z"), to: late }),
        client.next("hourly", { from: late, until: early }),
        client.next("hourly", { count: Number.NaN }),
        client.next("hourly", { from: at("never") }),
        client.backfill("hourly", { from: at("never"), to: late }),
        client.history("hourly", { limit: 0 }),
        client.trigger("hourly", { wait: true, timeoutMs: -1 }),
        client.trigger("hourly", { data: null as never }),
        client.trigger("hourly", { data: [1] as never }),
        client.trigger("hourly", { data: { sum: 1n } }),
        client.pause("hourly", { requestId: "" }),
        connect({ redis: "http://x" }),
        connect({ config: "/nowhere" }),
        connect({ confg: "./config" } as never),
        connect({ config: 5 as never }),
        connect({ config: "./config", redis: server.url } as never),
        connect(null as never),
      ]),
    ).toEqual([
      ...["BW_JOB_UNKNOWN", "BW_JOB_UNKNOWN", "BW_JOB_UNKNOWN", "BW_ARGUMENT_INVALID", "BW_NO_SKIP"],
      ...["BW_NO_LEADER", "BW_ARGUMENT_INVALID", "BW_ARGUMENT_INVALID", "BW_BACKFILL_EMPTY"],
      ...["BW_BACKFILL_TOO_MANY", "BW_ARGUMENT_INVALID"],
      ...Array(9).fill("BW_ARGUMENT_INVALID"),
      ...Array(6).fill("BW_CONFIG_INVALID"),
    ]);
    await expect(connect({ redis: { url: server.url, user: "x" } as never })).rejects.toThrow(
      "connect(): redis.user: unknown key",
    );
    // A value of a program is meant as it is.
    const literal = ["$", "{HOME}"].join("");
    await expect(connect({ namespace: literal })).rejects.toThrow(
      `connect(): namespace: found \`${literal}\``,
    );
    expect(await client.history("hourly")).toEqual([]);
    await client.close();
    await client.close();
    expect(await codes([client.status(), client.pause("hourly")])).toEqual([
      "BW_CLIENT_CLOSED",
      "BW_CLIENT_CLOSED",
    ]);
  });

  test("asks nobody for the coming ticks of its configuration", async ({ makeProject, open }) => {
    const { configDir } = await makeProject({
      "config/bellwether.yaml": 'redis: { url: "redis://127.0.0.1:1" }\n',
      "config/jobs.yaml": "jobs:\n  hourly: { every: 1h, handler: x }\n",
    });
    const client = await open({ config: configDir });
    expect(await client.next("hourly", { from: new Date("2026-01-01T00:00:00Z"), count: 1 })).toEqual([
      { job: "hourly", tick: "2026-01-01T00:00:00.000Z", local: "2026-01-01 00:00 UTC" },
    ]);
    await expect(client.status()).rejects.toMatchObject({
      code: "BW_REDIS_UNREACHABLE",
      message: "cannot reach Redis at redis://127.0.0.1:1: ECONNREFUSED",
    });
  });

  test.for(["before", "after", "late"] as const)(
    "repeats a request when its connection breaks %s it has arrived, and it is carried out once",
    async (at, { link, project, open }) => {
      const { configDir } = await project("hourly: { every: 1h, handler: x }");
      const file = path.join(configDir, "bellwether.yaml");
      const settings = await readFile(file, "utf8");
      await writeFile(file, settings.replace(/url: "[^"]*"/, `url: "${link.url}"`));
      const client = await open({ config: configDir });
      // Known to the server already, the script is sent once.
      const { skips: first } = await client.skipNext("hourly");
      const broken = Promise.withResolvers<void>();
      link.armTrip(at, "skip-next", () => broken.resolve());
      const { skips: second } = await client.skipNext("hourly");
      await broken.promise;
      const done = (await client.audit()).map(({ ticks }) => ticks);
      expect(done).toEqual([[second], [first]]);
    },
  );

  test("says that the outcome is unknown when Redis stays away, and works again when it is back", async ({
    link,
    keys,
    open,
  }) => {
    const client = await open({ redis: link.url, namespace: keys.bullmqPrefix.slice(1, -1) });
    expect(await client.audit()).toEqual([]);
    await expect(client.stepDown()).rejects.toMatchObject({ code: "BW_NO_LEADER" });
    link.armTrip("before", "stepdown", () => link.cut());
    await expect(client.stepDown()).rejects.toMatchObject({
      code: "BW_REDIS_LOST",
      message: expect.stringMatching(/went away.*whether the command was carried out is unknown/),
    });
    await expect(client.audit()).rejects.toMatchObject({ code: expect.stringMatching(/^BW_REDIS_/) });
    link.disarmTrip();
    link.mend();
    expect(await client.audit()).toEqual([]);
  });
});
