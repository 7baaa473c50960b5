/**
 * One process that consumes what BullMQ's own job schedulers produce. They have no leader: each run adds the next
 * one when it starts. `upsert` creates the schedulers, as the boot of a pod would.
 */
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { noteStart } from "../support/start-times.ts";

const [url = "", count = "0", concurrency = "1", upsert] = process.argv.slice(2);
const connection = new Redis(url, { maxRetriesPerRequest: null });

const worker = new Worker(
  "default",
  async job => {
    // A scheduler's run is called repeat:<scheduler>:<tick in epoch ms>.
    noteStart(Number(job.id?.split(":").at(-1)));
  },
  { connection, concurrency: Number(concurrency), removeOnComplete: { age: 3_600, count: 10_000 } },
);

if (upsert === "upsert") {
  const queue = new Queue("default", { connection });
  const names = Array.from({ length: Number(count) }, (_, i) => `job-${i}`);
  await Promise.all(names.map(name => queue.upsertJobScheduler(name, { pattern: "* * * * * *" }, { name })));
}

process.on("SIGTERM", async () => {
  await worker.close();
  process.exit(0);
});
