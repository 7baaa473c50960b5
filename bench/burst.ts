/**
 * Very many jobs on the same second: how long until all of them are launched, how late each one is, and how long the leader's lease is
 * not renewed meanwhile.
 *
 *     node bench/burst.ts [--jobs 60000] [--period 60] [--rounds 3] [--processes 2] [--concurrency 50]
 *         [--contenders Bellwether] [--json FILE]
 *
 * The jobs are due at each full minute, or more often with a shorter `--period`. The first one after the start is measured. The age of the lease is read from Redis (PTTL) all the time.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { type RedisPeer, startBellwether, startJobSchedulers } from "./peers/redis-peers.ts";
import type { Figures } from "./report/bench-result.ts";
import { benchOptions } from "./support/bench-options.ts";
import { compare } from "./support/comparison.ts";
import { LeaseAge } from "./support/lease-age.ts";
import { percentile } from "./support/percentile.ts";

const values = benchOptions({
  jobs: { type: "string", default: "60000" },
  period: { type: "string", default: "60" },
  rounds: { type: "string", default: "3" },
  processes: { type: "string", default: "2" },
  concurrency: { type: "string", default: "50" },
  contenders: { type: "string" },
  json: { type: "string" },
});
const PERIOD_MS = 1_000 * Number(values.period);
/** The last start of a process, or the last scheduler of BullMQ, is this far away from the tick. */
const SETTLE_MS = Math.min(8_000, PERIOD_MS / 2);
/** How long it may take until all handlers have started. */
const LIMIT_MS = 120_000;
const CHECK_EVERY_MS = 500;

function loadOf(jobs: number) {
  const [processes, concurrency] = [Number(values.processes), Number(values.concurrency)];
  const expression = PERIOD_MS === 60_000 ? "* * * * *" : `*/${values.period} * * * * *`;
  return { jobs, expression, processes, concurrency };
}

const CONTENDERS: Readonly<Record<string, (jobs: number) => Promise<RedisPeer>>> = {
  Bellwether: jobs => startBellwether(loadOf(jobs)),
  "BullMQ job schedulers": jobs => startJobSchedulers(loadOf(jobs)),
};

async function measure(name: string, contender: string): Promise<Figures> {
  const jobs = Number.parseInt(name.replaceAll(",", ""), 10);
  const peer = await CONTENDERS[contender]?.(jobs);
  if (peer === undefined) throw new Error(`no contender is called ${contender}`);
  const redis = new Redis(peer.server.url);
  try {
    const tickMs = Math.ceil((Date.now() + SETTLE_MS) / PERIOD_MS) * PERIOD_MS;
    await sleep(tickMs - SETTLE_MS - Date.now());
    const lease = contender === "Bellwether" ? await LeaseAge.watch(redis, "{bench}") : null;
    await sleep(tickMs - Date.now());
    const of = () => peer.starts().filter(([tickAtMs]) => tickAtMs === tickMs);
    while (of().length < jobs && Date.now() < tickMs + LIMIT_MS) await sleep(CHECK_EVERY_MS);
    const leader = await lease?.stop();
    const launches = ((await peer.launches()) ?? []).filter(([tickAtMs]) => tickAtMs === tickMs);
    const launched = launches.map(([, lateMs]) => lateMs);
    const started = of().map(([, lateMs]) => lateMs);
    const seconds = (list: readonly number[], share: number) => percentile(list, share) / 1_000;
    return {
      launchedP50: seconds(launched, 0.5),
      launchedP99: seconds(launched, 0.99),
      launchedAll: seconds(launched, 1),
      startedAll: seconds(started, 1),
      missing: Math.max(jobs - launched.length, 0),
      leaseMs: leader?.longestMs ?? null,
      terms: leader?.terms ?? null,
    };
  } finally {
    redis.disconnect();
    await peer.stop();
  }
}

await compare({
  bench: "burst",
  cases: values.jobs.split(",").map(count => `${Number(count).toLocaleString("en")} jobs`),
  contenders: values.contenders?.split(",") ?? Object.keys(CONTENDERS),
  columns: [
    { key: "launchedP50", title: "launched p50 s", digits: 2, hasRatio: true },
    { key: "launchedP99", title: "p99 s", digits: 2, hasRatio: true },
    { key: "launchedAll", title: "all s", digits: 2, hasRatio: true },
    { key: "startedAll", title: "all started s", digits: 1, hasRatio: true },
    { key: "missing", title: "not launched" },
    { key: "leaseMs", title: "longest time between renewals ms" },
    { key: "terms", title: "terms" },
  ],
  rounds: Number(values.rounds),
  json: values.json,
  measure,
});
