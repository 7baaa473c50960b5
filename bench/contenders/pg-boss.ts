/**
 * A process with schedules of pg-boss, at the shortest intervals that it permits: `pg-boss.ts POSTGRES_URL JOBS EXPRESSION CONCURRENCY`.
 * A run does not say which tick it is of. All jobs have the same expression, so it is the last full minute.
 */
import { PgBoss } from "pg-boss";
import { noteRun } from "../peers/run-log.ts";

const [connectionString = "", count = "0", expression = "", concurrency = "1"] = process.argv.slice(2);
const QUEUE = "default";
const MINUTE_MS = 60_000;

const boss = new PgBoss({
  connectionString,
  cronMonitorIntervalSeconds: 1,
  cronWorkerIntervalSeconds: 1,
  useListenNotify: true,
});
boss.on("error", error => console.error(error));
await boss.start();
await boss.createQueue(QUEUE, { notify: true });
for (let i = 0; i < Number(count); i++) await boss.schedule(QUEUE, expression, {}, { key: `job-${i}` });
const options = { batchSize: Number(concurrency), pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
await boss.work(QUEUE, options, async jobs => {
  const tickAtMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  for (const _ of jobs) noteRun(tickAtMs);
});
process.send?.("ready");
process.once("SIGTERM", () => process.exit(0));
