import { afterEach, expect, it } from "vitest";
import { EtcdServers } from "../chaos/etcd-servers.ts";
import { createProject } from "../support/project.ts";
import { ReplicaProcess } from "../support/replica-process.ts";

const disposals: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

it("an etcd of three goes on without one, stops electing without two, and runs are consumed all the time", async () => {
  const servers = await EtcdServers.start("quorum", null);
  disposals.push(() => servers.stop());
  const { settings, election, redisLinks, etcdLinks } = await servers.join();
  disposals.push(() => Promise.all([...redisLinks, ...etcdLinks].map(link => link.stop())));
  const project = await createProject({
    "config/bellwether.yaml": [
      "namespace: quorum",
      ...settings,
      `election: { leaseTtl: 2s, ${election} }`,
      "http: false\nadmin: false\nlog: { level: debug }",
    ].join("\n"),
    "config/jobs.yaml": "jobs: { beat: { every: 1s, catchUp: all, handler: beat } }\n",
    "jobs/beat.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "done");\n`,
  });
  disposals.push(() => project.dispose());
  const flock = ["a", "b"].map(id => new ReplicaProcess(["--config", project.configDir, "--id", id]));
  disposals.push(() => Promise.all(flock.map(replica => replica.end("SIGKILL"))));
  const first = (event: string, matches?: (line: { [field: string]: unknown }) => boolean) =>
    Promise.race(flock.map(replica => replica.when(event, matches)));
  const launchedAfter = (iso: string) => first("tick.launched", line => String(line["tick"]) > iso);
  await first("leader.elected");

  await servers.killNode(0);
  await launchedAfter(new Date(Date.now() + 3_000).toISOString());
  await servers.killNode(1);
  await first("leader.lost", line => line["reason"] === "unreachable");
  await Promise.all(flock.map(replica => replica.when("etcd.unreachable")));
  const absent = await first("leader.absent");
  expect(absent["error"]).toMatch(
    /^(no answer within|connect ECONN|read ECONN|Connection dropped|Failed to connect)/,
  );

  await servers.startNodes();
  const again = await first("leader.elected", line => Number(line["term"]) > 1);
  await launchedAfter(String(again["time"]));
  for (const replica of flock) expect(await replica.end()).toBe(0);
  expect(flock.flatMap(replica => replica.noise)).toEqual([]);
});
