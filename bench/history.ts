/**
 * What the histories of jobs take in Redis, and what it costs to fold them. Full histories of 250 launches a job are
 * written as leaders and workers write them. Then they are kept within a half, a quarter and an eighth of that.
 *
 *     node bench/history.ts --jobs 1000
 */
import { Redis } from "ioredis";
import { Events } from "../src/events.ts";
import { Histories, readHistoryUse } from "../src/launch/history-use.ts";
import { HistoryKeeper } from "../src/leader/history-keeper.ts";
import { redisKeys } from "../src/redis/keys.ts";
import { startRedis } from "../test/support/redis-server.ts";
import { benchOptions } from "./support/bench-options.ts";

const LAUNCHES = 250;
const FROM_MS = Date.UTC(2026, 10, 23, 7);
const FENCE = "1:bench";

const values = benchOptions({ jobs: { type: "string", default: "1000" } });
const jobs = Number(values.jobs);
const server = await startRedis();
const redis = new Redis(server.url);
const keys = redisKeys("bench");

async function info(section: string, field: string): Promise<number> {
  const text = await redis.info(section);
  return Number(new RegExp(`^${field}:([\\d.]+)`, "m").exec(text)?.[1]);
}

const usedBytes = () => info("memory", "used_memory");
const cpuS = async () => (await info("cpu", "used_cpu_user")) + (await info("cpu", "used_cpu_sys"));
const calls = async () => Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(await redis.info("commandstats"))?.[1]);

async function fill(job: string): Promise<void> {
  const pipeline = redis.pipeline();
  const add = (ms: number, ...fields: (string | number)[]) =>
    pipeline.xadd(keys.history(job), "MAXLEN", "~", 500, `${ms}-*`, ...fields);
  for (let i = 0; i < LAUNCHES; i++) {
    const at = FROM_MS + i * 60_000;
    const run = `${job}@${new Date(at).toISOString().replace(/[-:]|\.000/g, "")}`;
    const tick = ["tick", at, "term", 12, "lateMs", 3, "kind", "scheduled", "run", run];
    add(at + 3, ...tick, "outcome", "launched");
    const end = ["attempts", 1, "durationMs", 812, "replica", "worker-7d9f-x2k1"];
    if (i % 100 === 7)
      add(at + 900, "run", run, "result", "failed", ...end, "error", "connect ECONNREFUSED 10.0.0.7:5432");
    else add(at + 900, "run", run, "result", "completed", ...end);
  }
  await pipeline.exec();
  await redis.hset(keys.cursors, job, FROM_MS);
}

await redis.set(keys.term, FENCE);
const emptyBytes = await usedBytes();
for (let i = 0; i < jobs; i++) await fill(`billing-export-${String(i).padStart(6, "0")}`);
const fullBytes = (await usedBytes()) - emptyBytes;

const clock = { nowMs: () => FROM_MS + 5 * 86_400_000, sleep: () => Promise.resolve() };
const settings = { perJob: 500, memoryBytes: null as number | null };
const keeper = new HistoryKeeper({
  ...{ clock, events: new Events(), settings: () => settings },
  term: { number: 1, signal: new AbortController().signal },
  histories: new Histories({ redis, keys, fence: FENCE, nowMs: clock.nowMs }),
  attempt: check => check(),
});
const measured = async () => (await readHistoryUse(redis, keys)).use;
await keeper.check();
const perJob = fullBytes / jobs;
process.stdout.write(
  `a full history: ${Math.round(perJob)} bytes a job, ${Math.round(perJob / LAUNCHES)} a launch\n`,
);
process.stdout.write(
  `the leader's sum ÷ used_memory: ${(((await measured())?.bytes ?? 0) / fullBytes).toFixed(2)}\n`,
);
for (const share of [0.5, 0.25, 0.125]) {
  settings.memoryBytes = Math.round(fullBytes * share);
  const before = { cpuS: await cpuS(), calls: await calls() };
  await keeper.check();
  const spentS = (await cpuS()) - before.cpuS;
  const scripts = (await calls()) - before.calls;
  const leftBytes = (await usedBytes()) - emptyBytes;
  process.stdout.write(
    `kept within ${share}: used_memory ${(leftBytes / fullBytes).toFixed(2)}, ${spentS.toFixed(1)} s of Redis's CPU in ${scripts} scripts, ${((1_000 * spentS) / scripts).toFixed(1)} ms each\n`,
  );
}
redis.disconnect();
await server.stop();
