import type { Redis } from "ioredis";
import { describe, expect } from "vitest";
import { type RedisKeys, redisKeys } from "../../src/redis/keys.ts";
import { bellwether } from "../support/command.ts";
import { test } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";

const it = test.extend("setup", ({ server, connect, makeProject }) => async () => {
  const name = namespace();
  const project = await makeProject({
    "config/bellwether.yaml": `namespace: ${name}\nredis: { url: ${server.url} }\nhttp: false\n`,
    "config/jobs.yaml": "jobs:\n  beat: { every: 1s, handler: echo, maxRuns: 1000 }\n",
    "jobs/echo.ts":
      'import { defineHandler } from "bellwether";\nexport default defineHandler(async () => undefined);\n',
  });
  const cli = (...args: string[]) => bellwether([...args, "--config", project.configDir]);
  return { redis: await connect("plain"), keys: redisKeys(name), cli, project };
});

/** Values of another program in the place of ours: of the right type, and not what they should be. */
async function writeGarbage(redis: Redis, keys: RedisKeys): Promise<void> {
  const history = keys.history("beat");
  await redis
    .multi()
    .xadd(
      history,
      "*",
      "tick",
      "soon",
      "outcome",
      "launched",
      "kind",
      "scheduled",
      "term",
      "1",
      "lateMs",
      "0",
    )
    .xadd(history, "*", "tick", "1764000000000", "outcome", "eaten", "kind", "x", "term", "x", "lateMs", "x")
    .xadd(
      history,
      "*",
      "tick",
      "8640000000000001",
      "outcome",
      "missed",
      "kind",
      "scheduled",
      "term",
      "1",
      "lateMs",
      "0",
    )
    .xadd(history, "*", "run", "x", "result", "completed", "attempts", "NaN", "durationMs", "-")
    .xadd(history, "*", "action", "constructor", "at", "1764000000000")
    .xadd(history, "*", "action", "pause", "at", "yesterday", "by", "\u001b[31mme")
    .xadd(history, "*", "just", "words")
    .xadd(keys.audit, "*", "action", "backfill", "at", "1764000000000", "by", "x", "ticks", "many")
    .xadd(keys.audit, "*", "at", "99999999999999999999")
    .xadd(keys.audit, "*", "action", "\u001b]0;title\u0007", "at", "1764000000000", "by", "\u001b[2Jme")
    .hset(keys.controls, "version", "new", "stepdown", "now", "pause:beat", "today", "skip:beat", "1,x,1e999")
    .hset(keys.leader, "replica", "x", "term", "first", "since", "ever", "until", "9999999999999")
    .zadd(keys.replicas, "1", "a", "1", "b", "1", "c")
    .set(keys.replica("a"), "{")
    .set(keys.replica("b"), '{"id":1}')
    .exec();
}

describe("what somebody else wrote into Redis", () => {
  it("is passed over by status, history and audit, which steer no terminal with it", async ({ setup }) => {
    const { redis, keys, cli } = await setup();
    await writeGarbage(redis, keys);
    const status = await cli("status", "--json");
    expect(status).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(status.stdout)).toMatchObject({ leader: null, replicas: [], jobs: [{ paused: true }] });
    expect(await cli("status")).toMatchObject({ code: 0, stderr: "" });
    expect(await cli("history", "beat", "--json")).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
    expect(await cli("history", "beat")).toMatchObject({ code: 0, stdout: "beat has no history yet\n" });
    const audit = await cli("audit");
    expect(audit).toMatchObject({ code: 0, stderr: "" });
    expect(audit.stdout).toContain("\\u001b[2Jme");
    expect(audit.stdout).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it("is a job that cannot be read where it is in the stored jobs, and hides none", async ({ setup }) => {
    const { redis, keys, cli } = await setup();
    const far = '{"rules":1,"spec":{"at":[1e300]}}';
    await redis.hset(keys.definitions, "beat", "words", "\u001b[2J", `a|b|c|1|0|${far}`);
    await redis.hset(keys.cursors, "beat", "8640000000000000");
    await redis.mset(keys.opening, "x", keys.dropped, '{"opening":"x","jobs":["beat",5]}');
    const { code, stdout, stderr } = await cli("status", "--json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout).jobs).toMatchObject([
      { name: "beat", schedule: "not readable", nextTick: null, silenced: { until: expect.any(String) } },
      { name: "\u001b[2J", schedule: "not readable", nextTick: null, silenced: null },
    ]);
    const table = await cli("status");
    expect(table.code).toBe(0);
    expect(table.stdout).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it("is one line on stderr where it is of another type", async ({ setup }) => {
    const { redis, keys, cli } = await setup();
    for (const key of [keys.history("beat"), keys.audit, keys.controls, keys.leader, keys.replicas]) {
      await redis.set(key, "x");
    }
    for (const args of [["status"], ["audit"], ["history", "beat"], ["pause", "beat"]]) {
      const { code, stderr } = await cli(...args);
      expect([args, code, stderr]).toEqual([args, 1, expect.stringMatching(/^Redis at \S+ refused: .*\n$/)]);
    }
  });

  it("neither ends a replica nor keeps it from leading, and keeps a job from being launched only until it is removed", async ({
    setup,
    defer,
  }) => {
    const { redis, keys, project, cli } = await setup();
    await writeGarbage(redis, keys);
    await redis.hset(keys.cursors, "beat", "the day before");
    await redis.mset(keys.term, "last:x", keys.generation, "newest");
    const huge = "9".repeat(30);
    await redis.hset(
      keys.generations,
      `seen:${huge}`,
      Date.now(),
      "seen:7",
      "now",
      "failed:0",
      huge,
      "x",
      "y",
    );
    const replica = new ReplicaProcess(["--config", project.configDir]);
    defer(() => replica.end("SIGKILL"));
    const quarantined = await replica.when("job.quarantined");
    expect(quarantined["job"]).toBe("beat");
    expect(quarantined["reason"]).toContain(`${keys.cursors} holds "the day before" for job "beat"`);
    await redis
      .multi()
      .hdel(keys.cursors, "beat")
      .hdel(keys.controls, "pause:beat")
      .hset(keys.controls, "version", "1")
      .exec();
    // The next term tries every job.
    expect(await cli("stepdown")).toMatchObject({ code: 0 });
    await replica.when("job.recovered");
    await replica.when("run.completed");
    expect(await replica.end()).toBe(0);
  });
});
