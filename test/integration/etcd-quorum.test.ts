import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { expect } from "vitest";
import { EtcdServers } from "../chaos/etcd-servers.ts";
import { handoffLines } from "../chaos/judge/handoff-lines.ts";
import { test } from "../support/fixtures.ts";
import { BEATS, type Gap, gapBefore, told } from "../support/handoff-deployment.ts";
import { type LogLine, ReplicaProcess } from "../support/replica-process.ts";

const it = test
  .extend("setup", ({ defer, makeProject }) => async (namespace: string, leaseTtl: string) => {
    const servers = await EtcdServers.start(namespace, null);
    defer(() => servers.stop());
    const { settings, election, redisLinks, etcdLinks } = await servers.join();
    defer(() => Promise.all([...redisLinks, ...etcdLinks].map(link => link.stop())));
    const project = await makeProject({
      "config/bellwether.yaml": [
        `namespace: ${namespace}`,
        ...settings,
        `election: { leaseTtl: ${leaseTtl}, ${election} }`,
        "http: false\nlog: { level: debug }",
      ].join("\n"),
      "config/jobs.yaml": ["jobs:", ...BEATS.map(line => `  ${line}`)].join("\n"),
      "jobs/echo.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "done");\n`,
    });
    const replicas = ["a", "b"].map(id => new ReplicaProcess(["--config", project.configDir, "--id", id]));
    defer(() => Promise.all(replicas.map(replica => replica.end("SIGKILL"))));
    return { servers, replicas };
  })
  .extend(
    "gapIn",
    ({ defer }) =>
      async (servers: EtcdServers, namespace: string, elected: LogLine): Promise<Gap> => {
        const connection = new Redis(await servers.primaryPort(), { maxRetriesPerRequest: null });
        const queue = new Queue("default", { connection, prefix: `{${namespace}}` });
        defer(() => connection.disconnect());
        defer(() => queue.close());
        return await gapBefore(connection, `{${namespace}}:default:events`, queue, elected);
      },
  );

/** The first such line of any of them. */
function first(
  replicas: readonly ReplicaProcess[],
  event: string,
  matches?: (line: LogLine) => boolean,
): Promise<LogLine> {
  return Promise.race(replicas.map(replica => replica.when(event, matches)));
}

/** How late a leader may be on a busy machine; it is one within two seconds otherwise, and was after a whole TTL. */
const SOON_MS = 5_000;
/** How far `vacantMs` may be from the gap in BullMQ's stream, and from how exactly that shows it. */
const BOUND_MS = 200;

it("an etcd of three goes on without one, stops electing without two, and runs are consumed all the time", async ({
  setup,
}) => {
  const { servers, replicas } = await setup("quorum", "2s");
  const launchedAfter = (iso: string) => first(replicas, "tick.launched", line => String(line["tick"]) > iso);
  await first(replicas, "leader.elected");

  await servers.killNode(0);
  await launchedAfter(new Date(Date.now() + 3_000).toISOString());
  await servers.killNode(1);
  await first(replicas, "leader.lost", line => line["reason"] === "unreachable");
  await Promise.all(replicas.map(replica => replica.when("etcd.unreachable")));
  const absent = await first(replicas, "leader.absent");
  expect(absent["error"]).toMatch(
    /^(no answer within|connect ECONN|read ECONN|Connection dropped|Failed to connect)/,
  );

  await servers.startNodes();
  const again = await first(replicas, "leader.elected", line => Number(line["term"]) > 1);
  await launchedAfter(String(again["time"]));
  for (const replica of replicas) expect(await replica.end()).toBe(0);
  expect(replicas.flatMap(replica => replica.noise)).toEqual([]);
});

it("elects a leader soon after the quorum returns, although the old leader could not give its place back", async ({
  setup,
  gapIn,
}) => {
  const { servers, replicas } = await setup("quorum-returns", "10s");
  const [old] = await Promise.all([
    first(replicas, "leader.elected"),
    ...replicas.map(replica => replica.when("etcd.connected")),
  ]);
  await Promise.all([servers.killNode(0), servers.killNode(1)]);
  const leader = replicas.find(({ lines }) => lines.includes(old));
  await leader?.when("leader.lost");
  // By then it has tried in vain to give its place back.
  await Promise.all(replicas.map(replica => replica.when("leader.absent")));

  const isLater = (line: LogLine) => String(line["time"]) > returned;
  const returned = new Date().toISOString();
  await servers.startNodes();
  const [connected, elected] = await Promise.all([
    first(replicas, "etcd.connected", isLater),
    first(replicas, "leader.elected", isLater),
  ]);
  expect(Date.parse(String(elected["time"])) - Date.parse(String(connected["time"]))).toBeLessThan(SOON_MS);

  // One log is enough to know what happened, and both say the same.
  expect(elected).toMatchObject({ previous: old.replica, reason: "expired", cause: "unreachable" });
  const other = replicas.find(({ lines }) => !lines.some(line => line === elected));
  const observed = await other?.when("leader.observed", line => line["term"] === elected["term"]);
  expect(observed && told(observed)).toEqual(told(elected));
  await first(replicas, "tick.launched", line => line["term"] === elected["term"]);
  for (const replica of replicas) expect(await replica.end()).toBe(0);
  expect(handoffLines({ lines: replicas.flatMap(({ lines }) => lines) })).toEqual([]);
  // Three servers of etcd start beside it, so the first launch may be late; `vacantMs` ends when the term is opened.
  const { openMs, stepMs } = await gapIn(servers, "quorum-returns", elected);
  expect(Math.abs(openMs - Number(elected["vacantMs"]))).toBeLessThanOrEqual(BOUND_MS + stepMs);
});
