import { describe, expect, vi } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { LeaderWatch } from "../../src/election/leader-watch.ts";
import { BellwetherError } from "../../src/errors.ts";
import type { EventName } from "../../src/event-map.ts";
import { EVENT_RULES } from "../../src/event-rules.ts";
import { Replica } from "../../src/replica/replica.ts";
import { ReplicaStores } from "../../src/replica/replica-stores.ts";
import type { TestEtcd } from "../support/etcd-server.ts";
import { FaultyLink } from "../support/faulty-link.ts";
import { FaultyProxy } from "../support/faulty-proxy.ts";
import { test as base } from "../support/fixtures.ts";
import { Recorder } from "../support/recorder.ts";
import { namespace } from "../support/redis-server.ts";
import { TestDeployment } from "../support/test-deployment.ts";

const MOMENTS = Array.from({ length: 30 }, (_, i) => i + 1);

const test = base
  /** A replica in this process; with `etcd` it is elected there. */
  .extend("replicaOn", ({ makeProject }) => async (redisPort: number, etcdPort: number | null) => {
    const store = etcdPort === null ? "" : `, store: etcd, etcd: { hosts: ["http://127.0.0.1:${etcdPort}"] }`;
    const project = await makeProject({
      "config/bellwether.yaml": [
        `namespace: ${namespace()}`,
        `redis: { url: "redis://127.0.0.1:${redisPort}" }`,
        `http: false\nshutdownTimeout: 1s\nelection: { leaseTtl: 2s${store} }`,
      ].join("\n"),
      "config/jobs.yaml": 'jobs:\n  beat: { every: 1s, command: ["true"] }\n',
    });
    const loaded = await loadConfig({ configDir: project.configDir, env: {} });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
    const recorder = new Recorder();
    const { config } = loaded;
    return { replica: new Replica({ config, events: recorder.events, log: "none" }), recorder, config };
  })
  /** Starts a replica, breaks its link to one store at the n-th request, and stops it then. */
  .extend(
    "stopAt",
    ({ server, defer, replicaOn }) =>
      async (moment: number, fault: (link: FaultyLink) => void, etcd?: TestEtcd) => {
        const reached = Promise.withResolvers<void>();
        let requests = 0;
        const link = await FaultyLink.to(etcd?.port ?? server.port, {
          onRequest: (_, link) => {
            requests += 1;
            if (requests !== moment) return;
            fault(link);
            reached.resolve();
          },
        });
        defer(() => link.stop());
        const { replica, recorder } = await (etcd
          ? replicaOn(server.port, link.port)
          : replicaOn(link.port, null));
        const started = replica.start();
        await reached.promise;
        const finished = await replica.stop("test");
        await started;
        return { moment, finished, stopped: recorder.of("replica.stopped").length };
      },
  )
  .extend(
    "createDeployment",
    ({ defer }) =>
      async (options: Omit<Parameters<typeof TestDeployment.create>[0], "jobs">): Promise<TestDeployment> => {
        const deployment = await TestDeployment.create({
          jobs: ["beat: { every: 1s, handler: echo }"],
          ...options,
        });
        defer(() => deployment.dispose());
        return deployment;
      },
  );

describe("a replica that is stopped", () => {
  const allEnd = MOMENTS.map(moment => ({ moment, finished: true, stopped: 1 }));
  const fallSilent = (link: FaultyLink) => link.hold(["requests", "replies"]);

  test.for([
    ["falls silent", fallSilent],
    ["goes away", (link: FaultyLink) => link.cut()],
  ] as const)(
    "ends when Redis %s at any of thirty moments of its start and after it",
    { timeout: 120_000 },
    async ([_, fault], { stopAt }) => {
      expect(await Promise.all(MOMENTS.map(moment => stopAt(moment, fault)))).toEqual(allEnd);
    },
  );

  test("ends when etcd falls silent at any of thirty moments of its start and after it", async ({
    etcd,
    stopAt,
  }) => {
    expect(await Promise.all(MOMENTS.map(moment => stopAt(moment, fallSilent, etcd)))).toEqual(allEnd);
  }, 120_000);

  test("releases its lease in an etcd that is slower than its workers are to stop", async ({
    server,
    etcd,
    defer,
    replicaOn,
  }) => {
    const link = await FaultyLink.to(etcd.port);
    defer(() => link.stop());
    const { replica, recorder, config } = await replicaOn(server.port, link.port);
    await replica.start();
    await recorder.when("leader.elected");
    link.delay(100);
    await replica.stop("test");
    expect(await etcd.ctl("get", "--prefix", "--keys-only", `/${config.namespace}/election/`)).toBe("");
  });
});

test("a replica starts, leads and stops while every listener and subscriber of its events fails", async ({
  server,
  replicaOn,
}) => {
  const { replica, recorder } = await replicaOn(server.port, null);
  const { events } = replica;
  const refuse = (): never => {
    throw new Error("mine");
  };
  events.subscribe(refuse);
  events.subscribe(async () => refuse());
  for (const name of Object.keys(EVENT_RULES) as EventName[]) {
    events.on(name, refuse);
    events.on(name, async () => refuse());
    events.on(name, () => Promise.withResolvers<void>().promise);
  }
  const read: string[] = [];
  const loop = (async () => {
    for await (const { name } of events) read.push(name);
  })();
  await replica.start();
  await recorder.when("run.completed");
  expect(await replica.stop("test")).toBe(true);
  await loop;
  expect(read.at(-1)).toBe("replica.stopped");
  const { thrown, ...failed } = (await recorder.when("listener.failed")) ?? {};
  expect(failed).toEqual({ at: "replica.started", error: expect.stringMatching(/^Error: mine\n/) });
  expect(thrown).toMatchObject({ message: "mine" });
});

test("a replica watches for no leader any more when a file of TLS was removed before it joined", async ({
  server,
  defer,
  replicaOn,
}) => {
  const failure = new BellwetherError("BW_TLS_FILE", { file: "ca.pem", why: "ENOENT" });
  const stores = vi.spyOn(ReplicaStores.prototype, "leaseStore").mockImplementation(() => {
    throw failure;
  });
  const ended = vi.spyOn(LeaderWatch.prototype, "stop");
  defer(() => [stores, ended].map(spy => spy.mockRestore()));
  const { replica } = await replicaOn(server.port, null);
  await expect(replica.start()).rejects.toBe(failure);
  await replica.stop("test");
  expect(ended).toHaveBeenCalled();
});

describe("SIGTERM ends a process with exit code 0", () => {
  test("while Redis accepts connections and answers nothing after the first check", async ({
    server,
    defer,
    createDeployment,
  }) => {
    const proxy = await FaultyProxy.to(server.port);
    defer(() => proxy.stop());
    const deployment = await createDeployment({ redisUrl: proxy.url });
    const away = Promise.withResolvers<void>();
    proxy.decide = chunk => {
      if (!/\r\ntime\r\n/i.test(chunk)) return "pass";
      // From now on every connection is accepted and closed.
      proxy.target = 1;
      away.resolve();
      return "cut before";
    };
    const replica = deployment.start();
    await replica.when("redis.connected");
    await away.promise;
    expect(await replica.end("SIGTERM")).toBe(0);
  });

  test("while a handler's module does not finish loading, at start and in a changed configuration", async ({
    createDeployment,
    server,
  }) => {
    const deployment = await createDeployment({ redisUrl: server.url });
    await deployment.project.write(
      "jobs/hangs.ts",
      'console.log("loading"); await new Promise(() => setInterval(() => undefined, 1e6));\nexport default 1;\n',
    );
    const running = deployment.start();
    await running.when("leader.elected");
    await deployment.project.write("config/jobs.yaml", "jobs:\n  beat: { every: 1s, handler: hangs }\n");
    const starting = deployment.start();
    const loading = (replica: typeof running) =>
      new Promise<void>(resolve => {
        const look = () => replica.lines.some(line => line["msg"] === "loading") && resolve();
        replica.subscribe(look);
        look();
      });
    await Promise.all([running, starting].map(loading));
    expect(await Promise.all([running, starting].map(replica => replica.end("SIGTERM")))).toEqual([0, 0]);
  });
});
