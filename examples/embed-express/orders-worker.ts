import { UnrecoverableError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Logger } from "pino";
import { Counter, type Registry } from "prom-client";
import type { MemoryPool } from "./memory-pool.ts";

export const ORDERS_QUEUE = { name: "orders", prefix: "shop-queue" };

interface OrdersWorkerOptions {
  readonly connection: Redis;
  readonly db: MemoryPool;
  readonly logger: Logger;
  readonly registry: Registry;
}

/** The service's own worker: jobs that its routes add, and those that Bellwether launches. */
export function startOrdersWorker({ connection, db, logger, registry }: OrdersWorkerOptions): Worker {
  const done = new Counter({
    name: "shop_order_jobs_total",
    help: "Jobs of the queue orders that this process did",
    labelNames: ["job"],
    registers: [registry],
  });
  const worker = new Worker(
    ORDERS_QUEUE.name,
    async job => {
      switch (job.name) {
        case "confirm-order":
          return { mailed: job.data.order };
        case "close-orders":
          return { closed: await db.close(job.data.status), tick: job.data._tick.at };
        default:
          throw new UnrecoverableError(`there is no work called ${job.name}`);
      }
    },
    // Bellwether's history shows the name, so that a run leads to the process that did it.
    { connection, prefix: ORDERS_QUEUE.prefix, name: `orders-worker-${process.pid}` },
  );
  worker.on("completed", ({ name, id }, result) => {
    done.inc({ job: name });
    logger.info({ job: name, id, result }, "the shop's worker did a job");
  });
  worker.on("error", error => logger.error({ err: error }, "the shop's worker has a problem"));
  return worker;
}
