import { expect } from "vitest";
import { test as it } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";

const HANDLER = `import { defineHandler } from "bellwether";
export default defineHandler((_, run) =>
  run.lock("invoices", { ttl: "10s" }, lock => {
    lock.signal.throwIfAborted();
    return { fence: lock.fence };
  }),
);
`;

it("gives the handlers of a replica their locks, and tells of them at debug", async ({
  defer,
  startServer,
  makeProject,
}) => {
  const server = await startServer();
  const project = await makeProject({
    "config/bellwether.yaml": [
      `namespace: ${namespace()}`,
      `redis: { url: "${server.url}" }`,
      "log: { level: debug }",
      "http: false",
    ].join("\n"),
    "config/jobs.yaml": "jobs:\n  locking: { every: 1s, handler: locking }\n",
    "jobs/locking.ts": HANDLER,
  });
  const replica = new ReplicaProcess(["--config", project.configDir]);
  defer(() => replica.end("SIGKILL"));
  const { run } = await replica.when("lock.released");
  expect(run).toMatch(/^locking@/);
  expect(await replica.when("lock.acquired")).toMatchObject({ level: "debug", lock: "invoices", run });
  await replica.when("run.completed");
  expect(await replica.end()).toBe(0);
  expect(replica.noise).toEqual([]);
});
