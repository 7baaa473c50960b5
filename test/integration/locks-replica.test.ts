import { afterEach, expect, it } from "vitest";
import { createProject } from "../support/project.ts";
import { namespace, startRedis } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";

const disposals: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

const HANDLER = `import { defineHandler } from "bellwether";
export default defineHandler((_, run) =>
  run.lock("invoices", { ttl: "10s" }, lock => {
    lock.signal.throwIfAborted();
    return { fence: lock.fence };
  }),
);
`;

it("gives the handlers of a replica their locks, and tells of them at debug", async () => {
  const server = await startRedis();
  disposals.push(() => server.stop());
  const project = await createProject({
    "config/bellwether.yaml": [
      `namespace: ${namespace()}`,
      `redis: { url: "${server.url}" }`,
      "log: { level: debug }",
      "http: false",
    ].join("\n"),
    "config/jobs.yaml": "jobs:\n  locking: { every: 1s, handler: locking }\n",
    "jobs/locking.ts": HANDLER,
  });
  disposals.push(() => project.dispose());
  const replica = new ReplicaProcess(["--config", project.configDir]);
  disposals.push(() => replica.end("SIGKILL"));
  const { run } = await replica.when("lock.released");
  expect(run).toMatch(/^locking@/);
  expect(await replica.when("lock.acquired")).toMatchObject({ level: "debug", lock: "invoices", run });
  await replica.when("run.completed");
  expect(await replica.end()).toBe(0);
  expect(replica.noise).toEqual([]);
});
