/**
 * How long leadership takes to move: from the moment a leader is killed (SIGKILL) or stopped (SIGTERM) until its
 * successor says `leader.elected`. Three replicas with an idle schedule; the dead are replaced.
 *
 *     node bench/handoff.ts [--rounds 30] [--lease-ttl 10s] [--store redis|etcd]
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Etcd3 } from "etcd3";
import { withProgress } from "../src/cli/progress.ts";
import { startEtcd, type TestEtcd } from "../test/support/etcd-server.ts";
import { createProject } from "../test/support/project.ts";
import { startRedis } from "../test/support/redis-server.ts";
import { ReplicaProcess } from "../test/support/replica-process.ts";
import { benchOptions } from "./support/bench-options.ts";
import { percentile } from "./support/percentile.ts";

const values = benchOptions({
  rounds: { type: "string", default: "30" },
  "lease-ttl": { type: "string", default: "10s" },
  store: { type: "string", default: "redis" },
});
/** A replica reports no other as gone in the first second of its connection; real pods are older than that. */
const SETTLE_MS = 1_500;

const server = await startRedis();
const etcd = values.store === "etcd" ? await startEtcd() : null;
const store = etcd ? `, store: etcd, etcd: { hosts: ["${etcd.url}"] }` : "";
const project = await createProject({
  "config/bellwether.yaml": `redis: { url: "${server.url}" }\nelection: { leaseTtl: ${values["lease-ttl"]}${store} }\nhttp: false\n`,
  "config/jobs.yaml": "jobs: { idle: { cron: '0 0 1 1 *', handler: idle } }\n",
  "jobs/idle.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => {});\n`,
});
const start = () => new ReplicaProcess(["--config", project.configDir]);

async function measure(signal: NodeJS.Signals): Promise<number[]> {
  let replicas = [start(), start(), start()];
  let leader = await Promise.race(replicas.map(elected));
  const times: number[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const others = replicas.filter(replica => replica !== leader);
    await withProgress(`${signal}: handoff ${round + 1} of ${values.rounds}`, async () => {
      await Promise.all(
        others.map(replica => replica.when("leader.observed", line => line["leader"] === idOf(leader))),
      );
      await sleep(SETTLE_MS);
    });
    const next = Promise.race(others.map(elected));
    const sentMs = performance.now();
    leader.signal(signal);
    const successor = await next;
    times.push(performance.now() - sentMs);
    await leader.end();
    replicas = [...others, start()];
    leader = successor;
  }
  await Promise.all(replicas.map(replica => replica.end()));
  return times;
}

/** A handoff on etcd holds one write (the old leader's key goes), which lasts as long as the disk's fsync. */
async function printWriteTimes({ url }: TestEtcd): Promise<void> {
  const client = new Etcd3({ hosts: url });
  const times: number[] = [];
  for (let i = 0; i < 50; i++) {
    const startedMs = performance.now();
    await client.put("probe").value(i);
    times.push(performance.now() - startedMs);
  }
  client.close();
  const [p50, p95] = [0.5, 0.95].map(share => percentile(times, share).toFixed(1));
  console.log(`one write to this etcd: p50 ${p50} ms, p95 ${p95} ms\n`);
}

async function elected(replica: ReplicaProcess): Promise<ReplicaProcess> {
  await replica.when("leader.elected");
  return replica;
}

function idOf(replica: ReplicaProcess): unknown {
  return replica.lines[0]?.replica;
}

console.log(
  `${values.rounds} handoffs each among 3 replicas on ${values.store}, leaseTtl ${values["lease-ttl"]}; milliseconds\n`,
);
if (etcd) await printWriteTimes(etcd);
console.log("| leader is | p50 | p95 | max |\n| --- | --- | --- | --- |");
for (const [signal, what] of [
  ["SIGKILL", "killed (SIGKILL)"],
  ["SIGTERM", "stopped (SIGTERM)"],
] as const) {
  const times = await measure(signal);
  console.log(
    `| ${what} | ${[0.5, 0.95, 1].map(share => Math.round(percentile(times, share))).join(" | ")} |`,
  );
}
await project.dispose();
await server.stop();
await etcd?.stop();
