import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { RedisAddress } from "../../src/config/redis-address.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { RedisKeys } from "../../src/redis/keys.ts";
import { createProject } from "../support/project.ts";
import { startCluster, type TestCluster } from "../support/redis-cluster.ts";
import { namespace, startRedis } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const disposals: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

function addressOf(tag: string): RedisAddress {
  const nodes = cluster.nodes.slice(0, 3).map(({ port }) => ({ host: "127.0.0.1", port }));
  return { kind: "cluster", nodes, tag };
}

async function open(tag: string, purpose: "noRetry" | "plain") {
  const redis = connectRedis(addressOf(tag), purpose, "test");
  disposals.push(() => redis.disconnect());
  if (redis.status !== "ready") await new Promise(resolve => redis.once("ready", resolve));
  return redis;
}

/** Tags that live on each of the three masters. */
async function tagsOfAllMasters(): Promise<string[]> {
  const tags = new Map<number, string>();
  while (tags.size < 3) {
    const tag = namespace();
    tags.set((await cluster.masterOf(`{${tag}}`)).port, tag);
  }
  return [...tags.values()];
}

describe("a connection to a Redis Cluster", () => {
  it("goes to the node that holds the namespace's slot, whichever nodes are configured", async () => {
    for (const tag of await tagsOfAllMasters()) {
      const redis = await open(tag, "plain");
      await redis.set(`{${tag}}/key`, "value");
      expect(await (await cluster.admin(await cluster.masterOf(`{${tag}}`))).get(`{${tag}}/key`)).toBe(
        "value",
      );
    }
  });

  it("finds the new master when the old one dies, and none of its transactions is sent twice", async () => {
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

  it("follows a slot that was handed over to another node, with a command that is refused and not sent again", async () => {
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

it("replicas lead, launch and run on a cluster, through the death of the master and of the leader", async () => {
  const tag = namespace();
  const project = await createProject({
    "config/bellwether.yaml": [
      `namespace: ${tag}`,
      `redis: { cluster: { nodes: [${cluster.addresses.map(a => `"${a}"`).join(", ")}] } }`,
      "election: { leaseTtl: 2s }",
      "log: { level: debug }\nhttp: false\n",
    ].join("\n"),
    "config/jobs.yaml": "jobs: { tick: { every: 1s, catchUp: all, handler: tick } }\n",
    "jobs/tick.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "done");\n`,
  });
  disposals.push(() => project.dispose());
  const replicas = ["a", "b"].map(id => new ReplicaProcess(["--config", project.configDir, "--id", id]));
  disposals.push(() => Promise.all(replicas.map(replica => replica.end())));
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

  const keys = new RedisKeys(tag);
  const admin = await cluster.admin(await cluster.masterOf(`{${tag}}`));
  const entries = await admin.xrange(`${keys.bullmqPrefix}:default:events`, "-", "+");
  const added = entries.flatMap(([, fields]) => (fields[1] === "added" ? [fields[3] ?? ""] : []));
  const seconds = added.map(
    run => Date.parse(run.slice(5).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z")) / 1_000,
  );
  const [first = 0] = seconds;
  expect(seconds).toEqual(seconds.map((_, i) => first + i));
});

it("a replica that starts while no node has the slot waits for it", async () => {
  const node = await startRedis({ args: ["--cluster-enabled", "yes"] });
  disposals.push(() => node.stop());
  const project = await createProject({
    "config/bellwether.yaml": `namespace: ${namespace()}\nredis: { cluster: { nodes: ["127.0.0.1:${node.port}"] } }\nhttp: false\n`,
    "config/jobs.yaml": "jobs: { idle: { cron: '0 0 1 1 *', handler: idle } }\n",
    "jobs/idle.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => {});\n`,
  });
  disposals.push(() => project.dispose());
  const replica = new ReplicaProcess(["--config", project.configDir]);
  disposals.push(() => replica.end("SIGKILL"));
  await replica.when("redis.connected");
  const admin = new Redis(node.url);
  disposals.push(() => admin.disconnect());
  await vi.waitFor(async () => expect(await refusals(admin)).toBeGreaterThan(2), { timeout: 30_000 });
  await admin.call("CLUSTER", "ADDSLOTSRANGE", 0, 16_383);
  await replica.when("leader.elected");
  expect(await replica.end("SIGTERM")).toBe(0);
});

async function refusals(redis: Redis): Promise<number> {
  return Number(/errorstat_CLUSTERDOWN:count=(\d+)/.exec(await redis.info("errorstats"))?.[1] ?? 0);
}
