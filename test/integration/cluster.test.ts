import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { describe, expect, vi } from "vitest";
import { EndRecorder } from "../../src/launch/end-recorder.ts";
import { connectRedis, type Purpose } from "../../src/redis/connect.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { bellwether } from "../support/command.ts";
import { test } from "../support/fixtures.ts";
import { startCluster, type TestCluster } from "../support/redis-cluster.ts";
import { namespace } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";

const it = test
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads the names of the fixtures in use from this pattern.
  .extend("cluster", { scope: "file" }, async ({}, { onCleanup }) => {
    const cluster = await startCluster();
    onCleanup(() => cluster.stop());
    return cluster;
  })
  .extend("open", ({ cluster, defer }) => async (tag: string, purpose: Purpose) => {
    const nodes = cluster.nodes.slice(0, 3).map(({ port }) => ({ host: "127.0.0.1", port }));
    const redis = connectRedis({ kind: "cluster", nodes, tag }, purpose, "test");
    defer(() => redis.disconnect());
    if (redis.status !== "ready") await new Promise(resolve => redis.once("ready", resolve));
    return redis;
  });

/** Tags that live on each of the three masters. */
async function tagsOfAllMasters(cluster: TestCluster): Promise<string[]> {
  const tags = new Map<number, string>();
  while (tags.size < 3) {
    const tag = namespace();
    tags.set((await cluster.masterOf(`{${tag}}`)).port, tag);
  }
  return [...tags.values()];
}

it("the ends of many runs are recorded in one call: all keys of a namespace are in one slot", async ({
  open,
}) => {
  const tag = namespace();
  const [redis, keys] = [await open(tag, "plain"), redisKeys(tag)];
  const { signal } = new AbortController();
  const recorder = new EndRecorder({ redis, keys, nowMs: Date.now, signal });
  const jobs = Array.from({ length: 50 }, (_, i) => `job-${i}`);
  const about = { result: "completed", attempts: 1, durationMs: 1, replica: "a" } as const;
  await Promise.all(jobs.map(job => recorder.record({ job, run: `${job}@1`, ...about })));
  for (const job of jobs) expect(await redis.xlen(keys.history(job))).toBe(1);
});

describe("a connection to a Redis Cluster", () => {
  it("goes to the node that holds the namespace's slot, whichever nodes are configured", async ({
    open,
    cluster,
  }) => {
    for (const tag of await tagsOfAllMasters(cluster)) {
      const redis = await open(tag, "plain");
      await redis.set(`{${tag}}/key`, "value");
      expect(await (await cluster.admin(await cluster.masterOf(`{${tag}}`))).get(`{${tag}}/key`)).toBe(
        "value",
      );
    }
  });

  it("finds the new master when the old one dies, and none of its transactions is sent twice", async ({
    open,
    cluster,
  }) => {
    const tag = namespace();
    const redis = await open(tag, "noRetry");
    const master = await cluster.masterOf(`{${tag}}`);
    await master.kill();
    const gone = new Promise(resolve => redis.once("close", resolve));
    await gone;
    await new Promise(resolve => redis.once("ready", resolve));
    await cluster.untilMasterIsNot(`{${tag}}`, master);
    await redis.set(`{${tag}}/key`, "value");
    await master.restart();
    await cluster.untilWhole();
  });

  it("follows a slot that was handed over to another node, with a command that is refused and not sent again", async ({
    open,
    cluster,
  }) => {
    const tag = namespace();
    const redis = await open(tag, "noRetry");
    const master = await cluster.masterOf(`{${tag}}`);
    const replica = (
      await Promise.all(
        cluster.nodes.map(async node => ({
          node,
          info: String(await (await cluster.admin(node)).info("replication")),
        })),
      )
    ).find(({ info }) => info.includes(`master_port:${master.port}\r\n`))?.node;
    if (!replica) throw new Error("the master has no replica");
    const ready = new Promise(resolve => redis.once("ready", resolve));
    const handOver = async () => (await cluster.admin(replica)).call("CLUSTER", "FAILOVER");
    await handOver();
    let [askedMs, count] = [performance.now(), 0];
    for (;;) {
      const answer = await redis.incr(`{${tag}}/count`).catch((error: Error) => error);
      if (answer instanceof Error) break;
      count = answer;
      // A node forgets after five seconds that it was asked.
      if (performance.now() - askedMs < 6_000) continue;
      await handOver();
      askedMs = performance.now();
    }
    await ready;
    expect(await redis.incr(`{${tag}}/count`)).toBe(count + 1);
    await cluster.untilWhole();
  });
});

it("replicas lead, launch and run on a cluster, through the death of the master and of the leader", async ({
  defer,
  makeProject,
  cluster,
}) => {
  const tag = namespace();
  const project = await makeProject({
    "config/bellwether.yaml": [
      `namespace: ${tag}`,
      `redis: { cluster: { nodes: [${cluster.addresses.map(a => `"${a}"`).join(", ")}] } }`,
      "election: { leaseTtl: 2s }",
      "log: { level: debug }\nhttp: false\n",
    ].join("\n"),
    "config/jobs.yaml": "jobs: { tick: { every: 1s, catchUp: all, handler: tick } }\n",
    "jobs/tick.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "done");\n`,
  });
  const replicas = ["a", "b"].map(id => new ReplicaProcess(["--config", project.configDir, "--id", id]));
  defer(() => Promise.all(replicas.map(replica => replica.end())));
  const leader = await Promise.race(
    replicas.map(async replica => {
      await replica.when("leader.elected");
      return replica;
    }),
  );
  const follower = replicas.find(replica => replica !== leader) as ReplicaProcess;
  await follower.when("leader.observed");
  await Promise.race(replicas.map(replica => replica.when("run.completed")));

  const master = await cluster.masterOf(`{${tag}}`);
  await master.kill();
  const killedAt = new Date().toISOString();
  await Promise.race(
    replicas.map(replica => replica.when("tick.launched", line => String(line["tick"]) > killedAt)),
  );
  await master.restart();
  await cluster.untilWhole();

  const led = replicas.find(
    replica =>
      replica.lines.findLast(line => /^leader\.(elected|observed)$/.test(line.event ?? ""))?.event ===
      "leader.elected",
  );
  const killed = led ?? leader;
  const other = replicas.find(replica => replica !== killed) as ReplicaProcess;
  const before = other.lines.length;
  await killed.end("SIGKILL");
  const crashedAt = new Date().toISOString();
  await other.when("leader.elected", line => other.lines.indexOf(line) >= before);
  await other.when("run.completed", line => String(line["time"]) > crashedAt);

  const keys = redisKeys(tag);
  const admin = await cluster.admin(await cluster.masterOf(`{${tag}}`));
  const entries = await admin.xrange(`${keys.bullmqPrefix}:default:events`, "-", "+");
  const added = entries.flatMap(([, fields]) => (fields[1] === "added" ? [fields[3] ?? ""] : []));
  const seconds = added.map(
    run => Date.parse(run.slice(5).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z")) / 1_000,
  );
  const [first = 0] = seconds;
  expect(seconds).toEqual(seconds.map((_, i) => first + i));
});

it("a queue of another program is launched into when its hash tag is the namespace, and refused otherwise", async ({
  defer,
  makeProject,
  open,
  cluster,
}) => {
  const tag = namespace();
  const settings = (prefix: string) =>
    [
      `namespace: ${tag}`,
      `redis: { cluster: { nodes: [${cluster.addresses.map(a => `"${a}"`).join(", ")}] } }`,
      `queues: { orders: { prefix: "${prefix}", consume: false } }`,
      "http: false\n",
    ].join("\n");
  const project = await makeProject({
    "config/bellwether.yaml": settings("bull"),
    "config/jobs.yaml": "jobs: { tick: { every: 500ms, queue: orders } }\n",
  });
  const refused = await bellwether(["check", "--config", project.configDir]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`expected the hash tag {${tag}} in it: on Redis Cluster`);

  const prefix = `team:{${tag}}`;
  await project.write("config/bellwether.yaml", settings(prefix));
  const replica = new ReplicaProcess(["--config", project.configDir]);
  defer(() => replica.end("SIGKILL"));
  const connection = await open(tag, "worker");
  const worker = new Worker("orders", async () => undefined, { connection, prefix });
  defer(() => worker.close(true));
  const run = await new Promise(resolve => worker.once("completed", job => resolve(job.id)));
  expect(run).toMatch(new RegExp(`^${tag}~tick@`));
  expect(await replica.end("SIGTERM")).toBe(0);
});

it("a replica that starts while no node has the slot waits for it", async ({
  defer,
  startServer,
  makeProject,
}) => {
  const node = await startServer({ args: ["--cluster-enabled", "yes"] });
  const project = await makeProject({
    "config/bellwether.yaml": `namespace: ${namespace()}\nredis: { cluster: { nodes: ["127.0.0.1:${node.port}"] } }\nhttp: false\n`,
    "config/jobs.yaml": "jobs: { idle: { cron: '0 0 1 1 *', handler: idle } }\n",
    "jobs/idle.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => {});\n`,
  });
  const replica = new ReplicaProcess(["--config", project.configDir]);
  defer(() => replica.end("SIGKILL"));
  await replica.when("redis.connected");
  const admin = new Redis(node.url);
  defer(() => admin.disconnect());
  await vi.waitFor(async () => expect(await refusals(admin)).toBeGreaterThan(2), { timeout: 30_000 });
  await admin.call("CLUSTER", "ADDSLOTSRANGE", 0, 16_383);
  await replica.when("leader.elected");
  expect(await replica.end("SIGTERM")).toBe(0);
});

async function refusals(redis: Redis): Promise<number> {
  return Number(/errorstat_CLUSTERDOWN:count=(\d+)/.exec(await redis.info("errorstats"))?.[1] ?? 0);
}
