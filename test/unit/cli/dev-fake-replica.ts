/** Replaces `bellwether run` in the tests of `dev`: logs like a replica, and ends as FAKE_REPLICA says. */
import { stopWhenParentGoes } from "../../../src/cli/dev/parent.ts";

const name = process.argv[process.argv.indexOf("--id") + 1];
const replica = `${name}-0a1b`;

function log(event: string, fields: object = {}): void {
  console.log(JSON.stringify({ level: "info", time: new Date().toISOString(), event, replica, ...fields }));
}

function stop(): void {
  log("replica.stopped", { clean: true });
  process.exit(0);
}

if (process.env["FAKE_REPLICA"] === "misconfigured") {
  const mistake = "jobs.yaml:3:5 unknown key corn";
  console.log(JSON.stringify({ level: "error", event: "config.rejected", mistakes: [mistake] }));
  console.error(mistake);
  process.exit(2);
}
process.once("SIGTERM", () => {
  if (process.env["FAKE_REPLICA"] !== "stubborn") stop();
});
process.on("SIGUSR2", () => log("handlers.changed", { files: ["jobs/a.ts", "lib/b.ts"] }));
stopWhenParentGoes(stop);
log("replica.started", { pid: process.pid, roles: ["scheduler"], generation: 0 });
console.log(`redis=${process.env["REDIS_URL"]}`);
if (name === "replica-1")
  log("leader.elected", { term: 1, reason: "vacant", previous: null, vacantMs: null });
if (process.env["FAKE_REPLICA"] === "rejecting")
  log("config.rejected", { mistakes: ["jobs.yaml:9:1 later"] });
setInterval(() => undefined, 60_000);
