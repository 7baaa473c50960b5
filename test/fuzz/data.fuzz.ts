import fc from "fast-check";
import type { Redis } from "ioredis";
import type { Job } from "../../src/config/config.ts";
import { readLeader } from "../../src/election/leader-record.ts";
import { importBull } from "../../src/import/bullmq.ts";
import { readBullEntries } from "../../src/import/bullmq-entries.ts";
import { readControls } from "../../src/launch/controls.ts";
import { readCursors, readLaunched } from "../../src/launch/cursors.ts";
import { readHistoryPage } from "../../src/launch/history-page.ts";
import { readHistoryUse } from "../../src/launch/history-use.ts";
import { readAudit, readHistory, readLastDecisions } from "../../src/launch/read-history.ts";
import { tickOfRun } from "../../src/launch/run-id.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { readReplicas } from "../../src/redis/replica-registry.ts";
import { readStamp } from "../../src/worker/tick-stamp.ts";
import { fuzzTarget } from "./fuzz-target.ts";
import { hostileRedis, hostileValue, replies } from "./hostile-redis.ts";
import { checkImported } from "./imported.ts";

const JOB = "a";
const KEYS = redisKeys("fuzz");

const stamp = fc.record(
  {
    at: fc.oneof(hostileValue, fc.double(), fc.jsonValue()),
    kind: fc.oneof(hostileValue, fc.constantFrom("scheduled", "backfill")),
    term: fc.oneof(fc.double(), hostileValue),
  },
  { requiredKeys: [] },
);
const handlerData = fc.oneof(
  fc.jsonValue(),
  fc.record({ _tick: fc.oneof(stamp, fc.jsonValue()), a: fc.jsonValue() }, { requiredKeys: ["_tick"] }),
);

export const dataTarget = fuzzTarget({
  name: "data",
  inputs: fc.record({ replies, handlerData, run: hostileValue }),
  async check({ replies, handlerData, run }) {
    checkStamp(handlerData);
    tickOfRun(run);
    const redis = hostileRedis(replies);
    checkNumbers(await readAll(redis));
    const entries = await readBullEntries(redis, "bull", "mail");
    checkImported(
      importBull({ queue: "mail", entries, timezone: "UTC", nowMs: Date.UTC(2026, 0), version: null }),
    );
  },
});

function checkStamp(raw: unknown): void {
  const { tick, term, kind, data } = readStamp(raw, Date.UTC(2026, 0));
  tick.toISOString();
  JSON.stringify(data);
  if (typeof term !== "number" || typeof kind !== "string") throw new Error(`term ${term}, kind ${kind}`);
}

async function readAll(redis: Redis) {
  const { paused, skips, ...orders } = await readControls(redis, KEYS);
  for (const { atMs } of paused.values()) new Date(atMs).toISOString();
  return {
    orders: { ...orders, paused: [...paused], skips: [...skips] },
    history: await readHistory(redis, KEYS, JOB, 20),
    page: await readHistoryPage(redis, KEYS, JOB, { limit: 20 }),
    use: await readHistoryUse(redis, KEYS),
    audit: await readAudit(redis, KEYS, 20),
    lasts: [...(await readLastDecisions(redis, KEYS, [JOB]))],
    replicas: await readReplicas(redis, KEYS),
    leader: await readLeader(redis, KEYS),
    cursors: await readCursors(redis, KEYS, [JOB]),
    launched: [...(await readLaunched(redis, KEYS, [{ name: JOB, maxRuns: 1 } as Job]))],
  };
}

/** What is no number would be `null` in JSON, and crash a reader that makes a time of it. */
function checkNumbers(value: unknown, place = ""): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${place} is ${value}`);
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Object.entries(value)) checkNumbers(child, `${place}.${key}`);
}
