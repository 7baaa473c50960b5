import { Queue } from "bullmq";
import { expect } from "vitest";
import { FaultyProxy } from "../support/faulty-proxy.ts";
import { test } from "../support/fixtures.ts";
import { startRedis } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";

const it = test
  .extend("plain", ({ connect }) => async (url: string) => {
    const redis = await connect("plain", url);
    return redis;
  })
  /** Two servers behind one address, the second a replica of the first, and what makes the second take over. */
  .extend("pair", ({ defer, plain }) => async () => {
    const [first, second] = await Promise.all([startRedis(), startRedis()]);
    defer(() => first.stop());
    defer(() => second.stop());
    const [old, next] = await Promise.all([plain(first.url), plain(second.url)]);
    await next.replicaof("127.0.0.1", first.port);
    while (!(await next.info("replication")).includes("master_link_status:up"));
    const proxy = await FaultyProxy.to(first.port);
    defer(() => proxy.stop());
    const failOver = async () => {
      // What another connection has written before is acknowledged as well: a failover that loses writes is another case.
      await old.set("before-the-failover", "1");
      if ((await old.wait(1, 10_000)) !== 1)
        throw new Error("the replica has not acknowledged the last write");
      await next.replicaof("NO", "ONE");
      proxy.target = second.port;
      await old.replicaof("127.0.0.1", second.port);
    };
    return { url: proxy.url, old, next, failOver };
  })
  .extend(
    "deployReplicas",
    ({ defer, onTestFailed, makeProject }) =>
      async (url: string, job: string, handler: string, ids: readonly string[] = ["a", "b"]) => {
        const project = await makeProject({
          "config/bellwether.yaml": `redis: { url: "${url}" }\nelection: { leaseTtl: 2s }\nlog: { level: debug }\nhttp: false\n`,
          "config/jobs.yaml": `jobs: { ${job} }\n`,
          "jobs/tick.ts": `import { defineHandler } from "bellwether";
export default defineHandler(async (data, run) => {
  ${handler}
});\n`,
        });
        const replicas = ids.map(id => new ReplicaProcess(["--config", project.configDir, "--id", id]));
        onTestFailed(() => {
          for (const { lines, noise } of replicas)
            console.log([...lines.map(line => JSON.stringify(line)), ...noise].join("\n"));
        });
        defer(() => Promise.all(replicas.map(replica => replica.end())));
        return { replicas };
      },
  );

it("leads again after a failover that left its connections to the demoted server open", async ({
  pair,
  deployReplicas,
}) => {
  const { url, next, failOver } = await pair();
  const { replicas } = await deployReplicas(
    url,
    "tick: { every: 1s, catchUp: all, handler: tick }",
    `return "done";`,
  );
  await Promise.race(replicas.map(replica => replica.when("run.completed")));

  await failOver();
  const failedOverAt = new Date().toISOString();

  const launched = await Promise.race(
    replicas.map(replica => replica.when("tick.launched", line => String(line["tick"]) > failedOverAt)),
  );
  await Promise.race(
    replicas.map(replica => replica.when("run.completed", line => line["run"] === launched["run"])),
  );
  const ids = await next.xrange("{bellwether}:default:events", "-", "+");
  const added = ids
    .map(([, fields]) => fields)
    .filter(fields => fields[1] === "added")
    .map(fields => fields[3]);
  expect(new Set(added).size).toBe(added.length);
});

it("completes runs whose end the demoted server refuses, instead of failing them on the new one", async ({
  pair,
  deployReplicas,
  defer,
}) => {
  const { url, old, failOver } = await pair();
  const jobs = Array.from({ length: 8 }, (_, i) => `tick-${i}: { at: ["2100-01-01T00:00Z"], handler: tick }`);
  const handler = `run.log.info({ event: "handler.begun" });
  await new Promise(resolve => setTimeout(resolve, 1_000));
  return "done";`;
  const { replicas } = await deployReplicas(url, jobs.join(", "), handler, ["a"]);
  const [worker] = replicas as [ReplicaProcess];
  await worker.when("leader.elected");
  const queue = new Queue("default", { connection: old, prefix: "{bellwether}" });
  defer(() => queue.close());
  await queue.addBulk(jobs.map((_, i) => ({ name: `tick-${i}`, data: {} })));
  const each = (event: string) =>
    Promise.all(jobs.map((_, i) => worker.when(event, line => line["job"] === `tick-${i}`)));
  await each("handler.begun");
  // Frozen meanwhile, it ends them before it can hear that its connections lead nowhere.
  worker.signal("SIGSTOP");
  await failOver();
  await new Promise(resolve => setTimeout(resolve, 1_500));
  worker.signal("SIGCONT");
  const failed = worker.when("run.failed");
  failed.catch(() => undefined);
  const ended = await Promise.race([failed, each("run.completed")]);
  expect([ended].flat().map(line => `${line.event} ${line["attempt"]}`)).toEqual(
    jobs.map(() => "run.completed 1"),
  );
});
