/** The team's own program, as it was before Bellwether: a queue, and a worker with one case more for each job of Bellwether's. */
import { Queue, UnrecoverableError, Worker } from "bullmq";
import { Redis } from "ioredis";

// BullMQ's workers need null here.
const connection = new Redis(process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379", {
  maxRetriesPerRequest: null,
});
const queue = new Queue("orders", { connection });

const worker = new Worker(
  "orders",
  async job => {
    switch (job.name) {
      case "confirm-order":
        return { mailed: job.data.order };
      case "close-orders":
        return { closed: job.data.status, tick: job.data._tick.at };
      case "remind-customers":
        // The same in each attempt: what a mail service takes as an idempotency key.
        return { reminded: 0, key: job.id };
      default:
        throw new UnrecoverableError(`there is no work called ${job.name}`);
    }
  },
  // Bellwether's history shows the name.
  {
    connection,
    name: `worker-${process.pid}`,
    removeOnComplete: { count: 1_000 },
    removeOnFail: { age: 7 * 24 * 3_600 },
  },
);
worker.on("completed", ({ name, id }, result) => console.log(JSON.stringify({ done: name, id, result })));
worker.on("failed", (job, error) =>
  console.error(JSON.stringify({ failed: job?.name, error: error.message })),
);
worker.on("error", error => console.error(error.message));

// What the team's program adds by itself.
await queue.add("confirm-order", { order: 1 });

process.once("SIGTERM", async () => {
  await worker.close();
  await queue.close();
  await connection.quit();
});
