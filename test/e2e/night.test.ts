import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect } from "vitest";
import type { Status } from "../../src/client/status.ts";
import type { HistoryRow } from "../../src/launch/read-history.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { test } from "../support/fixtures.ts";
import { startRedis } from "../support/redis-server.ts";
import { TestDeployment } from "../support/test-deployment.ts";
import { launches, next, shutDown } from "../support/test-deployments.ts";
import { json } from "../support/tick-account.ts";

const BEAT = "beat: { every: 1s, handler: echo }";
const GONE = "gone: { every: 1s, handler: echo }";
const jobsFile = (...jobs: readonly string[]) => ["jobs:", ...jobs.map(job => `  ${job}`)].join("\n");
const namesOf = ({ jobs }: Status) => jobs.map(({ name }) => name);

/** What a reading command prints as JSON, and on stderr. */
async function read<T>(
  deployment: TestDeployment,
  ...args: readonly string[]
): Promise<{ shown: T; stderr: string }> {
  const { code, stdout, stderr } = await deployment.command(...args, "--json");
  expect({ args, code, stderr }).toMatchObject({ args, code: 0 });
  return { shown: JSON.parse(stdout), stderr };
}

describe("a command that reads", () => {
  test("shows the cluster although the local files are broken, and says so in one line", async ({
    deploy,
  }) => {
    const deployment = await deploy({ jobs: [BEAT] });
    const replica = deployment.start();
    await replica.when("run.completed");
    await json(deployment, "pause", "beat", "--by", "ann");
    await shutDown(deployment);
    const settings = await readFile(path.join(deployment.project.configDir, "bellwether.yaml"), "utf8");
    const broken: readonly (readonly [settings: string, jobs: string, says: RegExp])[] = [
      [settings, "jobs: [", /jobs\.yaml:1:\d+ a bracket is opened/],
      [settings, jobsFile("beat: { evry: 1s, handler: echo }"), /jobs\.yaml:2:\d+ .*and 1 more.*check/],
      [`${settings}\nqueues: { q: { concurrency: "\${NIGHT_UNSET}" } }`, jobsFile(BEAT), /NIGHT_UNSET/],
      [`${settings}\nelectoin: {}`, jobsFile(BEAT), /electoin/],
    ];
    for (const [settings, jobs, says] of broken) {
      await deployment.project.write("config/bellwether.yaml", settings);
      await deployment.project.write("config/jobs.yaml", jobs);
      const line = new RegExp(`^(?=[^\\n]+\\n$)the local configuration has mistakes.*${says.source}`);
      const [status, history, audit, table] = await Promise.all([
        read<Status>(deployment, "status"),
        read<HistoryRow[]>(deployment, "history", "beat"),
        read<object[]>(deployment, "audit"),
        deployment.command("status"),
      ]);
      expect(status.shown).toMatchObject({
        jobsFrom: "cluster",
        jobs: [{ name: "beat", schedule: "every 1s", paused: true }],
      });
      expect(history.shown).toContainEqual(expect.objectContaining({ outcome: "launched" }));
      expect(audit.shown).toMatchObject([{ action: "pause", job: "beat", by: "ann" }]);
      for (const { stderr } of [status, history, audit]) expect(stderr).toMatch(line);
      expect(table).toMatchObject({ code: 0, stdout: expect.stringMatching(/^beat /m) });
    }
  });

  test.each([
    ["is not YAML", (settings: string) => `${settings}\nlog: [`],
    ["may misspell the namespace", (settings: string) => settings.replace("namespace:", "namspace:")],
    ["may misspell the Redis", (settings: string) => settings.replace("redis:", "reddis:")],
    ["names no Redis", (settings: string) => settings.replace(/^redis: .*$/m, "redis: {}")],
    [
      "has no value for the namespace",
      (settings: string) => settings.replace("DEPLOYMENT_NAMESPACE:-", "NIGHT_"),
    ],
  ])("ends with 2 where bellwether.yaml %s: another cluster must not be shown", async (_, change) => {
    const deployment = await TestDeployment.create({ redisUrl: "redis://127.0.0.1:1", jobs: [BEAT] });
    try {
      const settings = await readFile(path.join(deployment.project.configDir, "bellwether.yaml"), "utf8");
      await deployment.project.write("config/bellwether.yaml", change(settings));
      for (const args of [["status"], ["audit"], ["history", "beat"]]) {
        const found = await deployment.command(...args);
        expect(found).toMatchObject({ code: 2, stdout: "" });
        expect(found.stderr).toContain("bellwether.yaml:");
      }
    } finally {
      await deployment.dispose();
    }
  });

  test("shows the jobs that the leader carries, not the local ones, and the history of a removed one", async ({
    deploy,
  }) => {
    const deployment = await deploy({ jobs: [GONE, BEAT] });
    const replica = deployment.start();
    await launches(deployment, "gone", 1);
    const local = deployment.project.write(
      "local/jobs.yaml",
      jobsFile("mine: { every: 1h, handler: echo }", BEAT),
    );
    const settings = await readFile(path.join(deployment.project.configDir, "bellwether.yaml"), "utf8");
    await Promise.all([local, deployment.project.write("local/bellwether.yaml", settings)]);
    const elsewhere = ["--config", path.join(deployment.project.dir, "local")];
    const before = await json<Status>(deployment, "status", ...elsewhere);
    expect([before.jobsFrom, namesOf(before).toSorted()]).toEqual(["cluster", ["beat", "gone"]]);

    const loaded = next(deployment, "config.loaded");
    await deployment.project.write("config/jobs.yaml", jobsFile(BEAT));
    await loaded;
    await launches(deployment, "beat", 2);
    for (const args of [[], elsewhere]) {
      expect(namesOf(await json<Status>(deployment, "status", ...args))).toEqual(["beat"]);
      const rows = await json<HistoryRow[]>(deployment, "history", "gone", ...args);
      expect(rows.length).toBeGreaterThan(0);
    }
    const table = await deployment.command("history", "gone");
    expect(table).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+Z +launched /m) });
    expect(await deployment.command("history", "gonne")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^no job is named gonne .*did you mean gone\?/),
    });
    // A leader of a release before this one does not say what it has dropped: then nothing is left out.
    await replica.end();
    await deployment.redis().set(redisKeys(deployment.namespace).opening, "another");
    expect(namesOf(await json<Status>(deployment, "status"))).toEqual(["beat", "gone"]);
  });

  test.each([
    ["is full", ["CONFIG", "SET", "maxmemory", "1"]],
    ["is read-only", ["REPLICAOF", "127.0.0.1", "1"]],
  ])("answers while Redis %s", async (_, [command = "", ...args]) => {
    const redis = await startRedis();
    const deployment = await TestDeployment.create({ redisUrl: redis.url, jobs: [BEAT] });
    try {
      const replica = deployment.start();
      await replica.when("run.completed");
      await json(deployment, "pause", "beat", "--by", "ann");
      await shutDown(deployment);
      await deployment.redis().call(command, ...args);
      await expect(deployment.redis().set("x", "y")).rejects.toThrow(/OOM|READONLY/);
      const status = await json<Status>(deployment, "status");
      expect(status.jobs).toMatchObject([{ name: "beat", paused: true, lastRun: { outcome: "completed" } }]);
      expect(await json(deployment, "history", "beat")).toContainEqual(
        expect.objectContaining({ outcome: "paused", by: "ann" }),
      );
      expect(await json(deployment, "audit")).toMatchObject([{ action: "pause" }]);
    } finally {
      await deployment.dispose();
      await redis.stop();
    }
  });
});

describe("status", () => {
  test("shows what the leader carries, and a replica whose generation is too old to lead", async ({
    deploy,
  }) => {
    const deployment = await deploy({
      jobs: [BEAT],
      settings: ["generation: ${NIGHT_GENERATION:-5}"],
    });
    const leader = deployment.start();
    const loaded = await leader.when("config.loaded");
    const { replica } = await leader.when("leader.elected");
    // As if it had led for ten seconds.
    await deployment.redis().set(redisKeys(deployment.namespace).generation, "5");
    const old = deployment.startWith({ NIGHT_GENERATION: "4" }, "--id", "old");
    await deployment
      .startWith({ NIGHT_GENERATION: "4" }, "--roles", "worker", "--id", "hand")
      .when("replica.started");
    const { replica: oldId } = await old.when("replica.started");
    await old.when("redis.connected");
    let status = await json<Status>(deployment, "status");
    while (status.replicas.length < 3) status = await json<Status>(deployment, "status");
    const hash = loaded["hash"];
    expect(status).toMatchObject({
      leader: { replica },
      config: { generation: 5, hash },
      provenGeneration: 5,
    });
    expect(status.replicas.filter(({ tooOld }) => tooOld)).toMatchObject([
      { id: oldId, generation: 4, hash },
    ]);
    const { stdout } = await deployment.command("status");
    expect(stdout).toMatch(
      new RegExp(`^${replica} leads since .*, generation 5, configuration ${hash}$`, "m"),
    );
    expect(stdout).toMatch(new RegExp(`^${oldId} .* 4 +${hash} .*too old to lead$`, "m"));
    expect(stdout).toMatch(/^generation 5 has led: replicas of older ones never lead$/m);
    expect(stdout.match(/too old to lead/g)).toHaveLength(1);
  });

  test("shows no next tick before the end of a job's silence", async ({ deploy }) => {
    const deployment = await deploy({ jobs: [BEAT, GONE] });
    await deployment.start().when("leader.elected");
    await launches(deployment, "beat", 1);
    await shutDown(deployment);
    const until = Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000;
    await deployment.redis().hset(redisKeys(deployment.namespace).cursors, "beat", until);
    const status = await json<Status>(deployment, "status");
    const iso = (ms: number) => new Date(ms).toISOString();
    expect(status.jobs).toMatchObject([
      { name: "beat", silenced: { until: iso(until) }, nextTick: iso(until + 1_000) },
      { name: "gone", silenced: null },
    ]);
    const { stdout } = await deployment.command("status");
    expect(stdout).toContain(`beat is silent until ${iso(until)}: the clock of Redis was ahead\n`);
  });
});
