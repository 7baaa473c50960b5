/**
 * How late runs become available to workers, and how late handlers start, beside other schedulers. All jobs are due at the same instants.
 *
 *     node bench/lateness.ts [--every second|minute] [--jobs 10,1000,3000] [--for 8] [--rounds 3] [--processes 2] [--concurrency 50]
 *         [--contenders Bellwether,node-cron] [--json FILE]
 *
 * `--for`: how many ticks of each job are measured. pg-boss and Graphile Worker know minutes only, so they take part with `--every minute`
 * alone. node-cron is one process without a server: the floor.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { startNodeCron, startOnPostgres } from "./peers/other-peers.ts";
import type { Load, Peer } from "./peers/peer.ts";
import { startBellwether, startJobSchedulers } from "./peers/redis-peers.ts";
import type { Figures } from "./report/bench-result.ts";
import { benchOptions } from "./support/bench-options.ts";
import { compare } from "./support/comparison.ts";
import { percentile } from "./support/percentile.ts";

const values = benchOptions({
  every: { type: "string", default: "second" },
  jobs: { type: "string", default: "10,1000,3000" },
  for: { type: "string", default: "8" },
  rounds: { type: "string", default: "3" },
  processes: { type: "string", default: "2" },
  concurrency: { type: "string", default: "50" },
  contenders: { type: "string" },
  json: { type: "string" },
});
const isPerSecond = values.every === "second";
const PERIOD_MS = isPerSecond ? 1_000 : 60_000;
const TICKS = Number(values.for);
/** Processes compile their code during the first ticks. */
const WARM_UP_MS = isPerSecond ? 3_000 : 5_000;
/** How long after the last tick runs may still start. pg-boss may take this long by itself. */
const GRACE_MS = isPerSecond ? 5_000 : 30_000;
/** A start that would come this soon before a minute waits for the next one. */
const CHECK_EVERY_MS = 250;
/** Contenders on the minute start this long before it, with time to get ready. */
const BEFORE_MINUTE_MS = 35_000;

const CONTENDERS: Readonly<Record<string, (load: Load) => Promise<Peer>>> = {
  Bellwether: load => startBellwether(load),
  "BullMQ job schedulers": load => startJobSchedulers(load),
  "node-cron, one process": load => startNodeCron(load),
  ...(isPerSecond
    ? {}
    : {
        "Graphile Worker": load => startOnPostgres("graphile-worker.ts", load),
        "pg-boss": load => startOnPostgres("pg-boss.ts", load),
      }),
};

async function measure(name: string, contender: string): Promise<Figures> {
  const jobs = Number.parseInt(name.replaceAll(",", ""), 10);
  const load: Load = {
    jobs,
    expression: isPerSecond ? "* * * * * *" : "* * * * *",
    processes: Number(values.processes),
    concurrency: Number(values.concurrency),
  };
  if (!isPerSecond) await untilBeforeMinute();
  const peer = await CONTENDERS[contender]?.(load);
  if (peer === undefined) throw new Error(`no contender is called ${contender}`);
  try {
    const firstMs = Math.ceil((Date.now() + WARM_UP_MS) / PERIOD_MS) * PERIOD_MS;
    const lastMs = firstMs + (TICKS - 1) * PERIOD_MS;
    const measured = () => peer.starts().filter(([tickAtMs]) => tickAtMs >= firstMs && tickAtMs <= lastMs);
    await sleep(lastMs - Date.now());
    while (measured().length < TICKS * jobs && Date.now() < lastMs + GRACE_MS) await sleep(CHECK_EVERY_MS);
    const starts = measured().map(([, lateMs]) => lateMs);
    const all = await peer.launches();
    const launches = all?.filter(([tickAtMs]) => tickAtMs >= firstMs && tickAtMs <= lastMs);
    const launched = launches?.map(([, lateMs]) => lateMs);
    return {
      launchedP50: launched ? percentile(launched, 0.5) : null,
      launchedP99: launched ? percentile(launched, 0.99) : null,
      startedP50: percentile(starts, 0.5),
      startedP99: percentile(starts, 0.99),
      startedMax: Math.max(...starts),
      missing: Math.max(TICKS * jobs - starts.length, 0),
    };
  } finally {
    await peer.stop();
  }
}

async function untilBeforeMinute(): Promise<void> {
  const leftMs = PERIOD_MS - (Date.now() % PERIOD_MS);
  await sleep((leftMs - BEFORE_MINUTE_MS + PERIOD_MS) % PERIOD_MS);
}

await compare({
  bench: isPerSecond ? "lateness" : "lateness-minute",
  cases: values.jobs
    .split(",")
    .map(count => `${Number(count).toLocaleString("en")} jobs every ${values.every}`),
  contenders: values.contenders?.split(",") ?? Object.keys(CONTENDERS),
  columns: [
    { key: "launchedP50", title: "launched p50 ms", hasRatio: true },
    { key: "launchedP99", title: "p99 ms", hasRatio: true },
    { key: "startedP50", title: "started p50 ms", hasRatio: true },
    { key: "startedP99", title: "p99 ms", hasRatio: true },
    { key: "startedMax", title: "max ms" },
    { key: "missing", title: "not started" },
  ],
  rounds: Number(values.rounds),
  json: values.json,
  measure,
});
