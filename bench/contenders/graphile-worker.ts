/** A process with a crontab of Graphile Worker: `graphile-worker.ts POSTGRES_URL JOBS EXPRESSION CONCURRENCY`. */
import { Logger, parseCronItems, run } from "graphile-worker";
import { noteRun } from "../peers/run-log.ts";

const [connectionString = "", count = "0", expression = "", concurrency = "1"] = process.argv.slice(2);
const items = Array.from({ length: Number(count) }, (_, i) => ({
  task: "note",
  match: expression,
  identifier: `job-${i}`,
}));

await run({
  connectionString,
  concurrency: Number(concurrency),
  noHandleSignals: true,
  logger: new Logger(() => (level, message) => {
    if (level === "error") console.error(message);
  }),
  parsedCronItems: parseCronItems(items),
  taskList: {
    note: async payload => {
      const { _cron } = payload as { readonly _cron: { readonly ts: string } };
      noteRun(Date.parse(_cron.ts));
    },
  },
});
process.send?.("ready");
process.once("SIGTERM", () => process.exit(0));
