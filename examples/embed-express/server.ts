/** A shop's service with a queue, a worker, a logger, connections and metrics of its own, and Bellwether beside them. */
import type { AddressInfo } from "node:net";
import { Bellwether, defineJob } from "bellwether";
import { Queue } from "bullmq";
import express from "express";
import { Redis } from "ioredis";
import { pino } from "pino";
import { collectDefaultMetrics, Registry } from "prom-client";
import { z } from "zod";
import type {} from "./context.ts";
import { MemoryPool } from "./memory-pool.ts";
import { ORDERS_QUEUE, startOrdersWorker } from "./orders-worker.ts";

const redisUrl = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379";
// To standard error: standard output has what this program prints, and nothing of Bellwether's.
const logger = pino({ base: { app: "shop", pid: process.pid } }, pino.destination(2));
const registry = new Registry();
collectDefaultMetrics({ register: registry });
const db = new MemoryPool();

// BullMQ's workers need null here.
const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
redis.on("error", error => logger.error({ err: error }, "the shop's connection has a problem"));
const queue = new Queue(ORDERS_QUEUE.name, { connection: redis, prefix: ORDERS_QUEUE.prefix });
queue.on("error", error => logger.error({ err: error }, "the shop's queue has a problem"));
const worker = startOrdersWorker({ connection: redis, db, logger, registry });

const bellwether = new Bellwether({
  config: "./config",
  connection: options => new Redis(redisUrl, options),
  context: { db },
  logger,
  registry,
  jobs: {
    "count-orders": defineJob({
      every: "2s",
      schema: z.object({ status: z.enum(["open", "paid", "closed"]) }),
      data: { status: "open" },
      run: async ({ status }, run) => ({ status, orders: await run.context.db.count(status) }),
    }),
  },
});

const app = express();
app.post("/orders", async (_request, response) => {
  const order = await db.insert("paid");
  await queue.add("confirm-order", { order });
  response.status(201).json({ order });
});
app.get("/jobs/:job/history", async ({ params }, response) => {
  response.json(await bellwether.client.history(params.job));
});
app.get("/livez", (_request, response) => {
  const { isAlive, problems } = bellwether.health();
  response.status(isAlive ? 200 : 503).json({ problems });
});
app.get("/readyz", (_request, response) => {
  const { isReady, problems } = bellwether.health();
  response.status(isReady ? 200 : 503).json({ problems });
});
app.get("/metrics", async (_request, response) => {
  response.type(registry.contentType).send(await registry.metrics());
});

const server = app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

process.once("SIGTERM", async () => {
  server.close();
  await bellwether.stop(); // leadership moves on immediately; running handlers may end
  await worker.close();
  await queue.close();
  await redis.quit();
  server.closeAllConnections();
});
await bellwether.start();
