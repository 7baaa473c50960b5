/** Plain BullMQ workers of one queue in one process, each with connections of its own: `workers.ts COUNT REDIS_URL NAMESPACE`. */
import { Worker } from "bullmq";
import { serveUsage } from "./usage.ts";

const [count = "", url = "", namespace = ""] = process.argv.slice(2);
const { hostname: host, port } = new URL(url);
const workers = Array.from({ length: Number(count) }, (_, i) => {
  const id = `${process.pid}-${i}`;
  const connection = { host, port: Number(port), connectionName: `bullmq:w:${id}` };
  return new Worker("idle", async () => undefined, { connection, prefix: `{${namespace}}`, name: id });
});
await Promise.all(workers.map(worker => worker.waitUntilReady()));
serveUsage();
process.once("disconnect", () => process.exit(0));
for (const [i] of workers.entries()) process.send?.({ observed: `${process.pid}-${i}`, term: 1 });
