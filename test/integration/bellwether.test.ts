import { once } from "node:events";
import { type } from "arktype";
import { Queue } from "bullmq";
import { Cluster, Redis } from "ioredis";
import { Registry } from "prom-client";
import * as v from "valibot";
import { describe, expect } from "vitest";
import { z } from "zod";
import {
  type Bellwether,
  type BellwetherOptions,
  currentRun,
  defineJob,
  isBellwetherError,
} from "../../src/index.ts";
import { readDefinitions } from "../../src/launch/definition.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { ownLogger, test, when } from "../support/embedded.ts";

const NOTHING = { every: "1h", run: () => undefined };

test("runs a job in code, with the data that its schema returns and the program's context", async ({
  config,
  connect,
  embed,
}) => {
  const calls: unknown[] = [];
  const bellwether = embed({
    jobs: {
      report: defineJob({
        every: "1s",
        schema: z.object({ format: z.string(), copies: z.number().default(2) }),
        data: { format: "csv" },
        run: (data, run) => void calls.push([data, run.job, run.context, currentRun()?.job]),
      }),
    },
    context: { db: "pool" },
  });
  const completed = when(bellwether, "run.completed");
  expect(bellwether.health()).toMatchObject({ isReady: false, problems: ["the replica has not started"] });
  await bellwether.start();
  expect(await completed).toMatchObject({ job: "report", attempt: 1 });
  expect(calls[0]).toEqual([{ format: "csv", copies: 2 }, "report", { db: "pool" }, "report"]);
  expect(currentRun()).toBe(null);
  expect(bellwether.health()).toEqual({ isAlive: true, isReady: true, problems: [] });
  const definitions = await readDefinitions(await connect("plain"), redisKeys(config.namespace));
  expect(definitions.get("report")).toMatchObject({ scheduleText: "every 1s", queue: "default" });
  expect(await bellwether.stop()).toBe(true);
  expect(bellwether.isReady()).toBe(false);
});

test("adds no listener to the process, and writes nothing to stdout when it has a logger", async ({
  embed,
  onTestFinished,
}) => {
  const before = process.eventNames().map(name => [name, process.listenerCount(name)]);
  const written: unknown[] = [];
  const write = process.stdout.write;
  process.stdout.write = ((chunk: unknown) => written.push(chunk) > 0) as typeof write;
  onTestFinished(() => {
    process.stdout.write = write;
  });
  const { logger, lines } = ownLogger();
  const log = (_data: unknown, run: { log: { info(fields: object, text: string): void } }) =>
    run.log.info({ pages: 3 }, "printed");
  const bellwether = embed({ jobs: { report: { every: "1s", run: log } }, logger });
  const completed = when(bellwether, "run.completed");
  await bellwether.start();
  await completed;
  await bellwether.stop();
  expect(written).toEqual([]);
  expect(process.eventNames().map(name => [name, process.listenerCount(name)])).toEqual(before);
  const ours = { app: "shop", replica: bellwether.id };
  expect(lines).toContainEqual(
    expect.objectContaining({ ...ours, event: "leader.elected", level: 30, term: 1 }),
  );
  expect(lines).toContainEqual(expect.objectContaining({ ...ours, event: "tick.launched", level: 20 }));
  expect(lines).toContainEqual(
    expect.objectContaining({ ...ours, job: "report", attempt: 1, pages: 3, msg: "printed" }),
  );
});

test("goes on when the logger throws, also for the handler that logs", async ({ embed }) => {
  const fail = () => {
    throw new Error("disk full");
  };
  const logger = { child: fail, debug: fail, info: fail, warn: fail, error: fail };
  const bellwether = embed({
    logger,
    jobs: { report: { every: "1s", run: (_data, run) => run.log.info("printed") } },
  });
  const completed = when(bellwether, "run.completed");
  await bellwether.start();
  expect(await completed).toMatchObject({ job: "report" });
});

describe("the data of a job", () => {
  const SCHEMAS = {
    zod: z.object({ copies: z.number() }),
    valibot: v.object({ copies: v.number() }),
    arktype: type({ copies: "number" }),
  };

  test.for(Object.entries(SCHEMAS))(
    "is checked by a schema of %s before the start",
    async ([, schema], { embed }) => {
      const job = { every: "1h", schema, data: { copies: "two" }, run: () => undefined };
      const error = await embed({ jobs: { report: job } })
        .start()
        .catch((error: unknown) => error);
      expect(isBellwetherError(error, "BW_HANDLERS_INVALID")).toBe(true);
      expect(String(error)).toMatch(
        /new Bellwether\(\{ jobs \}\) job "report": its data does not fit its schema: .*copies/,
      );
    },
  );

  test("fails the run without a retry where it does not fit", async ({ config, connect, embed }) => {
    const redis = await connect("worker");
    const run = () => Promise.reject(new Error("must not be called"));
    const bellwether = embed({
      jobs: {
        report: { every: "1h", schema: SCHEMAS.zod, data: { copies: 1 }, retry: { attempts: 5 }, run },
      },
    });
    await bellwether.start();
    const failed = when(bellwether, "run.failed");
    const queue = new Queue("default", { connection: redis, prefix: `{${config.namespace}}` });
    await queue.add("report", { copies: "two" }, { attempts: 5 });
    expect(await failed).toMatchObject({
      final: true,
      attempt: 1,
      reason: "its data does not fit the schema of its handler",
      reasonCode: "data_invalid",
      error: expect.stringContaining('the data of job "report" does not fit its schema: copies: '),
    });
    await queue.close();
  });

  test.for([
    [
      "throws",
      {
        validate: () => {
          throw new Error("out of paper");
        },
      },
      "the schema threw: out of paper",
    ],
    [
      "is asynchronous",
      { validate: async () => ({ value: {} }) },
      "the schema is asynchronous: use one that answers immediately",
    ],
  ] as const)("is refused by a schema that %s", async ([, standard, problem], { embed }) => {
    const schema = { "~standard": { version: 1, vendor: "test", ...standard } } as const;
    const started = embed({ jobs: { report: { ...NOTHING, schema } } }).start();
    await expect(started).rejects.toThrow(problem);
  });
});

test("says so where a handler reads a context that is not there", async ({ embed }) => {
  const bellwether = embed({ jobs: { report: { every: "1s", run: (_data, run) => String(run.context) } } });
  const failed = when(bellwether, "run.failed");
  await bellwether.start();
  expect((await failed).error).toBe(
    'the handler of job "report" reads run.context, and there is none: give context to new Bellwether(); `bellwether run` and `bellwether dev` have none',
  );
});

describe("the life of a Bellwether", () => {
  test("start() twice is one start", async ({ embed }) => {
    const bellwether = embed({ jobs: { report: NOTHING } });
    const started = bellwether.start();
    expect(bellwether.start()).toBe(started);
    await started;
    expect(await Promise.all([bellwether.stop(), bellwether.stop()])).toEqual([true, true]);
  });

  test("stop() before start() is allowed, and start() after it is refused", async ({ embed }) => {
    const bellwether = embed({ jobs: { report: NOTHING } });
    expect(await bellwether.stop()).toBe(true);
    await expect(bellwether.start()).rejects.toThrow(
      "this Bellwether was stopped and does not start any more: make a new one",
    );
  });

  test("a loop over the events ends when the start fails, and with a stop before it", async ({
    config,
    embed,
  }) => {
    const namesOf = async ({ events }: Bellwether) => {
      const names: string[] = [];
      for await (const event of events) names.push(event.name);
      return names;
    };
    const bad = embed({ config: { ...config, konfig: 1 }, jobs: { report: NOTHING } });
    const failed = namesOf(bad);
    await expect(bad.start()).rejects.toThrow("konfig: unknown key");
    expect(await failed).toEqual(["config.rejected", "replica.failed"]);
    const unused = embed({ jobs: { report: NOTHING } });
    const none = namesOf(unused);
    await unused.stop();
    expect(await none).toEqual([]);
    expect(await namesOf(unused)).toEqual([]);
  });

  test("has no open client after stop(), also where it was not asked for before", async ({ embed }) => {
    const bellwether = embed({ jobs: { report: NOTHING } });
    await bellwether.start();
    await bellwether.stop();
    await expect(bellwether.client.status()).rejects.toMatchObject({ code: "BW_CLIENT_CLOSED" });
  });

  test("start() after a stop of what ran is refused as well", async ({ embed }) => {
    const bellwether = embed({ jobs: { report: NOTHING } });
    await bellwether.start();
    await bellwether.stop();
    await expect(bellwether.start()).rejects.toThrow("make a new one");
  });

  test("stop() ends a start that waits for Redis", async ({ config, embed }) => {
    const bellwether = embed({
      config: { ...config, redis: { url: "redis://127.0.0.1:1" } },
      jobs: { report: NOTHING },
    });
    const unreachable = when(bellwether, "redis.unreachable");
    const started = bellwether.start();
    await unreachable;
    expect(await bellwether.stop()).toBe(true);
    await started;
  });

  test("two in one process are two replicas, of which one leads", async ({ embed }) => {
    const [one, other] = [0, 1].map(() =>
      embed({ id: "web", jobs: { report: NOTHING }, registry: new Registry() }),
    );
    if (!one || !other) throw new Error("BUG");
    const elected = when(one, "leader.elected");
    await one.start();
    await elected;
    const observed = when(other, "leader.observed");
    await other.start();
    expect((await observed).leader).toBe(one.id);
    expect(one.id).not.toBe(other.id);
  });
});

describe("a registry of the program", () => {
  test("has the metrics without a listener, beside the program's own, and without them after stop()", async ({
    embed,
  }) => {
    const registry = new Registry();
    const bellwether = embed({ jobs: { report: { every: "1s", run: () => undefined } }, registry });
    const completed = when(bellwether, "run.completed");
    await bellwether.start();
    await completed;
    const text = await registry.metrics();
    expect(text).toMatch(/^bellwether_leader 1$/m);
    expect(text).not.toMatch(/^process_/m);
    await bellwether.stop();
    expect(await registry.metrics()).not.toContain("bellwether_");
  });

  test("that has our metrics already is refused", async ({ embed }) => {
    const registry = new Registry();
    const jobs = { report: NOTHING };
    const one = embed({ jobs, registry });
    await one.start();
    await expect(embed({ jobs, registry }).start()).rejects.toThrow(
      /^the registry has bellwether_\w+ already: another Bellwether of this process uses it, so give each one a Registry of its own$/,
    );
    expect(await registry.metrics()).toContain("bellwether_leader");
  });
});

describe("a connection of the program", () => {
  const jobs = { report: { every: "1s", run: () => undefined } };
  type Make = Extract<BellwetherOptions["connection"], (...args: never) => unknown>;

  test("may be options of ioredis, whatever they say of retries", async ({ config, server, embed }) => {
    const { redis: _, ...rest } = config;
    const connection = { host: "127.0.0.1", port: server.port, maxRetriesPerRequest: 20, lazyConnect: true };
    const bellwether = embed({ config: rest, connection, jobs });
    const connected = when(bellwether, "redis.connected");
    const completed = when(bellwether, "run.completed");
    await bellwether.start();
    expect((await connected).address).toBe(`redis://127.0.0.1:${server.port}`);
    await completed;
  });

  test("may be a function, which is asked for each connection, and all of them are closed", async ({
    server,
    embed,
  }) => {
    class OwnRedis extends Redis {}
    const made: Redis[] = [];
    const connection: Make = options => {
      const redis = new OwnRedis({ host: "127.0.0.1", port: server.port, ...options });
      made.push(redis);
      return redis;
    };
    const bellwether = embed({ connection, jobs });
    const completed = when(bellwether, "run.completed");
    await bellwether.start();
    await completed;
    await bellwether.stop();
    expect(made.length).toBeGreaterThan(4);
    const ended = made.filter(redis => redis.status !== "end").map(redis => once(redis, "end"));
    await Promise.all(ended);
  });

  test("may be made from a URL with a password and without a user", async ({ startServer, embed }) => {
    const server = await startServer({ args: ["--save", "", "--requirepass", "hunter22"] });
    const url = `redis://:hunter22@127.0.0.1:${server.port}`;
    const bellwether = embed({ connection: options => new Redis(url, options), jobs });
    const unreachable = when(bellwether, "redis.unreachable");
    const completed = when(bellwether, "run.completed");
    const started = bellwether.start();
    expect(await Promise.race([completed, unreachable])).toMatchObject({ job: "report" });
    await started;
  });

  test("keeps its address to itself: a wrong password is named without it", async ({ embed }) => {
    const connection = { host: "127.0.0.1", port: 1, password: "hunter22" };
    const bellwether = embed({ connection, jobs });
    const unreachable = when(bellwether, "redis.unreachable");
    const started = bellwether.start();
    expect(await unreachable).toMatchObject({ address: "redis://127.0.0.1:1", error: "ECONNREFUSED" });
    await bellwether.stop();
    await started;
  });

  const BAD: readonly (readonly [
    string,
    (url: string) => NonNullable<BellwetherOptions["connection"]>,
    string,
  ])[] = [
    [
      "a closed Redis",
      url => options => {
        const redis = new Redis(url, options);
        redis.disconnect();
        redis.status = "end";
        return redis;
      },
      "the function returned a Redis that is closed, expected a new one",
    ],
    [
      "the same Redis twice",
      url => {
        let redis: Redis | null = null;
        return options => {
          redis ??= new Redis(url, options);
          return redis;
        };
      },
      "the function returned the same Redis twice, expected a new one for each call",
    ],
    [
      "another maxRetriesPerRequest",
      url => options => new Redis(url, { ...options, maxRetriesPerRequest: 20 }),
      "the function returned a Redis with maxRetriesPerRequest 20, and it was asked for 0",
    ],
    [
      "a limit for commands",
      url => options => new Redis(url, { ...options, commandTimeout: 5_000 }),
      "the function returned a Redis with commandTimeout 5000, and it was asked for none",
    ],
    [
      "an end to its attempts to connect",
      url => options => new Redis(url, { ...options, retryStrategy: () => null }),
      "the function returned a Redis with retryStrategy of its own, and it was asked for the given one",
    ],
    [
      "a client of a cluster",
      () => () => new Cluster([{ host: "127.0.0.1", port: 1 }]) as never,
      "redis.cluster of the configuration",
    ],
    [
      "a promise",
      url => (async () => new Redis(url, { lazyConnect: true })) as never,
      "the function returned a promise, expected a new Redis",
    ],
    ["nothing", () => (() => undefined) as never, "the function returned no Redis of ioredis"],
    [
      "an error",
      () => () => {
        throw new Error("no secret");
      },
      "the function threw: no secret",
    ],
    [
      "a prefix of keys",
      url => options => new Redis(url, { ...options, keyPrefix: "shop:" }),
      "it has a keyPrefix",
    ],
    [
      "a Redis in place of its options",
      url => new Redis(url, { lazyConnect: true }) as never,
      "found a Redis, expected its options or a function",
    ],
    ["options with a prefix of keys", () => ({ keyPrefix: "shop:" }), "it has a keyPrefix"],
  ];

  test.for(BAD)("is refused in one line: %s", async ([, make, problem], { server, embed }) => {
    const bellwether = embed({ connection: make(server.url), jobs });
    const error = await bellwether.start().catch((error: unknown) => error);
    expect(isBellwetherError(error, "BW_CONNECTION_INVALID")).toBe(true);
    expect(String(error)).toContain(problem);
    expect(String(error)).not.toContain("\n");
  });
});

test("mixes jobs of a folder and of code, and names both places of a name that is in both", async ({
  config,
  embed,
  makeProject,
}) => {
  const project = await makeProject({
    "config/bellwether.yaml": JSON.stringify(config),
    "config/jobs.yaml": "jobs:\n  backup: { every: 1s, handler: backup }\n",
    "jobs/backup.ts":
      'const backup = (_data, { context, job }) => void context.done.push(job);\nexport default Object.assign(backup, { [Symbol.for("bellwether.handler")]: 1 });\n',
  });
  const done: string[] = [];
  const run = (_data: object, { context }: { context: unknown }) =>
    void (context as { done: string[] }).done.push("report");
  const bellwether = embed({
    config: project.configDir,
    context: { done },
    jobs: { report: { every: "1s", run } },
  });
  const completed = ["backup", "report"].map(job =>
    when(bellwether, "run.completed", fields => fields.job === job),
  );
  await bellwether.start();
  await Promise.all(completed);
  expect(new Set(done)).toEqual(new Set(["backup", "report"]));
  await bellwether.stop();
  const twice = embed({ config: project.configDir, jobs: { backup: NOTHING } }).start();
  await expect(twice).rejects.toThrow(
    /^new Bellwether\(\{ jobs \}\) jobs\.backup: the job is defined already at .*config\/jobs\.yaml:2:3$/,
  );
});

test("takes over a change of the folder while it runs, and not with reload: false", async ({
  config,
  embed,
  makeProject,
}) => {
  const project = await makeProject({
    "config/bellwether.yaml": JSON.stringify(config),
    "config/jobs.yaml": 'jobs:\n  backup: { every: 1h, command: ["true"] }\n',
  });
  const options = { config: project.configDir, jobs: { report: NOTHING } };
  const [live, fixed] = [embed(options), embed({ ...options, reload: false })];
  await Promise.all([live.start(), fixed.start()]);
  const changes: unknown[] = [];
  fixed.events.subscribe(name => name === "config.loaded" && changes.push(name));
  const loaded = when(live, "config.loaded", ({ added }) => added !== undefined);
  await project.write(
    "config/jobs.yaml",
    'jobs:\n  backup: { every: 1h, command: ["true"] }\n  other: { every: 1h, command: ["true"] }\n',
  );
  expect(await loaded).toMatchObject({ jobs: 3, added: ["other"] });
  expect(changes).toEqual([]);
});
