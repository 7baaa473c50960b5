import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { createProject } from "../../test/support/project.ts";
import { startRedis } from "../../test/support/redis-server.ts";
import { unusedPort } from "../../test/support/unused-port.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const START_LIMIT_MS = 30_000;
const NAMESPACE = "bench";

/** A replica that leads and works, and its Redis. Each of its jobs is due every second. */
export interface Target extends AsyncDisposable {
  readonly pid: number;
  readonly redisPid: number;
  readonly redis: Redis;
  /** BullMQ's stream of the queue: when each run was added. */
  readonly events: string;
  /** Origins. */
  readonly http: string;
  readonly admin: string;
}

export async function startTarget(jobs: number): Promise<Target> {
  await using started = new AsyncDisposableStack();
  const server = await startRedis();
  started.defer(() => server.stop());
  const [http, admin] = [await unusedPort(), await unusedPort()];
  const lines = Array.from({ length: jobs }, (_, i) => `  job-${i}: { every: 1s, handler: nothing }`);
  const project = await createProject({
    "config/bellwether.yaml": [
      `namespace: ${NAMESPACE}`,
      `redis: { url: "${server.url}" }`,
      `http: { port: ${http} }`,
      `admin: { port: ${admin} }`,
    ].join("\n"),
    "config/jobs.yaml": ["jobs:", ...lines].join("\n"),
    "jobs/nothing.mjs":
      'import { defineHandler } from "bellwether";\nexport default defineHandler(async () => null);\n',
  });
  started.defer(() => project.dispose());
  const redis = new Redis(server.url);
  started.defer(() => redis.disconnect());
  // An operator may add flags of Node, as --cpu-prof.
  const flags = process.env["REPLICA_FLAGS"]?.split(" ") ?? [];
  const main = path.join(ROOT, "src/main.ts");
  const replica = spawn(process.execPath, [...flags, main, "run"], { cwd: project.dir, stdio: "ignore" });
  started.defer(() => end(replica));
  const origin = (port: number) => `http://127.0.0.1:${port}`;
  await whenReady(`${origin(http)}/readyz`);
  const ending = started.move();
  return {
    pid: replica.pid ?? 0,
    redisPid: server.pid,
    redis,
    events: `{${NAMESPACE}}:default:events`,
    http: origin(http),
    admin: origin(admin),
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
}

async function end(replica: ChildProcess): Promise<void> {
  if (replica.exitCode !== null) return;
  const exited = once(replica, "exit");
  replica.kill("SIGTERM");
  await exited;
}

async function whenReady(url: string): Promise<void> {
  const limitMs = performance.now() + START_LIMIT_MS;
  for (;;) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    if (performance.now() > limitMs) throw new Error(`${url} does not answer`);
    await sleep(100);
  }
}
