import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Launcher } from "../../src/launch/launcher.ts";
import { readAudit, readHistory } from "../../src/launch/read-history.ts";
import { connectRedis } from "../../src/redis/connect.ts";
import { RedisKeys } from "../../src/redis/keys.ts";
import { jobOf } from "../support/jobs.ts";
import { PASSED, PASSED_AT } from "../support/passed-ticks.ts";
import { namespace, startRedis, type TestRedis } from "../support/redis-server.ts";

const FENCE = "1:token";

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

const disposals: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function setup() {
  const keys = new RedisKeys(namespace());
  const open = async (purpose: "noRetry" | "plain"): Promise<Redis> => {
    const redis = connectRedis({ kind: "url", url: server.url }, purpose, "test");
    disposals.push(() => redis.disconnect());
    await new Promise(resolve => redis.once("ready", resolve));
    return redis;
  };
  const redis = await open("plain");
  await redis.set(keys.term, FENCE);
  const write = (fields: Readonly<Record<string, string | number>>) =>
    redis.xadd(keys.history("report"), "*", ...Object.entries(fields).flat());
  const history = () => readHistory(redis, keys, "report", 5);
  return { keys, redis, open, write, history };
}

const RECORD = { tick: PASSED_AT, outcome: "missed", kind: "scheduled", term: 1, lateMs: 0 } as const;

describe("the reason of a tick in its history", () => {
  it.each(Object.entries(PASSED))("has the code %s beside its text", async (code, { decision, text }) => {
    const { keys, open, history } = await setup();
    const launcher = new Launcher({ redis: await open("noRetry"), keys, jobs: [jobOf("report")] });
    disposals.push(() => launcher.close());
    const opened = await launcher.open(FENCE, PASSED_AT - 1_000);
    if (opened.outcome !== "opened") throw new Error("fenced");
    const cursors = new Map([["report", PASSED_AT - 1_000]]);
    await launcher.commit({
      fence: FENCE,
      term: 1,
      decisions: [decision],
      cursors,
      controlsVersion: 0,
      nowMs: PASSED_AT,
    });
    expect(await history()).toMatchObject([{ reason: text, reasonCode: code }]);
  });

  it("is its text alone where a release without codes has written it", async () => {
    const { write, history } = await setup();
    await write({ ...RECORD, reason: "older than catchUpWindow 1h" });
    const [row] = await history();
    expect(row).toMatchObject({ outcome: "missed", reason: "older than catchUpWindow 1h" });
    expect(row).not.toHaveProperty("reasonCode");
  });

  it.each([
    { what: "with its text", stored: { reason: "the moon is full" }, reason: "the moon is full" },
    { what: "in place of a text", stored: {}, reason: "full_moon" },
  ])("is shown as it is where its code is not known here, $what", async ({ stored, reason }) => {
    const { write, history } = await setup();
    await write({ ...RECORD, ...stored, reasonCode: "full_moon" });
    expect(await history()).toMatchObject([{ outcome: "missed", reason, reasonCode: "full_moon" }]);
  });

  it("is shown of what operators did as well", async () => {
    const { keys, redis, write, history } = await setup();
    const done = { action: "skip-next", at: PASSED_AT, by: "ann", reasonCode: "full_moon" };
    await write({ ...done, ticks: String(PASSED_AT) });
    await redis.xadd(keys.audit, "*", ...Object.entries({ ...done, job: "report" }).flat());
    const reason = `tick ${new Date(PASSED_AT).toISOString()}: full_moon`;
    expect(await history()).toMatchObject([{ outcome: "skip-next", reason, reasonCode: "full_moon" }]);
    expect(await readAudit(redis, keys, 5)).toMatchObject([{ reason: "full_moon", reasonCode: "full_moon" }]);
  });
});
