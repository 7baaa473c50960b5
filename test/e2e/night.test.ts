import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Status } from "../../src/cli/status.ts";
import type { HistoryRow } from "../../src/launch/read-history.ts";
import { RedisKeys } from "../../src/redis/keys.ts";
import { startRedis } from "../support/redis-server.ts";
import { Site } from "../support/site.ts";
import { launches, next, shutDown, useSites } from "../support/sites.ts";
import { json } from "../support/tick-account.ts";

const createSite = useSites();

const BEAT = "beat: { every: 1s, handler: echo }";
const GONE = "gone: { every: 1s, handler: echo }";
const jobsFile = (...jobs: readonly string[]) => ["jobs:", ...jobs.map(job => `  ${job}`)].join("\n");
const namesOf = ({ jobs }: Status) => jobs.map(({ name }) => name);

/** What a reading command prints as JSON, and on stderr. */
async function read<T>(site: Site, ...args: readonly string[]): Promise<{ shown: T; stderr: string }> {
  const { code, stdout, stderr } = await site.command(...args, "--json");
  expect({ args, code, stderr }).toMatchObject({ args, code: 0 });
  return { shown: JSON.parse(stdout), stderr };
}

describe("a command that reads", () => {
  test("shows the cluster although the local files are broken, and says so in one line", async context => {
    const site = await createSite(context, { jobs: [BEAT] });
    const replica = site.start();
    await replica.when("run.completed");
    await json(site, "pause", "beat", "--by", "ann");
    await shutDown(site);
    const settings = await readFile(path.join(site.project.configDir, "bellwether.yaml"), "utf8");
    const broken: readonly (readonly [settings: string, jobs: string, says: RegExp])[] = [
      [settings, "jobs: [", /jobs\.yaml:1:\d+ a bracket is opened/],
      [settings, jobsFile("beat: { evry: 1s, handler: echo }"), /jobs\.yaml:2:\d+ .*and 1 more.*check/],
      [`${settings}\nqueues: { q: { concurrency: "\${NIGHT_UNSET}" } }`, jobsFile(BEAT), /NIGHT_UNSET/],
      [`${settings}\nelectoin: {}`, jobsFile(BEAT), /electoin/],
    ];
    for (const [settings, jobs, says] of broken) {
      await site.project.write("config/bellwether.yaml", settings);
      await site.project.write("config/jobs.yaml", jobs);
      const line = new RegExp(`^(?=[^\\n]+\\n$)the local configuration has mistakes.*${says.source}`);
      const [status, history, audit, table] = await Promise.all([
        read<Status>(site, "status"),
        read<HistoryRow[]>(site, "history", "beat"),
        read<object[]>(site, "audit"),
        site.command("status"),
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
    ["has no value for the namespace", (settings: string) => settings.replace("SITE_NAMESPACE:-", "NIGHT_")],
  ])("ends with 2 where bellwether.yaml %s: another cluster must not be shown", async (_, change) => {
    const site = await Site.create({ redisUrl: "redis://127.0.0.1:1", jobs: [BEAT] });
    try {
      const settings = await readFile(path.join(site.project.configDir, "bellwether.yaml"), "utf8");
      await site.project.write("config/bellwether.yaml", change(settings));
      for (const args of [["status"], ["audit"], ["history", "beat"]]) {
        const found = await site.command(...args);
        expect(found).toMatchObject({ code: 2, stdout: "" });
        expect(found.stderr).toContain("bellwether.yaml:");
      }
    } finally {
      await site.dispose();
    }
  });

  test("shows the jobs that the leader carries, not the local ones, and the history of a removed one", async context => {
    const site = await createSite(context, { jobs: [GONE, BEAT] });
    const replica = site.start();
    await launches(site, "gone", 1);
    const local = site.project.write("local/jobs.yaml", jobsFile("mine: { every: 1h, handler: echo }", BEAT));
    const settings = await readFile(path.join(site.project.configDir, "bellwether.yaml"), "utf8");
    await Promise.all([local, site.project.write("local/bellwether.yaml", settings)]);
    const elsewhere = ["--config", path.join(site.project.dir, "local")];
    const before = await json<Status>(site, "status", ...elsewhere);
    expect([before.jobsFrom, namesOf(before).toSorted()]).toEqual(["cluster", ["beat", "gone"]]);

    const loaded = next(site, "config.loaded");
    await site.project.write("config/jobs.yaml", jobsFile(BEAT));
    await loaded;
    await launches(site, "beat", 2);
    for (const args of [[], elsewhere]) {
      expect(namesOf(await json<Status>(site, "status", ...args))).toEqual(["beat"]);
      const rows = await json<HistoryRow[]>(site, "history", "gone", ...args);
      expect(rows.length).toBeGreaterThan(0);
    }
    const table = await site.command("history", "gone");
    expect(table).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+Z +launched /m) });
    expect(await site.command("history", "gonne")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^no job is named gonne .*did you mean gone\?/),
    });
    // A leader of a release before this one does not say what it has dropped: then nothing is left out.
    await replica.end();
    await site.redis().set(new RedisKeys(site.namespace).opening, "another");
    expect(namesOf(await json<Status>(site, "status"))).toEqual(["beat", "gone"]);
  });

  test.each([
    ["is full", ["CONFIG", "SET", "maxmemory", "1"]],
    ["is read-only", ["REPLICAOF", "127.0.0.1", "1"]],
  ])("answers while Redis %s", async (_, [command = "", ...args]) => {
    const redis = await startRedis();
    const site = await Site.create({ redisUrl: redis.url, jobs: [BEAT] });
    try {
      const replica = site.start();
      await replica.when("run.completed");
      await json(site, "pause", "beat", "--by", "ann");
      await shutDown(site);
      await site.redis().call(command, ...args);
      await expect(site.redis().set("x", "y")).rejects.toThrow(/OOM|READONLY/);
      const status = await json<Status>(site, "status");
      expect(status.jobs).toMatchObject([{ name: "beat", paused: true, lastRun: { outcome: "completed" } }]);
      expect(await json(site, "history", "beat")).toContainEqual(
        expect.objectContaining({ outcome: "paused", by: "ann" }),
      );
      expect(await json(site, "audit")).toMatchObject([{ action: "pause" }]);
    } finally {
      await site.dispose();
      await redis.stop();
    }
  });
});

describe("status", () => {
  test("shows what the leader carries, and a replica whose generation is too old to lead", async context => {
    const site = await createSite(context, {
      jobs: [BEAT],
      settings: ["generation: ${NIGHT_GENERATION:-5}"],
    });
    const leader = site.start();
    const loaded = await leader.when("config.loaded");
    const { replica } = await leader.when("leader.elected");
    // As if it had led for ten seconds.
    await site.redis().set(new RedisKeys(site.namespace).generation, "5");
    const old = site.startWith({ NIGHT_GENERATION: "4" }, "--id", "old");
    await site
      .startWith({ NIGHT_GENERATION: "4" }, "--roles", "worker", "--id", "hand")
      .when("replica.started");
    const { replica: oldId } = await old.when("replica.started");
    await old.when("redis.connected");
    let status = await json<Status>(site, "status");
    while (status.replicas.length < 3) status = await json<Status>(site, "status");
    const hash = loaded["hash"];
    expect(status).toMatchObject({
      leader: { replica },
      config: { generation: 5, hash },
      provenGeneration: 5,
    });
    expect(status.replicas.filter(({ tooOld }) => tooOld)).toMatchObject([
      { id: oldId, generation: 4, hash },
    ]);
    const { stdout } = await site.command("status");
    expect(stdout).toMatch(
      new RegExp(`^${replica} leads since .*, generation 5, configuration ${hash}$`, "m"),
    );
    expect(stdout).toMatch(new RegExp(`^${oldId} .* 4 +${hash} .*too old to lead$`, "m"));
    expect(stdout).toMatch(/^generation 5 has led: replicas of older ones never lead$/m);
    expect(stdout.match(/too old to lead/g)).toHaveLength(1);
  });

  test("shows no next tick before the end of a job's silence", async context => {
    const site = await createSite(context, { jobs: [BEAT, GONE] });
    await site.start().when("leader.elected");
    await launches(site, "beat", 1);
    await shutDown(site);
    const until = Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000;
    await site.redis().hset(new RedisKeys(site.namespace).cursors, "beat", until);
    const status = await json<Status>(site, "status");
    const iso = (ms: number) => new Date(ms).toISOString();
    expect(status.jobs).toMatchObject([
      { name: "beat", silenced: { until: iso(until) }, nextTick: iso(until + 1_000) },
      { name: "gone", silenced: null },
    ]);
    const { stdout } = await site.command("status");
    expect(stdout).toContain(`beat is silent until ${iso(until)}: the clock of Redis was ahead\n`);
  });
});
