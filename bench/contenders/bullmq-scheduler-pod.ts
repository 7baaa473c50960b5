/**
 * One pod of many that are alike: it upserts its job schedulers when it boots, as people do, and consumes what they
 * produce. When it takes part it prints how often an upsert was refused.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { CONCURRENCY, HANDLER_MS } from "../rolling/outcome.ts";

const [url = "", periods = "[]", isSameInstant] = process.argv.slice(2);
const connection = new Redis(url, { maxRetriesPerRequest: null });
const queue = new Queue("default", { connection });

const RETRY_MS = 50;
let refused = 0;

/** BullMQ refuses the upsert of a pattern while a run of the tick that it would add is being worked on. */
async function upsert(name: string, every: number): Promise<void> {
  const schedule = isSameInstant ? { pattern: "* * * * * *" } : { every };
  for (;;) {
    try {
      await queue.upsertJobScheduler(name, schedule, { name });
      return;
    } catch {
      refused++;
      await sleep(RETRY_MS);
    }
  }
}

await Promise.all(
  Object.entries(JSON.parse(periods) as Record<string, number>).map(([name, every]) => upsert(name, every)),
);
const worker = new Worker("default", () => sleep(HANDLER_MS), {
  connection,
  concurrency: CONCURRENCY,
  removeOnComplete: { age: 3_600, count: 10_000 },
});
await worker.waitUntilReady();
console.log(refused);

process.on("SIGTERM", async () => {
  await worker.close();
  process.exit(0);
});
