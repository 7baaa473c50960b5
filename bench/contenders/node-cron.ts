/** One process with jobs of node-cron: no server, no second replica, nothing that survives a restart. `node-cron.ts JOBS EXPRESSION`. */
import { schedule } from "node-cron";
import { noteRun } from "../peers/run-log.ts";

const [count = "0", expression = ""] = process.argv.slice(2);
for (let i = 0; i < Number(count); i++) {
  schedule(expression, ({ date }) => noteRun(tickOf(date)), { name: `job-${i}` });
}
process.send?.("ready");
process.once("SIGTERM", () => process.exit(0));

/** Ticks of these jobs are at full seconds. */
function tickOf(date: Date): number {
  return Math.floor(date.getTime() / 1_000) * 1_000;
}
