/**
 * A pod with BullMQ's own job schedulers: `bullmq-cron.ts REDIS_URL JOBS EXPRESSION CONCURRENCY [upsert]`. With `upsert` it creates the
 * schedulers, as the boot of a pod would. Its worker consumes what they produce.
 */
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { noteRun } from "../peers/run-log.ts";

const [url = "", count = "0", pattern = "", concurrency = "1", upsert] = process.argv.slice(2);
/** As many as one process keeps under way while it creates its schedulers. */
const BATCH = 500;
const connection = new Redis(url, { maxRetriesPerRequest: null });
// An outage is part of a benchmark; ioredis connects again.
connection.on("error", () => undefined);

const worker = new Worker(
  "default",
  async job => {
    // A scheduler's run is called repeat:<scheduler>:<tick in epoch ms>.
    noteRun(Number(job.id?.split(":").at(-1)));
  },
  { connection, concurrency: Number(concurrency), removeOnComplete: { age: 3_600, count: 10_000 } },
);
worker.on("error", () => undefined);
await worker.waitUntilReady();

if (upsert === "upsert") {
  const queue = new Queue("default", { connection });
  queue.on("error", () => undefined);
  const names = Array.from({ length: Number(count) }, (_, i) => `job-${i}`);
  while (names.length > 0) {
    await Promise.all(
      names.splice(0, BATCH).map(name => queue.upsertJobScheduler(name, { pattern }, { name })),
    );
  }
}
process.send?.("ready");

process.once("SIGTERM", async () => {
  await worker.close();
  process.exit(0);
});
