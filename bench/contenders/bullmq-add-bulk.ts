/**
 * One process that adds jobs by BullMQ's `addBulk`, as fast as it can: the floor of what a launch costs. Data and options are those of
 * a run of Bellwether.
 */
import { Queue } from "bullmq";
import { Redis } from "ioredis";

const [url = "", count = "1000"] = process.argv.slice(2);
/** As many as one of Bellwether's transactions has. */
const BATCH = 1_000;
const connection = new Redis(url, { maxRetriesPerRequest: null });
const queue = new Queue("default", { connection });

let isOver = false;
process.on("SIGTERM", () => {
  isOver = true;
});
for (let second = Math.floor(Date.now() / 1_000); !isOver; second++) {
  const at = new Date(second * 1_000).toISOString();
  const id = at.replaceAll(/[-:]|\.000/g, "");
  for (let from = 0; from < Number(count) && !isOver; from += BATCH) {
    await queue.addBulk(
      Array.from({ length: Math.min(BATCH, Number(count) - from) }, (_, i) => ({
        name: `job-${from + i}`,
        data: { _tick: { at, kind: "scheduled", term: 1 } },
        opts: {
          jobId: `job-${from + i}@${id}`,
          attempts: 1,
          backoff: { type: "exponential", delay: 1_000 },
          removeOnComplete: { age: 86_400, count: 1_000 },
          removeOnFail: { age: 604_800, count: 1_000 },
        },
      })),
    );
  }
}
await queue.close();
connection.disconnect();
