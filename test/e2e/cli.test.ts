import { afterAll, beforeAll, describe, expect } from "vitest";
import { bellwether } from "../support/command.ts";
import { test } from "../support/fixtures.ts";
import { calendar } from "../support/ics.ts";
import type { TestProject } from "../support/project.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";
import { TestDeployment } from "../support/test-deployment.ts";
import { unusedPort } from "../support/unused-port.ts";

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const HASH = expect.stringMatching(/^[0-9a-f]{12}$/);
const STACK = /^\s+at /m;

const HANDLER = `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "done");\n`;

describe.concurrent("check", () => {
  test("says ok and what it found", async ({ makeProject }) => {
    const { dir } = await makeProject({
      "config/jobs.yaml": "jobs:\n  a: { every: 5s, handler: a }\n  b: { every: 5s, handler: a }\n",
      "jobs/a.ts": HANDLER,
    });
    const result = await bellwether(["check"], { cwd: dir });
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toMatch(/^ok\b.*\b2 jobs/);
  });

  test("prints six mistakes in two files at once, each with its place, and ends with 2", async ({
    makeProject,
  }) => {
    const { dir } = await makeProject({
      "config/bellwether.yaml": ["electoin:", "  leaseTtl: 10s", "log: { level: loud }"].join("\n"),
      "config/jobs.yaml": [
        "defaults:",
        "  timezone: Europe/Berln",
        "jobs:",
        "  a:",
        '    cron: "61 * * * *"',
        "    handler: a",
        "  b:",
        "    every: 5",
        "    handler: a",
        "  c:",
        "    every: 5s",
        "    handler: a",
        "    catchup: all",
      ].join("\n"),
      "jobs/a.ts": HANDLER,
    });
    const { code, stdout, stderr } = await bellwether(["check"], { cwd: dir });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).not.toMatch(STACK);
    const places = [
      /^config\/bellwether\.yaml:1:1 electoin: .*did you mean election\?/,
      /^config\/bellwether\.yaml:3:15 log\.level: .*loud.*expected.*(debug|info)/,
      /^config\/jobs\.yaml:2:13 defaults\.timezone: .*Europe\/Berln.*Europe\/Berlin/,
      /^config\/jobs\.yaml:5:11 jobs\.a\.cron: .*61.*0-59/,
      /^config\/jobs\.yaml:8:12 jobs\.b\.every: .*5.*expected a duration/,
      /^config\/jobs\.yaml:13:5 jobs\.c\.catchup: .*did you mean catchUp\?/,
    ];
    expect(stderr.trimEnd().split("\n")).toEqual(places.map(place => expect.stringMatching(place)));
  });

  test("tells the mistakes of all other files, and of the handlers, beside files that are not YAML", async ({
    makeProject,
  }) => {
    const files = {
      "config/bellwether.yaml": "namespace: [\n",
      "config/jobs/broken.yaml": "calendars: { closed: [2026-12-24] }\njobs: {\n",
      "config/jobs/good.yaml": [
        "jobs:",
        '  a: { cron: "0 0 * * *", except: "calendar:closed", handler: none }',
        "  b: { evry: 5s, handler: nowhere }",
        "  c: { every: '${NIGHT_UNSET}', handler: '${NIGHT_UNSET}' }",
        "  d: { every: 5s, catchup: all, handler: a }",
      ].join("\n"),
      "jobs/a.ts": HANDLER,
    };
    const { dir } = await makeProject(files);
    const told = [
      /^config\/bellwether\.yaml:1:\d+ a bracket is opened/,
      /^config\/jobs\/broken\.yaml:2:\d+ a bracket is opened/,
      /^config\/jobs\/good\.yaml:3:3 jobs\.b: has no schedule/,
      /^config\/jobs\/good\.yaml:3:8 jobs\.b\.evry: .*did you mean every/,
      /^config\/jobs\/good\.yaml:4:15 jobs\.c\.every: .*NIGHT_UNSET is not set/,
      /^config\/jobs\/good\.yaml:4:42 jobs\.c\.handler: .*NIGHT_UNSET is not set/,
      /^config\/jobs\/good\.yaml:5:19 jobs\.d\.catchup: .*did you mean catchUp/,
      /^config\/jobs\/good\.yaml:2:3 job "a": there is no jobs\/none\.ts/,
      /^config\/jobs\/good\.yaml:3:3 job "b": there is no jobs\/nowhere\.ts/,
    ];
    const all = await bellwether(["check"], { cwd: dir });
    expect(all).toMatchObject({ code: 2, stdout: "" });
    expect(all.stderr.trimEnd().split("\n")).toEqual(told.map(line => expect.stringMatching(line)));

    // What a file that cannot be read may hold is not missed.
    const { dir: other } = await makeProject({
      "config/jobs/broken.yaml": "jobs: {\n",
      "config/jobs/empty.yaml": "jobs: {}\n",
    });
    const { stderr } = await bellwether(["check"], { cwd: other });
    expect(stderr).toMatch(/^config\/jobs\/broken\.yaml:1:\d+ [^\n]*\n$/);
  });

  test("names each handler that is missing, broken, not a handler, or throws on import", async ({
    makeProject,
  }) => {
    const jobs = ["absent", "broken", "plain", "throws", "none"];
    const { dir } = await makeProject({
      "config/bellwether.yaml": "http: false\n",
      "config/jobs.yaml": ["jobs:", ...jobs.map(job => `  ${job}: { every: 5s, handler: ${job} }`)].join(
        "\n",
      ),
      "jobs/broken.ts": "export default defineHandler(async () => {",
      "jobs/plain.ts": "export default 42;\n",
      "jobs/throws.ts": `throw new Error("no licence");\n`,
      "jobs/none.ts": "export const work = 1;\n",
    });
    const check = await bellwether(["check"], { cwd: dir });
    expect(check.code).toBe(2);
    expect(check.stderr).not.toMatch(STACK);
    const lines = check.stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(jobs.length);
    for (const [i, job] of jobs.entries()) {
      expect(lines[i]).toMatch(new RegExp(`^config/jobs\\.yaml:${i + 2}:3 job "${job}".*jobs/${job}\\.ts`));
    }
    expect(lines[3]).toContain("no licence");
    expect(lines[4]).toContain("default export");

    const run = await bellwether(["run"], { cwd: dir });
    expect(run.code).toBe(2);
    for (const job of jobs) expect(run.stdout + run.stderr).toContain(`jobs/${job}.ts`);
  });

  test.for([
    { given: "no jobs", jobs: "jobs: {}\n", code: 2 },
    { given: "no jobs, as allowed", jobs: "allowEmpty: true\njobs: {}\n", code: 0 },
    { given: "an unquoted cron", jobs: "jobs:\n  a:\n    cron: */5 * * * *\n    handler: a\n", code: 2 },
  ])("ends with $code for $given", async ({ jobs, code }, { makeProject }) => {
    const { dir } = await makeProject({ "config/jobs.yaml": jobs, "jobs/a.ts": HANDLER });
    const result = await bellwether(["check"], { cwd: dir });
    expect(result.code).toBe(code);
    if (code === 2) expect(result.stderr).toMatch(/^config\/jobs\.yaml:\d+:\d+ /);
    expect(result.stderr).not.toMatch(STACK);
  });

  test("warns of what is valid and perhaps not meant", async ({ makeProject }) => {
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const { dir } = await makeProject({
      "config/jobs.yaml": [
        "defaults: { timezone: Europe/Berlin }",
        "jobs:",
        "  fine: { every: 5s, handler: a }",
        "  gone: { at: [2020-01-01T00:00:00Z], handler: a }",
        "  some: { at: [2020-01-01T00:00:00Z, 2999-01-01T00:00:00Z], handler: a }",
        "  ended: { every: 5s, end: 2020-01-01T00:00:00Z, handler: a }",
        `  ends: { cron: "0 0 29 2 *", end: ${soon}, handler: a }`,
        "  zoned: { every: 5s, timezone: UTC, handler: a }",
        "  excepted: { every: 5s, timezone: UTC, except: 2026-12-24, handler: a }",
        '  quartz: { cron: "0 0 12 ? * 2-6", handler: a }',
        '  week: { cron: ["0 9 * * *", "0 9 * * 2-6"], handler: a }',
        '  named: { cron: "0 0 12 ? * MON-FRI", handler: a }',
        "  old: { every: 1d, except: [calendar:last-year, calendar:yearly], handler: a }",
        "  older: { every: 1d, except: [calendar:last-year, 2020-12-24], handler: a }",
        "calendars: { last-year: [2020-12-24, 2020-12-26], yearly: { file: yearly.ics } }",
      ].join("\n"),
      "config/yearly.ics": calendar("DTSTART;VALUE=DATE:20201225|RRULE:FREQ=YEARLY"),
      "config/jobs.YML": "jobs: {}\n",
      "jobs/a.ts": HANDLER,
    });
    const { code, stderr } = await bellwether(["check"], { cwd: dir });
    expect(code).toBe(0);
    expect(stderr.trimEnd().split("\n")).toEqual([
      "config/jobs.YML is not read (did you mean jobs.yml?)",
      "config/jobs.yaml:8:23 jobs.zoned.timezone: has no effect with every, which asks no clock on a wall",
      expect.stringMatching(
        /^config\/jobs\.yaml:10:13 jobs\.quartz\.cron: .*Quartz.* here 2-6 is Tuesday to Saturday/,
      ),
      expect.stringMatching(/^config\/jobs\.yaml:11:11 jobs\.week\.cron: "0 9 \* \* 2-6" looks like Quartz/),
      "config/jobs.yaml:4:3 jobs.gone: no tick is to come: 2020-01-01T00:00:00.000Z is past",
      "config/jobs.yaml:5:3 jobs.some.at: 2020-01-01T00:00:00.000Z is past: a new job does not catch up on it",
      "config/jobs.yaml:6:3 jobs.ended: no tick is to come: it ended at 2020-01-01T00:00:00.000Z",
      `config/jobs.yaml:7:3 jobs.ends: no tick is to come: it ends at ${soon}`,
      "config/jobs.yaml:13:3 jobs.old.except: calendar last-year has no event after 2020-12-26: it excepts no tick to come",
    ]);
  });

  test("tells that the folder is not there", async () => {
    const result = await bellwether(["check", "--config", "/nowhere/config"]);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/^\/nowhere\/config\b.*\n$/);
  });
});

describe.concurrent("next", () => {
  const jobs = {
    "config/jobs.yaml": [
      "jobs:",
      '  spring: { cron: "30 2 * * *", timezone: America/New_York, handler: a }',
      '  autumn: { cron: "30 1 * * *", timezone: America/New_York, handler: a, dst: { overlap: both } }',
      '  seconds: { cron: "*/20 * * * * *", handler: a }',
    ].join("\n"),
  };
  const nextIn = async (project: Promise<TestProject>, ...args: string[]) =>
    bellwether(["next", ...args], { cwd: (await project).dir });

  test("prints a table of five ticks a job, without a server and without handlers", async ({
    makeProject,
  }) => {
    const { code, stdout, stderr } = await nextIn(makeProject(jobs));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/JOB +TICK.*LOCAL.*NOTE/);
    for (const job of ["spring", "autumn", "seconds"]) {
      expect(lines.filter(line => line.startsWith(`${job} `))).toHaveLength(5);
    }
  });

  test("notes the tick that the gap of spring shifts", async ({ makeProject }) => {
    const { code, stdout } = await nextIn(
      makeProject(jobs),
      "spring",
      "--from",
      "2026-03-07T00:00:00Z",
      "--count",
      "3",
      "--json",
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      { job: "spring", tick: "2026-03-07T07:30:00.000Z", local: "2026-03-07 02:30 EST" },
      {
        job: "spring",
        tick: "2026-03-08T07:30:00.000Z",
        local: "2026-03-08 03:30 EDT",
        note: expect.stringMatching(/shifted.*02:30/),
      },
      { job: "spring", tick: "2026-03-09T06:30:00.000Z", local: "2026-03-09 02:30 EDT" },
    ]);
  });

  test("shows the note in the table too", async ({ makeProject }) => {
    const { stdout } = await nextIn(
      makeProject(jobs),
      "spring",
      "--from",
      "2026-03-08T00:00:00Z",
      "--count",
      "1",
    );
    expect(stdout).toMatch(/^spring +2026-03-08T07:30:00.000Z +2026-03-08 03:30 EDT +.*shifted/m);
  });

  test("notes the ticks that the hour of autumn repeats", async ({ makeProject }) => {
    const { stdout } = await nextIn(
      makeProject(jobs),
      "autumn",
      "--from",
      "2026-10-31T06:00:00Z",
      "--count",
      "3",
      "--json",
    );
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({ tick: "2026-11-01T05:30:00.000Z", local: "2026-11-01 01:30 EDT" }),
      {
        job: "autumn",
        tick: "2026-11-01T06:30:00.000Z",
        local: "2026-11-01 01:30 EST",
        note: expect.stringMatching(/repeat|again|second/),
      },
      { job: "autumn", tick: "2026-11-02T06:30:00.000Z", local: "2026-11-02 01:30 EST" },
    ]);
  });

  test("shows the seconds of ticks that have them", async ({ makeProject }) => {
    const { stdout } = await nextIn(
      makeProject(jobs),
      "seconds",
      "--from",
      "2026-01-01T00:00:30Z",
      "--count",
      "2",
      "--json",
    );
    expect(JSON.parse(stdout)).toEqual([
      { job: "seconds", tick: "2026-01-01T00:00:40.000Z", local: "2026-01-01 00:00:40 UTC" },
      {
        job: "seconds",
        tick: "2026-01-01T00:01:00.000Z",
        local: expect.stringMatching(/^2026-01-01 00:01(:00)? UTC$/),
      },
    ]);
  });

  test.for([
    { given: "an unknown job", args: ["sprin"], says: /sprin\b.*did you mean spring\?/ },
    { given: "a count that is none", args: ["--count", "many"], says: /--count/ },
    { given: "an instant that is none", args: ["--from", "yesterday"], says: /--from yesterday/ },
    { given: "a day that is none", args: ["--from", "2026-02-30T00:00:00Z"], says: /--from 2026-02-30/ },
    { given: "a time without its zone", args: ["--from", "2026-03-01T00:00:00"], says: /--from 2026-03-01/ },
  ])("ends with 2 for $given", async ({ args, says }, { makeProject }) => {
    const { code, stdout, stderr } = await nextIn(makeProject(jobs), ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(STACK);
  });
});

describe.concurrent("schema", () => {
  test.each(["bellwether", "jobs"])(
    "prints the JSON Schema of %s, as it stands in config/schema",
    async file => {
      const { code, stdout } = await bellwether(["schema", file]);
      expect(code).toBe(0);
      const schema = JSON.parse(stdout);
      expect(schema).toMatchObject({ $schema: expect.stringContaining("json-schema.org"), type: "object" });
      expect(Object.keys(schema.properties)).toContain(file === "jobs" ? "jobs" : "redis");
      const { default: shipped } = await import(`../../config/schema/${file}.schema.json`, {
        with: { type: "json" },
      });
      expect(schema).toEqual(shipped);
    },
  );

  test("prints the OpenAPI document of the HTTP API, as it stands in config/schema", async () => {
    const { code, stdout } = await bellwether(["schema", "api"]);
    expect(code).toBe(0);
    const { default: shipped } = await import("../../config/schema/openapi.json", {
      with: { type: "json" },
    });
    expect(JSON.parse(stdout)).toEqual(shipped);
  });

  test("refuses another file", async () => {
    const { code, stderr } = await bellwether(["schema", "job"]);
    expect(code).toBe(2);
    expect(stderr).toContain("jobs");
  });
});

describe.concurrent("wrong usage", () => {
  test.each([
    { args: ["chek"], says: /unknown command 'chek'[\s\S]*did you mean check/i },
    { args: ["check", "--confg", "x"], says: /unknown option '--confg'[\s\S]*did you mean --config/i },
    { args: ["pause"], says: /job/ },
    { args: ["run", "--roles", "leader"], says: /--roles[\s\S]*leader[\s\S]*scheduler/ },
    { args: ["dev", "--replicas", "none"], says: /--replicas/ },
  ])("ends with 2: $args", async ({ args, says }) => {
    const { code, stdout, stderr } = await bellwether(args);
    // A replica says it in its log too.
    const log = args[0] === "run" ? expect.stringMatching(/^\{.*"replica\.failed".*\}\n$/) : "";
    expect({ code, stdout }).toEqual({ code: 2, stdout: log });
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(STACK);
  });

  test("help lists the commands, and each explains its options", async () => {
    const help = await bellwether(["--help"]);
    expect(help).toMatchObject({ code: 0, stderr: "" });
    const commands = ["run", "dev", "check", "next", "status", "trigger", "history", "schema"];
    for (const command of commands) expect(help.stdout).toMatch(new RegExp(`^ {2}${command} .+`, "m"));
    const options = {
      run: ["--roles", "--id", "--config"],
      trigger: ["--data"],
      history: ["--limit", "--json"],
    };
    for (const [command, flags] of Object.entries(options)) {
      const { code, stdout } = await bellwether([command, "--help"]);
      expect(code).toBe(0);
      for (const flag of flags) expect(stdout).toContain(flag);
    }
  });
});

describe.concurrent("without Redis", () => {
  test.for([["status"], ["history", "a"], ["trigger", "a"]])(
    "%s says in one line where it looked, and ends with 1",
    async ([...args], { makeProject }) => {
      const port = await unusedPort();
      const { dir } = await makeProject({
        "config/jobs.yaml": "jobs:\n  a: { every: 5s, handler: a }\n",
        "config/bellwether.yaml": 'redis: { url: "${REDIS_URL}" }\n',
        "jobs/a.ts": HANDLER,
      });
      const result = await bellwether(args, {
        cwd: dir,
        env: { REDIS_URL: `redis://user:s3cret@127.0.0.1:${port}` },
      });
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toMatch(new RegExp(`^[^\\n]*127\\.0\\.0\\.1:${port}[^\\n]*\\n$`));
      expect(result.stderr).not.toContain("s3cret");
    },
  );
});

describe("on a cluster", () => {
  let redis: TestRedis;
  let deployment: TestDeployment;
  let first: string;
  let second: string;

  beforeAll(async () => {
    redis = await startRedis();
    deployment = await TestDeployment.create({
      redisUrl: redis.url,
      jobs: [
        "beat: { every: 1s, handler: echo, catchUp: all }",
        "slow: { every: 1s, handler: slow, overlap: skip, retry: { attempts: 1 } }",
        'rare: { cron: "0 0 1 1 *", timezone: America/New_York, handler: echo, data: { format: csv, keep: 1 } }',
      ],
      handlers: { slow: 'await opened("slow");' },
    });
    const one = deployment.start("--id", "one");
    first = (await one.when("replica.started")).replica;
    const skipped = await one.when("tick.skipped", line => line["job"] === "slow");
    expect(skipped.level).toBe("info");
    await one.when("run.completed", line => line["job"] === "beat");
    await deployment.open("slow");
    await one.end();
    const two = deployment.start("--id", "two");
    second = (await two.when("replica.started")).replica;
    await two.when("run.completed", line => line["job"] === "beat");
    const launched = await two.when(
      "tick.launched",
      line => line["job"] === "beat" && line["kind"] === "scheduled",
    );
    await two.when("run.completed", line => line["run"] === launched["run"]);
  }, 40_000);

  afterAll(async () => {
    await deployment.dispose();
    await redis.stop();
  });

  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await deployment.command(...args, "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return JSON.parse(stdout);
  };

  test("status tells who leads, who is there, and what each job did and will do", async () => {
    let status = await json("status");
    // The run of this very second may still be at work.
    while (status.jobs[0].lastRun?.outcome === "launched") status = await json("status");
    expect(status).toEqual({
      leader: { replica: second, term: 2, since: ISO },
      config: { generation: 0, hash: HASH },
      provenGeneration: null,
      replicas: [
        {
          id: second,
          roles: ["scheduler", "worker"],
          generation: 0,
          hash: HASH,
          tooOld: false,
          tz: process.versions["tz"],
          leading: true,
          startedAt: ISO,
        },
      ],
      jobsFrom: "cluster",
      jobs: [
        {
          name: "beat",
          schedule: "every 1s",
          timezone: "UTC",
          paused: false,
          quarantined: null,
          silenced: null,
          lastTick: ISO,
          nextTick: ISO,
          lastRun: expect.objectContaining({ outcome: "completed" }),
        },
        expect.objectContaining({ name: "slow", schedule: "every 1s" }),
        {
          name: "rare",
          schedule: "0 0 1 1 *",
          timezone: "America/New_York",
          paused: false,
          quarantined: null,
          silenced: null,
          lastTick: null,
          nextTick: expect.stringMatching(/^\d{4}-01-01T05:00:00.000Z$/),
          lastRun: null,
        },
      ],
      queues: [{ name: "default", paused: false }],
      stuck: [],
      history: status.history,
    });
    // The leader measures some seconds after it has begun.
    if (status.history !== null) expect(status.history).toMatchObject({ errorBytes: 0, over: false });
    expect(Date.parse(status.jobs[0].nextTick)).toBeGreaterThan(Date.parse(status.jobs[0].lastTick));
  });

  test("status is a table for people", async () => {
    const { code, stdout } = await deployment.command("status");
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`${second} leads since .*term 2`));
    expect(stdout).toMatch(/^rare +0 0 1 1 \* +America\/New_York /m);
  });

  test("status of a namespace without replicas has no leader", async () => {
    const args = ["status", "--config", deployment.project.configDir];
    const env = { DEPLOYMENT_NAMESPACE: `${deployment.namespace}-nobody` };
    const { code, stdout } = await bellwether([...args, "--json"], { env });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      leader: null,
      replicas: [],
      jobs: [{ lastTick: null, lastRun: null }, { lastTick: null }, { lastTick: null }],
    });
    expect((await bellwether(args, { env })).stdout).toMatch(/no replica leads/);
  });

  test("history lists the ticks of both terms, newest first", async () => {
    const history: Record<string, unknown>[] = await json("history", "beat", "--limit", "1000");
    const ticks = history.map(({ tick }) => String(tick));
    expect(ticks).toEqual(ticks.toSorted().reverse());
    expect(new Set(ticks).size).toBe(ticks.length);
    const terms = history.map(({ term }) => Number(term));
    expect(terms).toEqual(terms.toSorted().reverse());
    expect(new Set(terms)).toEqual(new Set([1, 2]));
    for (const row of history.slice(1)) {
      expect(row).toMatchObject({
        tick: ISO,
        outcome: "launched",
        kind: expect.stringMatching(/^(scheduled|catch-up)$/),
        lateMs: expect.any(Number),
        run: `beat@${String(row["tick"]).replaceAll(/[-:]|\.000/g, "")}`,
        attempts: 1,
        durationMs: expect.any(Number),
        // What was launched while the first one stopped waited for the second.
        replica: row["term"] === 1 ? expect.toBeOneOf([first, second]) : second,
      });
    }
  });

  test("history names the run that blocked a skipped tick", async () => {
    const history: Record<string, unknown>[] = await json("history", "slow", "--limit", "1000");
    const skipped = history.filter(({ outcome }) => outcome === "skipped");
    expect(skipped.length).toBeGreaterThan(0);
    const blocker = history.findLast(({ outcome }) => outcome === "launched")?.["run"];
    expect(skipped.at(-1)).toMatchObject({
      tick: ISO,
      reason: expect.stringMatching(/./),
      kind: "scheduled",
      term: 1,
    });
    expect(JSON.stringify(skipped.at(-1))).toContain(String(blocker));
  });

  test("history keeps to its limit, and is a table for people", async () => {
    expect(await json("history", "beat", "--limit", "2")).toHaveLength(2);
    expect(await json("history", "rare")).toEqual([]);
    const { code, stdout } = await deployment.command("history", "beat", "--limit", "2");
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toHaveLength(3);
    expect(stdout).toMatch(/^TICK +OUTCOME /);
  });

  test("trigger starts a run beside the schedule, whose data it can change", async () => {
    const { run } = await json("trigger", "rare", "--data", '{"format":"pdf"}');
    expect(run).toMatch(/^rare@manual-.+$/);
    await deployment.when("run.completed", line => line["run"] === run);
    const job = await deployment.queue().getJob(run);
    expect(job?.data).toEqual({
      format: "pdf",
      keep: 1,
      _tick: { at: ISO, kind: "manual", term: expect.any(Number) },
    });
    const { code, stdout } = await deployment.command("trigger", "rare");
    expect(code).toBe(0);
    expect(stdout).toContain("rare@manual-");
  });

  test("history tells how each triggered run ended, however fast it was", async () => {
    const triggered: { run: string }[] = await Promise.all(
      Array.from({ length: 4 }, () => json("trigger", "rare")),
    );
    await Promise.all(
      triggered.map(({ run }) => deployment.when("run.completed", line => line["run"] === run)),
    );
    const history: Record<string, unknown>[] = await json("history", "rare", "--limit", "4");
    const ended = {
      kind: "manual",
      outcome: "launched",
      attempts: 1,
      durationMs: expect.any(Number),
      replica: second,
    };
    for (const row of history) expect(row).toMatchObject(ended);
    expect(history.map(({ run }) => run).toSorted()).toEqual(triggered.map(({ run }) => run).toSorted());
  });

  test("a triggered run is no tick of the schedule", async () => {
    await json("trigger", "rare");
    const status = await json("status");
    expect(status.jobs[2]).toMatchObject({ name: "rare", lastTick: null });
  });

  test.each([
    { given: "data that is no JSON", args: ["trigger", "rare", "--data", "{x"], says: /--data.*JSON/ },
    { given: "data that is no object", args: ["trigger", "rare", "--data", "[1]"], says: /--data.*object/ },
    { given: "an unknown job to trigger", args: ["trigger", "raer"], says: /raer\b.*did you mean rare\?/ },
    { given: "an unknown job's history", args: ["history", "bea"], says: /bea\b.*did you mean beat\?/ },
    { given: "a limit that is none", args: ["history", "beat", "--limit", "0"], says: /--limit/ },
  ])("ends with 2 for $given", async ({ args, says }) => {
    const { code, stdout, stderr } = await deployment.command(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(STACK);
  });
});
