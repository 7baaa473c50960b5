/** The copies of bullmq and ioredis that a team may have: the oldest of each range, and the newest that npm has. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, inject } from "vitest";
import { test as base } from "../support/fixtures.ts";
import { namespace } from "../support/redis-server.ts";
import { ReplicaProcess } from "../support/replica-process.ts";
import { npmInstall, ROOT, runWith } from "./run-with.ts";
import { inFolder } from "./workshop.ts";

const { folder, tarball } = inject("packed");
/** Those that every team has; bull-board is optional. */
const PEERS = ["bullmq", "ioredis"] as const;
const NODE = path.dirname(process.execPath);

/** A job that its own worker runs, and a lock: each part that builds on these packages. */
const HANDLER = `import { defineHandler } from "bellwether";
export default defineHandler((_data, run) => run.lock("sweep", { ttl: "10s" }, async lock => ({ fence: lock.fence })));
`;

const test = base.extend("install", () => async (name: string, version: (range: string) => string) => {
  const { peerDependencies } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
  const wanted = PEERS.map(peer => [peer, version(peerDependencies[peer])] as const);
  const project = await inFolder(folder, name, {
    "package.json": JSON.stringify({
      ...{ name, private: true, type: "module" },
      dependencies: { bellwether: `file:${tarball}`, ...Object.fromEntries(wanted) },
    }),
    "config/bellwether.yaml": `namespace: ${namespace()}\nredis: { url: "\${REDIS_URL}" }\nhttp: false\nadmin: { port: 0 }\n`,
    "config/jobs.yaml": "jobs: { sweep: { every: 1s, handler: sweep } }\n",
    "jobs/sweep.ts": HANDLER,
  });
  expect(await runWith(NODE, project, ...npmInstall())).toMatchObject({ code: 0, stderr: "" });
  const versionOf = async (peer: string) =>
    JSON.parse(await readFile(path.join(project, "node_modules", peer, "package.json"), "utf8")).version;
  return { project, versions: await Promise.all(PEERS.map(versionOf)), wanted };
});

test.for([
  { age: "oldest", version: (range: string) => range.replace("^", "") },
  { age: "newest", version: (range: string) => range },
])(
  "a replica leads and works with the $age bullmq and ioredis",
  async ({ age, version }, { server, defer, install }) => {
    const { project, versions, wanted } = await install(`peers-${age}`, version);
    console.log(`the ${age}: bullmq ${versions[0]}, ioredis ${versions[1]}`);
    if (age === "oldest") expect(versions).toEqual(wanted.map(([, exact]) => exact));
    const command = [process.execPath, "node_modules/bellwether/dist/main.js", "run"] as const;
    const replica = new ReplicaProcess([], { REDIS_URL: server.url }, project, [...command]);
    defer(() => replica.end("SIGKILL"));
    const { admin } = await replica.when("replica.started");
    for (const address of ["queues", "queues/", "queues/queue/default"]) {
      const queues = await fetch(new URL(address, String(admin)));
      expect([queues.status, await queues.json()]).toMatchObject([404, { code: "BW_BOARD_MISSING" }]);
    }
    await replica.when("leader.elected");
    await replica.when("run.completed");
    expect(await replica.end("SIGTERM")).toBe(0);
    expect(replica.noise).toEqual([]);
  },
);
