/** A worker of a team that knows nothing of Bellwether: `node team-worker.child.ts URL PREFIX`. Reports to its parent what it does. */
import { Worker } from "bullmq";
import { Redis } from "ioredis";

const [, , url = "", prefix = "", handle = "completes"] = process.argv;
const connection = new Redis(url, { maxRetriesPerRequest: null });
const worker = new Worker(
  "orders",
  async run => {
    process.send?.({ started: run.id });
    if (handle === "hangs") await new Promise(() => undefined);
  },
  { connection, prefix, lockDuration: 1_000, stalledInterval: 300, maxStalledCount: 100 },
);
worker.on("completed", run => process.send?.({ completed: run.id }));
worker.on("error", () => undefined);
process.on("disconnect", () => process.exit());
