import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { bellwether, MAIN, plainEnvironment } from "../support/command.ts";
import { test as base } from "../support/fixtures.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";
import { unusedPort } from "../support/unused-port.ts";

const STACK = /^\s+at /m;
const HANDLER = `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => "done");\n`;

const test = base
  /** The next tick of each job of a jobs.yaml, as `bellwether next` says. */
  .extend(
    "nextTicks",
    ({ makeProject }) =>
      async (jobsYaml: string, from: string, files: Readonly<Record<string, string>> = {}) => {
        const { dir } = await makeProject({ "config/jobs.yaml": jobsYaml, ...files });
        expect(await bellwether(["check"], { cwd: dir })).toMatchObject({ code: 0, stderr: "" });
        const next = await bellwether(["next", "--count", "1", "--from", from, "--json"], { cwd: dir });
        const ticks = JSON.parse(next.stdout) as { job: string; tick: string }[];
        return Object.fromEntries(ticks.map(({ job, tick }) => [job, tick]));
      },
  );

describe("import crontab", () => {
  const CRONTAB = [
    "MAILTO=ops@example.com",
    "30 2 * * 1-5 cd /srv && backup.sh --date=$(date +\\%F)",
    "0 0 */2 * 1 report",
    "@daily mail -s hello ops%Good morning.",
    "",
  ].join("\n");

  test("prints a configuration that is valid and has the ticks of the crontab", async ({
    makeProject,
    nextTicks,
  }) => {
    const { dir } = await makeProject({ crontab: CRONTAB });
    const args = ["import", "crontab", "crontab", "--timezone", "Europe/Berlin", "--queue", "ops"];
    const { code, stdout, stderr } = await bellwether(args, { cwd: dir });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^crontab:1: MAILTO: no mail is sent[^\n]*\n$/);
    expect(stdout).toContain("  queue: ops\n");
    expect(await nextTicks(stdout, "2026-11-24T12:00:00Z")).toEqual({
      backup: "2026-11-25T01:30:00.000Z",
      report: "2026-12-06T23:00:00.000Z",
      mail: "2026-11-24T23:00:00.000Z",
    });
  });

  test("ends with 1 when a line could not be carried over, and prints the others", async ({
    makeProject,
    nextTicks,
  }) => {
    const { dir } = await makeProject({ crontab: `${CRONTAB}@reboot warm\n61 * * * * x\n` });
    const { code, stdout, stderr } = await bellwether(["import", "crontab", "crontab", "--timezone", "UTC"], {
      cwd: dir,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^crontab:5: not carried over: @reboot/m);
    expect(stderr).toMatch(/^crontab:6: not carried over: cron: .*61 is outside 0-59/m);
    expect(Object.keys(await nextTicks(stdout, "2026-11-24T12:00:00Z"))).toHaveLength(3);
  });

  test("lets the jobs take over at an instant", async ({ makeProject, nextTicks }) => {
    const { dir } = await makeProject({ crontab: "*/5 * * * * a\n0 1 * * * b\n" });
    const args = ["import", "crontab", "crontab", "--timezone", "UTC", "--start"];
    const { code, stdout } = await bellwether([...args, "2026-12-01T00:02:30Z"], { cwd: dir });
    expect(code).toBe(0);
    expect(await nextTicks(stdout, "2026-11-24T12:00:00Z")).toEqual({
      a: "2026-12-01T00:05:00.000Z",
      b: "2026-12-01T01:00:00.000Z",
    });
    expect(await bellwether([...args, "tomorrow"], { cwd: dir })).toMatchObject({
      code: 2,
      stderr: "--start tomorrow: expected an instant like 2026-12-24T18:00:30Z\n",
    });
  });

  test("reads stdin, with users, and names the zone that it assumes", async () => {
    const child = spawn(process.execPath, [MAIN, "import", "crontab", "-", "--system"], {
      env: plainEnvironment({ TZ: "Asia/Tokyo" }),
    });
    child.stdin.end("17 * * * * root run-parts /etc/cron.hourly\n");
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(stdout).toContain("  timezone: Asia/Tokyo\n");
    expect(stdout).toContain('    command: ["sh", "-c", "run-parts /etc/cron.hourly"]\n');
    expect(stderr).toBe(
      "times are read in Asia/Tokyo, the zone of this machine (--timezone)\n" +
        "stdin:1: ran as root; here commands run as the user of the replica\n",
    );
  });

  test("asks whether a word is a user, and for a zone where TZ has none; reads Latin-1", async ({
    makeProject,
  }) => {
    const { dir } = await makeProject({
      unclear: "0 3 * * * deploy /srv/b\n",
      users: "0 3 * * * root /bin/a\n",
    });
    const from = (file: string, more: readonly string[] = [], env = { TZ: "UTC0" }) =>
      bellwether(["import", "crontab", file, ...more], { cwd: dir, env });
    expect(await from("unclear")).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/unclear:1: is deploy a user, .* Add --system or --no-system\n$/),
    });
    expect((await from("unclear", ["--no-system"])).stdout).toContain('"deploy /srv/b"');
    const users = await from("users");
    expect(users).toMatchObject({ code: 0, stdout: expect.stringContaining('["sh", "-c", "/bin/a"]') });
    expect(users.stderr).toMatch(/^users: its lines begin with users \(root\): read with --system/m);
    expect(users.stdout).toContain("timezone: UTC\n");
    expect(await from("users", [], { TZ: "CET-1CEST" })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/the zone of this machine: "CET-1CEST" is not a time zone/),
    });
    await writeFile(path.join(dir, "latin1"), Buffer.from("# f\u00fcr\n@daily echo \u00fc\n", "latin1"));
    const latin1 = await from("latin1");
    expect(latin1.stdout).toContain('"echo ü"');
    expect(latin1.stderr).toMatch(/^latin1: it is not UTF-8, and is read as Latin-1$/m);
  });

  test.for([
    ["nowhere", 2, "nowhere: there is no such file\n"],
    [".", 2, ".: it is a folder, expected a file\n"],
    ["binary", 2, "binary: it is not a text, expected a crontab\n"],
  ] as const)("says in one line what is wrong with %s", async ([file, code, stderr], { makeProject }) => {
    const { dir } = await makeProject({ binary: "0 0 * * * \0" });
    const result = await bellwether(["import", "crontab", file], { cwd: dir });
    expect(result).toEqual({ code, stdout: "", stderr });
  });

  test.for([
    ["an empty file", "", 1, "crontab: there is no job in it\n"],
    ["a file of comments", "# nothing\n\n", 1, "crontab: there is no job in it\n"],
    ["a file of variables", "LANG=C\n", 1, "crontab: there is no job in it\n"],
  ] as const)(
    "says in one line that there is no job in %s",
    async ([_name, content, code, line], { makeProject }) => {
      const { dir } = await makeProject({ crontab: content });
      const result = await bellwether(["import", "crontab", "crontab", "--timezone", "UTC"], { cwd: dir });
      expect(result).toEqual({ code, stdout: "", stderr: line });
    },
  );

  test("refuses a zone that is none, and wants a file", async ({ makeProject }) => {
    const { dir } = await makeProject({ crontab: CRONTAB });
    const zone = await bellwether(["import", "crontab", "crontab", "--timezone", "Mars"], { cwd: dir });
    expect(zone).toMatchObject({ code: 2, stdout: "" });
    expect(zone.stderr).toMatch(/^--timezone: "Mars" is not a time zone.*\n$/);
    expect(await bellwether(["import", "crontab"])).toMatchObject({ code: 2 });
    expect(await bellwether(["import"])).toMatchObject({ code: 2 });
  });

  test("is told by --help, exit code included", async () => {
    const { code, stdout } = await bellwether(["import", "crontab", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("Exit code 1 when something could not be carried over");
  });
});

describe("import bullmq", () => {
  let redis: TestRedis;
  let connection: Redis;
  const queues: Queue[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    connection = new Redis(redis.url, { maxRetriesPerRequest: null });
  });
  afterEach(async () => {
    await Promise.all(queues.splice(0).map(queue => queue.close()));
  });
  afterAll(async () => {
    connection.disconnect();
    await redis.stop();
  });

  function queueOf(name: string, prefix = "bull"): Queue {
    const queue = new Queue(name, { connection, prefix });
    queues.push(queue);
    return queue;
  }

  /** Everything that is in Redis, and how many changes it has seen. */
  async function contents() {
    const keys = (await connection.keys("*")).sort();
    const dumps = await Promise.all(
      keys.map(async key => [key, (await connection.dumpBuffer(key))?.toString("hex")]),
    );
    const changes = /rdb_changes_since_last_save:(\d+)/.exec(await connection.info("persistence"))?.[1];
    return { dumps, changes };
  }

  const importQueue = (queue: string, more: readonly string[] = []) =>
    bellwether(["import", "bullmq", "--redis", redis.url, "--queue", queue, ...more]);

  test("prints jobs with the ticks, data and retries of the job schedulers, and changes nothing", async ({
    nextTicks,
  }) => {
    const queue = queueOf("mail");
    const end = Date.parse("2099-01-01T00:00:00Z");
    await queue.upsertJobScheduler(
      "digest",
      { pattern: "0 30 2 * * *", tz: "Europe/Berlin", endDate: end, limit: 5 },
      {
        name: "send-digest",
        data: { list: "all", text: "${HOME}" },
        opts: {
          attempts: 4,
          backoff: { type: "exponential", delay: 2_000, jitter: 0.5 },
          priority: 3,
          removeOnFail: 7,
        },
      },
    );
    await queue.upsertJobScheduler("clean:up", { pattern: "*/20 * * * *" }, { name: "clean-up" });
    await queue.upsertJobScheduler(
      "poll",
      { every: 90_000, startDate: 1_900_000_030_000 },
      { data: { a: 1 } },
    );
    await queue.upsertJobScheduler("fast", { every: 50 }, { name: "fast" });
    const before = await contents();
    const { code, stdout, stderr } = await importQueue("mail");
    expect(await contents()).toEqual(before);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^mail fast: not carried over: every: found `50ms`, expected a duration/m);
    expect(stderr).toMatch(/^mail digest: without its removeOnFail$/m);
    expect(stderr).toMatch(/^mail poll: ticks come 40s earlier than now: at multiples of 1m30s/m);
    expect(stderr).toMatch(/jobs\/send-digest\.ts/);
    expect(stderr).toMatch(/^patterns without a tz ran in the zone of the workers; UTC is assumed/m);
    expect(stdout).toContain(
      [
        "  digest:",
        '    cron: "0 30 2 * * *"',
        "    timezone: Europe/Berlin",
        "    end: 2099-01-01T00:00:00Z",
        "    maxRuns: 5",
        "    handler: send-digest",
        "    data:",
        "      list: all",
        "      text: $${HOME}",
        "    retry: {attempts: 4, backoff: exponential, delay: 2s, jitter: 0.5}",
        "    priority: 3",
      ].join("\n"),
    );
    expect(stdout).toContain("  poll:\n    every: 1m30s\n    start: 2030-03-17T17:47:10Z\n");

    const handlers = ["send-digest", "clean-up", "poll"].map(name => [`jobs/${name}.ts`, HANDLER]);
    const bullTicks = await Promise.all(
      ["digest", "clean:up"].map(async id => (await queue.getJobScheduler(id))?.next ?? Number.NaN),
    );
    const from = new Date(Math.min(...bullTicks) - 1).toISOString();
    const ticks = await nextTicks(stdout, from, Object.fromEntries(handlers));
    expect([ticks["digest"], ticks["clean-up"]]).toEqual(bullTicks.map(at => new Date(at).toISOString()));
  });

  interface OldRepeatable {
    readonly key: string;
    /** In the ids of its jobs. */
    readonly id: string;
    readonly hash?: Readonly<Record<string, string>>;
    readonly job?: Readonly<Record<string, string>>;
  }

  /** A repeatable job as older versions leave it in Redis. */
  async function addOld(queue: string, { key, id, hash, job }: OldRepeatable): Promise<void> {
    const nextMs = 1_795_500_900_000;
    await connection.zadd(`bull:${queue}:repeat`, nextMs, key);
    if (hash) await connection.hset(`bull:${queue}:repeat:${key}`, hash);
    if (!job) return;
    await connection.hset(`bull:${queue}:repeat:${id}:${nextMs}`, { ...job, rjk: key });
    await connection.zadd(`bull:${queue}:delayed`, nextMs * 0x1000 + 7, `repeat:${id}:${nextMs}`);
  }

  const END = String(Date.parse("2099-01-01T00:00:00Z"));

  test.each([
    {
      name: "of Bull 4, with a period",
      key: "ping:::60000",
      id: "6b1e622dc589b2471350c00582c36f09",
      job: { name: "ping", data: '{"b":2}', opts: '{"repeat":{"count":1,"every":60000},"attempts":1}' },
      lines: ["  ping:", "    every: 1m", "    handler: ping", "    data:", "      b: 2"],
    },
    {
      name: "of Bull 4, with a pattern and an id that holds a colon",
      key: "__default__:my:id:::*/5 * * * *",
      id: "ee45d394d9f56e6e3512d607e4b710c9",
      job: { name: "__default__", data: '{"c":3}', opts: '{"timeout":60000,"repeat":{"count":4,"limit":5}}' },
      lines: [
        "  __default__:",
        '    cron: "*/5 * * * *"',
        "    maxRuns: 2",
        "    handler: __default__",
        "    data:",
        "      c: 3",
        "    timeout: 1m",
      ],
    },
    {
      name: "of BullMQ 3, with an id",
      key: "custom:id-1:::*/5 * * * *",
      id: "fda954df53578fe7f4a8aa0af44553cc",
      job: { name: "custom", data: "[1,2]", opts: '{"attempts":3,"backoff":{"type":"fixed","delay":5000}}' },
      lines: [
        "  # its data is a list: it is in data.value now",
        "  custom:",
        '    cron: "*/5 * * * *"',
        "    handler: custom",
        "    data:",
        "      value: [1, 2]",
        "    retry: {attempts: 3, backoff: fixed, delay: 5s}",
      ],
    },
    {
      name: "of BullMQ 5, whose keys are hashes",
      key: "82fed8966dea73a3e0b78a25b41b172f",
      id: "82fed8966dea73a3e0b78a25b41b172f",
      hash: { name: "report", tz: "Europe/Berlin", pattern: "0 2 * * *", endDate: END },
      job: { name: "report", data: "{}", opts: '{"repeat":{"count":1,"limit":5}}' },
      lines: [
        "  report:",
        '    cron: "0 2 * * *"',
        "    timezone: Europe/Berlin",
        "    end: 2099-01-01T00:00:00Z",
        "    maxRuns: 5",
        "    handler: report",
      ],
    },
    {
      // The id of its job is md5(name + data.id + md5(key)).
      name: "of BullMQ 5 with a key of its own",
      key: "tenant:1:eu:report:daily:v2",
      id: "9d3f6a3dd9ed1a1e8a3a3ab1a9f0aa5c",
      hash: { name: "report", pattern: "0 2 * * *" },
      job: { name: "report", data: '{"id":7,"c":3}', opts: '{"attempts":3,"repeat":{"count":1}}' },
      lines: [
        "  report:",
        '    cron: "0 2 * * *"',
        "    handler: report",
        "    data:",
        "      id: 7",
        "      c: 3",
        "    retry: {attempts: 3, backoff: fixed, delay: 0s}",
      ],
    },
    {
      name: "whose job is gone",
      key: `report::${END}:Europe/Berlin:0 2 * * *`,
      id: "none",
      lines: [
        "  # its data and options were not found: look into the code",
        "  report:",
        '    cron: "0 2 * * *"',
        "    timezone: Europe/Berlin",
        "    end: 2099-01-01T00:00:00Z",
        "    handler: report",
      ],
    },
  ])("reads a repeatable job $name", async ({ name, lines, ...repeatable }) => {
    const queue = name.replaceAll(/[^a-z0-9]+/gi, "-");
    await addOld(queue, repeatable);
    const before = await contents();
    const { code, stdout } = await importQueue(queue);
    expect(await contents()).toEqual(before);
    expect(code).toBe(0);
    expect(`${stdout}`).toContain(`${lines.join("\n")}\n`);
  });

  test("tells what is over, and what nothing is known of", async () => {
    await addOld("over", { key: "0123456789abcdef0123456789abcdef", id: "none" });
    await addOld("over", { key: "past::946684800000::0 2 * * *", id: "none" });
    const { code, stdout, stderr } = await importQueue("over");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^over 0123456789abcdef0123456789abcdef: not carried over: its key is a hash/m);
    expect(stderr).toMatch(/^over past:.*: not carried over: it ended at 2000-01-01T00:00:00Z$/m);
  });

  test("finds the queue below another prefix, and names those that there are", async () => {
    await queueOf("invoices", "{shop}").upsertJobScheduler("a", { pattern: "0 2 * * *" }, { name: "a" });
    await queueOf("empty", "{shop}").waitUntilReady();
    const found = await importQueue("invoices", ["--prefix", "{shop}", "--timezone", "Asia/Tokyo"]);
    expect(found).toMatchObject({ code: 0, stdout: expect.stringContaining("  timezone: Asia/Tokyo\n") });
    expect(await importQueue("invoice", ["--prefix", "{shop}"])).toEqual({
      code: 1,
      stdout: "",
      stderr: `there is no queue invoice (did you mean invoices?), in Redis at ${redis.url}\n`,
    });
    expect(await importQueue("empty", ["--prefix", "{shop}"])).toMatchObject({
      code: 1,
      stderr: `queue empty has no schedules, in Redis at ${redis.url}\n`,
    });
    expect(await importQueue("x", ["--prefix", "none"])).toMatchObject({
      code: 1,
      stderr: `there is no queue x (no queue has the prefix none), in Redis at ${redis.url}\n`,
    });
  });

  test("needs no more than the right to read", async () => {
    await queueOf("rights").upsertJobScheduler("a", { pattern: "0 2 * * *" }, { name: "a" });
    await connection.call("ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@read", "+ping", "+info");
    await connection.call("ACL", "SETUSER", "nobody", "on", ">secret", "~*", "+ping", "+info");
    const as = (user: string) =>
      bellwether(["import", "bullmq", "--queue", "rights", "--redis", redis.url.replace("//", `//${user}@`)]);
    expect(await as("reader:secret")).toMatchObject({ code: 0 });
    for (const user of ["reader:wrong", "nobody:secret"]) {
      const { code, stdout, stderr } = await as(user);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^(cannot reach Redis at .*: WRONGPASS .*|Redis at .* refused: NOPERM .*)\n$/);
      expect(stderr).not.toMatch(/secret|wrong/);
    }
  });

  test("says in one line that Redis is away, or what is wrong with its address", async () => {
    const url = `redis://127.0.0.1:${await unusedPort()}`;
    const away = await bellwether(["import", "bullmq", "--queue", "x", "--redis", url]);
    expect(away).toEqual({ code: 1, stdout: "", stderr: `cannot reach Redis at ${url}: ECONNREFUSED\n` });
    const wrong = await bellwether(["import", "bullmq", "--queue", "x", "--redis", "localhost"]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringMatching(/^--redis: expected an address/) });
    expect(`${away.stderr}${wrong.stderr}`).not.toMatch(STACK);
  });
});
