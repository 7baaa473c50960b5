import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../support/percentile.ts";
import { processUse } from "../support/process-use.ts";
import type { Target } from "./target.ts";

/** Of one measurement, in the order of the report. */
export const FIGURES = {
  launchP50Ms: { name: "tick to its run in the queue, p50, ms", digits: 1 },
  launchP95Ms: { name: "tick to its run in the queue, p95, ms", digits: 1 },
  metricsP50Ms: { name: "`/metrics`, p50, ms", digits: 1 },
  metricsP95Ms: { name: "`/metrics`, p95, ms", digits: 1 },
  probeMaxMs: { name: "`/livez` and `/readyz`, slowest, ms", digits: 1 },
  refusedProbes: { name: "probes without 200", digits: 0 },
  launches: { name: "launches a second", digits: 1 },
  replicaMs: { name: "CPU of the replica per launch, ms", digits: 3 },
  redisMs: { name: "CPU of Redis per launch, ms", digits: 3 },
  commands: { name: "commands of Redis per launch", digits: 1 },
} as const;

export type Figures = Readonly<Record<keyof typeof FIGURES, number>>;

const EVERY_MS = 100;
const TICK = /@(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

export async function measure(target: Target, seconds: number): Promise<Figures> {
  const { redis, events, http, pid, redisPid } = target;
  const used = async () => ({
    replicaMs: processUse(pid).cpuMs,
    redisMs: processUse(redisPid).cpuMs,
    commands: Number(/total_commands_processed:(\d+)/.exec(await redis.info("stats"))?.[1]),
  });
  const [newest] = await redis.xrevrange(events, "+", "-", "COUNT", 1);
  let lastId = newest?.[0] ?? "0-0";
  const before = await used();
  const startMs = performance.now();
  const metrics: number[] = [];
  const probes: number[] = [];
  const lateMs: number[] = [];
  let refusedProbes = 0;
  while (performance.now() - startMs < 1_000 * seconds) {
    metrics.push((await timed(`${http}/metrics`)).ms);
    for (const route of ["livez", "readyz"]) {
      const { ms, isOk } = await timed(`${http}/${route}`);
      probes.push(ms);
      if (!isOk) refusedProbes++;
    }
    // Often, because BullMQ trims the stream.
    const entries = await redis.xrange(events, `(${lastId}`, "+");
    lastId = entries.at(-1)?.[0] ?? lastId;
    lateMs.push(...entries.flatMap(entry => latenessOf(entry) ?? []));
    await sleep(EVERY_MS);
  }
  const after = await used();
  const launches = lateMs.length;
  return {
    launchP50Ms: percentile(lateMs, 0.5),
    launchP95Ms: percentile(lateMs, 0.95),
    metricsP50Ms: percentile(metrics, 0.5),
    metricsP95Ms: percentile(metrics, 0.95),
    probeMaxMs: Math.max(...probes),
    refusedProbes,
    launches: launches / ((performance.now() - startMs) / 1_000),
    replicaMs: (after.replicaMs - before.replicaMs) / launches,
    redisMs: (after.redisMs - before.redisMs) / launches,
    commands: (after.commands - before.commands) / launches,
  };
}

async function timed(url: string): Promise<{ readonly ms: number; readonly isOk: boolean }> {
  const startMs = performance.now();
  const answer = await fetch(url);
  await answer.text();
  return { ms: performance.now() - startMs, isOk: answer.ok };
}

/** By the time of Redis, which numbers the entries. Null for other events than the addition of a tick's run. */
function latenessOf([id, fields]: [string, string[]]): number | null {
  const named = Object.fromEntries(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1]]] : [])));
  const [, ...parts] = TICK.exec(String(named["jobId"])) ?? [];
  if (named["event"] !== "added" || parts.length === 0) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  return Number.parseInt(id, 10) - Date.UTC(year, month - 1, day, hour, minute, second);
}
