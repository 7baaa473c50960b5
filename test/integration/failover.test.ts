import { afterEach, expect, it } from "vitest";
import { connectRedis } from "../../src/redis/connect.ts";
import { FaultyProxy } from "../support/faulty-proxy.ts";
import { createProject } from "../support/project.ts";
import { startRedis } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";

const disposals: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function plain(url: string) {
  const redis = connectRedis({ kind: "url", url }, "plain", "test");
  disposals.push(() => redis.disconnect());
  await new Promise(resolve => redis.once("ready", resolve));
  return redis;
}

it("leads again after a failover that left its connections to the demoted server open", async () => {
  const [first, second] = await Promise.all([startRedis(), startRedis()]);
  disposals.push(
    () => first.stop(),
    () => second.stop(),
  );
  const [old, next] = await Promise.all([plain(first.url), plain(second.url)]);
  await next.replicaof("127.0.0.1", first.port);
  while (!(await next.info("replication")).includes("master_link_status:up"));
  const proxy = await FaultyProxy.to(first.port);
  disposals.push(() => proxy.stop());
  const project = await createProject({
    "config/bellwether.yaml": `redis: { url: "${proxy.url}" }\nelection: { leaseTtl: 2s }\nlog: { level: debug }\nhttp: false\nadmin: false\n`,
    "config/jobs.yaml": "jobs: { tick: { every: 1s, catchUp: all, handler: tick } }\n",
    "jobs/tick.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "done");\n`,
  });
  disposals.push(() => project.dispose());
  const flock = ["a", "b"].map(id => new ReplicaProcess(["--config", project.configDir, "--id", id]));
  disposals.push(() => Promise.all(flock.map(replica => replica.end())));
  await Promise.race(flock.map(replica => replica.when("run.completed")));

  await next.replicaof("NO", "ONE");
  proxy.target = second.port;
  await old.replicaof("127.0.0.1", second.port);
  const failedOverAt = new Date().toISOString();

  const launched = await Promise.race(
    flock.map(replica => replica.when("tick.launched", line => String(line["tick"]) > failedOverAt)),
  );
  await Promise.race(
    flock.map(replica => replica.when("run.completed", line => line["run"] === launched["run"])),
  );
  const ids = await next.xrange("{bellwether}:default:events", "-", "+");
  const added = ids
    .map(([, fields]) => fields)
    .filter(fields => fields[1] === "added")
    .map(fields => fields[3]);
  expect(new Set(added).size).toBe(added.length);
});
