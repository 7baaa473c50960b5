import { expect } from "vitest";
import { SentinelServers } from "../chaos/sentinel-servers.ts";
import { test } from "../support/fixtures.ts";
import { createProject } from "../support/project.ts";
import { startCluster, type TestCluster } from "../support/redis-cluster.ts";
import { namespace } from "../support/redis-server.ts";
import { type LogLine, ReplicaProcess } from "../support/replica-process.ts";

/** Two replicas that beat each second. */
const it = test.extend(
  "deployReplicas",
  ({ defer, onTestFailed }) =>
    async (name: string, redisSetting: string) => {
      const project = await createProject({
        "config/bellwether.yaml": `namespace: ${name}\n${redisSetting}\nelection: { leaseTtl: 3s }\nhttp: false\nlog: { level: debug }\n`,
        "config/jobs.yaml": "jobs: { beat: { every: 1s, catchUp: all, handler: beat } }\n",
        "jobs/beat.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "done");\n`,
      });
      const replicas = ["a", "b"].map(id => new ReplicaProcess(["--config", project.configDir, "--id", id]));
      defer(() => project.dispose());
      defer(() => Promise.all(replicas.map(replica => replica.end())));
      onTestFailed(() => {
        for (const { lines, noise } of replicas)
          console.log([...lines.map(line => JSON.stringify(line)), ...noise].join("\n"));
      });
      return replicas;
    },
);

/** Runs of ticks after now are completed by each replica that has a part in it. */
async function goesOn(replicas: readonly ReplicaProcess[]): Promise<void> {
  const since = new Date().toISOString();
  const isNew = (line: LogLine) => String(line["tick"]) > since;
  const launched = await Promise.race(replicas.map(replica => replica.when("tick.launched", isNew)));
  await Promise.race(
    replicas.map(replica => replica.when("run.completed", line => line["run"] === launched["run"])),
  );
}

/** Each replica has reported that it is connected to this server. */
async function connectedTo(replicas: readonly ReplicaProcess[], port: number): Promise<void> {
  const isThere = (line: LogLine) => line["server"] === `127.0.0.1:${port}`;
  await Promise.all(replicas.map(replica => replica.when("redis.connected", isThere)));
}

function expectNoHarm(replicas: readonly ReplicaProcess[]): void {
  const lines = replicas.flatMap(replica => replica.lines);
  const completed = lines.filter(line => line.event === "run.completed").map(line => line["run"]);
  expect(completed.length).toBe(new Set(completed).size);
  expect(lines.filter(line => line.event === "run.failed" || line.event === "worker.error")).toEqual([]);
}

it("handles runs again once Sentinel has replaced a primary that is frozen for good", async ({
  defer,
  deployReplicas,
}) => {
  const servers = await SentinelServers.start("frozen", null);
  defer(() => servers.stop());
  const { settings, redisLinks } = await servers.join();
  const linkTo = (server: number) => redisLinks.find(({ targetPort }) => targetPort === server)?.port ?? 0;
  const replicas = await deployReplicas("frozen", settings.join("\n"));
  await goesOn(replicas);
  const before = await servers.primaryPort();
  await connectedTo(replicas, linkTo(before));
  await servers.faults["primary frozen, then two of them"]({ holdMs: 0 } as never);
  while ((await servers.primaryPort().catch(() => before)) === before)
    await new Promise(resolve => setTimeout(resolve, 100));
  await goesOn(replicas);
  await connectedTo(replicas, linkTo(await servers.primaryPort()));
  expectNoHarm(replicas);
}, 120_000);

it("handles runs again once a Cluster has replaced a master that is frozen for good", async ({
  defer,
  deployReplicas,
}) => {
  const cluster: TestCluster = await startCluster();
  defer(() => cluster.stop());
  const name = namespace();
  const nodes = cluster.addresses.map(address => `"${address}"`).join(", ");
  const replicas = await deployReplicas(name, `redis: { cluster: { nodes: [${nodes}] } }`);
  await goesOn(replicas);
  const master = await cluster.masterOf(`{${name}}`);
  await connectedTo(replicas, master.port);
  await master.kill("SIGSTOP");
  await cluster.untilMasterIsNot(`{${name}}`, master);
  await goesOn(replicas);
  expectNoHarm(replicas);
}, 120_000);
