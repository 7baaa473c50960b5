/** Replicas of the scheduler's role in one process: `replicas.ts COUNT REDIS_URL NAMESPACE [ETCD_URL]`. */
import { sleep } from "../../src/clock/sleep.ts";
import { loadConfig } from "../../src/config/load.ts";
import { Replica } from "../../src/replica/replica.ts";
import { createProject } from "../../test/support/project.ts";
import { serveUsage } from "./usage.ts";

const [count = "", url = "", namespace = "", etcd] = process.argv.slice(2);
const election = etcd === undefined ? "" : `election: { store: etcd, etcd: { hosts: ["${etcd}"] } }\n`;
const project = await createProject({
  "config/bellwether.yaml": `namespace: ${namespace}\nredis: { url: "${url}" }\nhttp: false\n${election}`,
  "config/jobs.yaml": "jobs: { idle: { cron: '0 0 1 1 *', handler: idle } }\n",
  "jobs/idle.ts": `import { defineHandler } from "bellwether";\nexport default defineHandler(async () => {});\n`,
});
const loaded = await loadConfig({ configDir: project.configDir, env: {} });
if (!loaded.ok) throw new Error("the configuration of the benchmark is not valid");
const replicas = Array.from({ length: Number(count) }, (_, i) => {
  const id = `${process.pid}-${i}`;
  const replica = new Replica({ config: loaded.config, id, roles: ["scheduler"], log: "none" });
  replica.events.on("leader.elected", ({ term }) => process.send?.({ elected: id, term }));
  replica.events.on("leader.observed", ({ term }) => process.send?.({ observed: id, term }));
  return replica;
});
serveUsage();
process.once("disconnect", () => void project.dispose().then(() => process.exit(0)));
for (const replica of replicas) {
  await replica.start();
  // Replicas of a deployment do not start at the same moment either.
  await sleep(20);
}
