/**
 * What replicas cost while nothing is due: commands a second that Redis gets, requests to etcd, and CPU. Replicas of the scheduler's
 * role, and beside them plain BullMQ workers of an empty queue, alternately on the same machine. Then the leader's process is killed
 * (SIGKILL) again and again: how long until another replica says `leader.elected`. A process has up to a tenth of the replicas, so a
 * kill ends some followers too.
 *
 *     node bench/idle.ts [--replicas 3,30,100] [--stores redis,etcd] [--seconds 20] [--rounds 1] [--kills 20] [--json FILE]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { startEtcd, type TestEtcd } from "../test/support/etcd-server.ts";
import { startRedis } from "../test/support/redis-server.ts";
import { type CommandCount, countCommands } from "./idle/command-count.ts";
import { Group } from "./idle/group.ts";
import type { Figures } from "./report/bench-result.ts";
import { benchOptions } from "./support/bench-options.ts";
import { compare } from "./support/comparison.ts";
import { percentile } from "./support/percentile.ts";

const values = benchOptions({
  replicas: { type: "string", default: "3,30,100" },
  stores: { type: "string", default: "redis,etcd" },
  seconds: { type: "string", default: "20" },
  rounds: { type: "string", default: "1" },
  kills: { type: "string", default: "20" },
  settle: { type: "string", default: "12" },
  json: { type: "string" },
});
const SECONDS = Number(values.seconds);
/** After the start, and after a handoff, replicas do more for some seconds. */
const SETTLE_MS = 1_000 * Number(values.settle);
/** Any replica may be the leader's only neighbour below this. */
const MIN_FOR_KILLS = 4;
/** By store: null is a worker, which has no leader. */
const STORES = {
  "Bellwether on Redis": "redis",
  "Bellwether on etcd": "etcd",
  "BullMQ worker": null,
} as const;
type Contender = keyof typeof STORES;
const WORKER_CONNECTION = /:w:(.+)$/;
const REPLICA_CONNECTION = /^bellwether:(.+):\w+$/;

async function measure(replicas: number, contender: Contender): Promise<Figures> {
  const store = STORES[contender];
  const server = await startRedis();
  const etcd = store === "etcd" ? await startEtcd() : null;
  const args = [server.url, "bench", ...(etcd === null ? [] : [etcd.url])];
  const group = new Group(store === null ? "workers.ts" : "replicas.ts", replicas, args);
  const redis = new Redis(server.url, { connectionName: "bench" });
  try {
    await group.ready();
    await sleep(SETTLE_MS);
    const clients = String(await redis.client("LIST"));
    const names = new Map(
      [...clients.matchAll(/ addr=(\S+) .*?name=(\S*)/g)].map(([, addr, name]) => [addr, name]),
    );
    const before = {
      cpuMs: await group.cpuMs(),
      redisMs: await redisCpuMs(redis),
      etcdCalls: await etcdCalls(etcd),
    };
    const count = await countCommands(
      server.port,
      sleep(1_000 * SECONDS),
      address => names.get(address) ?? "?",
    );
    const cpuMs = (await group.cpuMs()) - before.cpuMs;
    const redisMs = (await redisCpuMs(redis)) - before.redisMs;
    const toEtcd = ((await etcdCalls(etcd)) - before.etcdCalls) / SECONDS;
    const kills = store === null || replicas < MIN_FOR_KILLS ? 0 : Number(values.kills);
    const takeoverMs: number[] = [];
    for (let i = 0; i < kills; i++) {
      takeoverMs.push(await group.killLeader());
      await sleep(2_000);
    }
    return {
      ...figuresOf(contender, count),
      cpuEach: percentOf(cpuMs) / replicas,
      redisCpu: percentOf(redisMs),
      toEtcd: etcd === null ? null : toEtcd,
      takeoverP50: kills === 0 ? null : percentile(takeoverMs, 0.5),
      takeoverP95: kills === 0 ? null : percentile(takeoverMs, 0.95),
    };
  } finally {
    await group.stop();
    redis.disconnect();
    await server.stop();
    await etcd?.stop();
  }
}

/** Requests that etcd has answered so far, by its metrics. */
async function etcdCalls(etcd: TestEtcd | null): Promise<number> {
  if (etcd === null) return 0;
  const text = await (await fetch(`${etcd.url}/metrics`)).text();
  const counts = [...text.matchAll(/^grpc_server_handled_total\{.*\} (\S+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

function figuresOf(contender: Contender, { sent, inside }: CommandCount): Figures {
  const connection = STORES[contender] === null ? WORKER_CONNECTION : REPLICA_CONNECTION;
  const byReplica = new Map<string, number>();
  const byCommand = new Map<string, number>();
  for (const [key, count] of sent) {
    const [client = "", command = ""] = key.split(" ");
    if (client === "bench") continue;
    const [, replica = client] = connection.exec(client) ?? [];
    byReplica.set(replica, (byReplica.get(replica) ?? 0) + count / SECONDS);
    const kind = `${client.split(":").at(-1)} ${command}`;
    if (client.startsWith("bellwether")) byCommand.set(kind, (byCommand.get(kind) ?? 0) + count / SECONDS);
  }
  const each = [...byReplica.values()];
  return {
    sent: each.reduce((sum, one) => sum + one, 0),
    insideScripts: inside / SECONDS,
    most: Math.max(...each),
    median: percentile(each, 0.5),
    // By kind of connection and command: in the file alone.
    ...Object.fromEntries([...byCommand].sort(([, a], [, b]) => b - a)),
  };
}

function percentOf(cpuMs: number): number {
  return (100 * cpuMs) / (1_000 * SECONDS);
}

async function redisCpuMs(redis: Redis): Promise<number> {
  const info = await redis.info("cpu");
  const parts = [...info.matchAll(/^used_cpu_(?:user|sys):([\d.]+)/gm)].map(([, seconds]) => Number(seconds));
  return 1_000 * parts.reduce((sum, one) => sum + one, 0);
}

const stores = values.stores.split(",");
await compare({
  bench: "idle",
  cases: values.replicas.split(",").map(count => `${count} replicas`),
  contenders: (Object.keys(STORES) as Contender[]).filter(
    name => STORES[name] === null || stores.includes(STORES[name]),
  ),
  columns: [
    { key: "sent", title: "sent a second by all", digits: 1, hasRatio: true },
    { key: "insideScripts", title: "inside scripts", digits: 1 },
    { key: "most", title: "by the busiest", digits: 1 },
    { key: "median", title: "by the median one", digits: 1 },
    { key: "toEtcd", title: "to etcd a second", digits: 1 },
    { key: "cpuEach", title: "CPU of each %", digits: 2, hasRatio: true },
    { key: "redisCpu", title: "CPU of Redis %", digits: 1, hasRatio: true },
    { key: "takeoverP50", title: "takeover p50 ms" },
    { key: "takeoverP95", title: "p95 ms" },
  ],
  rounds: Number(values.rounds),
  json: values.json,
  measure: (name, contender) => measure(Number.parseInt(name, 10), contender),
});
