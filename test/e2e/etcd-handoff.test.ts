import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { triggerJob } from "../../src/launch/trigger.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { startEtcd } from "../support/etcd-server.ts";
import { test } from "../support/fixtures.ts";
import { jobOf } from "../support/jobs.ts";
import { LaunchLedger, termsOf, ticksByJob } from "../support/launch-ledger.ts";
import { openRedis } from "../support/open-election.ts";
import { startRedis } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";
import { describeHandoffs } from "./handoffs.ts";

const it = test.extend("setup", ({ defer, makeProject }) => async (password = "") => {
  const [redis, etcd] = await Promise.all([startRedis(), startEtcd()]);
  defer(() => Promise.all([redis.stop(), etcd.stop()]));
  // A wrong password costs etcd a slow hash; a call has a sixth of the lease.
  const leaseTtl = password ? "12s" : "5s";
  const user = password ? `, username: bell, password: ${password}` : "";
  const project = await makeProject({
    "config/bellwether.yaml": [
      "namespace: handoff",
      `redis: { url: "${redis.url}" }`,
      `election: { store: etcd, leaseTtl: ${leaseTtl}, etcd: { hosts: ["${etcd.url}"]${user} } }`,
      "http: false",
    ].join("\n"),
    "config/jobs.yaml": "jobs: { beat: { every: 1s, catchUp: all, handler: beat } }\n",
    "jobs/beat.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "done");\n`,
  });
  const start = (id: string) => {
    const replica = new ReplicaProcess(["--config", project.configDir, "--id", id]);
    defer(() => replica.end("SIGKILL"));
    return replica;
  };
  return { redis, etcd, start };
});

it("hands over when the leader stops and when it is killed, and launches each tick once", async ({
  setup,
  defer,
}) => {
  const { redis, etcd, start } = await setup();
  const first = start("first");
  await first.when("leader.elected", line => line["store"] === "etcd" && line["term"] === 1);
  const second = start("second");
  await second.when("leader.observed", line => line["term"] === 1);
  await second.when("run.completed");

  expect(await first.end("SIGTERM")).toBe(0);
  await second.when("leader.elected", line => line["term"] === 2 && line["reason"] === "resigned");
  const third = start("third");
  await third.when("leader.observed", line => line["term"] === 2);
  await third.when("run.completed");
  second.signal("SIGKILL");
  await third.when("leader.elected", line => line["term"] === 3);

  const judge = await openRedis(redis.url, "worker");
  defer(() => judge.disconnect());
  const { bullmqPrefix } = redisKeys("handoff");
  const ledger = new LaunchLedger(judge, bullmqPrefix, "default");
  const terms = async () => {
    await ledger.read();
    return new Set(await termsOf(ledger.added, judge, bullmqPrefix, "default"));
  };
  while (!(await terms()).has(3));
  expect(await third.end("SIGTERM")).toBe(0);
  expect(await etcd.ctl("get", "--prefix", "--keys-only", "/handoff/election/")).toBe("");
  expect([...first.noise, ...third.noise]).toEqual([]);

  expect(await terms()).toEqual(new Set([1, 2, 3]));
  const seconds = ticksByJob(ledger.added).get("beat") ?? [];
  expect(seconds).toEqual(seconds.map((_, i) => (seconds[0] ?? 0) + i));
});

it("goes on consuming runs while etcd refuses it, and says why once, without the password", async ({
  setup,
  defer,
}) => {
  const { redis, etcd, start } = await setup("hunter2");
  for (const command of [
    "user add root:pw",
    "user grant-role root root",
    "user add bell:right",
    "auth enable",
  ]) {
    await etcd.ctl(...command.split(" "));
  }
  const replica = start("only");
  const { error } = await replica.when("etcd.unreachable");
  expect(error).toMatch(/^etcd refused the user name or the password of user bell/);
  await replica.when("leader.absent");
  const plain = await openRedis(redis.url, "plain");
  defer(() => plain.disconnect());
  const outcome = await triggerJob(plain, redisKeys("handoff"), {
    job: jobOf("beat"),
    data: {},
    by: "test",
    nowMs: Date.now(),
    requestId: randomUUID(),
  });
  if (outcome.outcome !== "launched") throw new Error("the run was not started");
  await replica.when("run.completed", line => line["run"] === outcome.run);
  expect(await replica.end("SIGTERM")).toBe(0);
  expect(replica.lines.filter(line => line.event === "etcd.unreachable")).toHaveLength(1);
  expect(JSON.stringify(replica.lines) + replica.noise.join()).not.toContain("hunter2");
});

describeHandoffs("etcd");
