/** Replicas on a Redis of their own, each with its dashboard open to this machine. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createProject } from "../../test/support/project.ts";
import { startRedis } from "../../test/support/redis-server.ts";
import { unusedPort } from "../../test/support/unused-port.ts";

const MAIN = path.resolve(import.meta.dirname, "../../src/main.ts");
const START_LIMIT_MS = 120_000;

export interface Replica {
  /** Of its dashboard. */
  readonly url: string;
  readonly pid: number;
  /** Kills it. */
  end(): Promise<void>;
}

export interface Replicas {
  /** Resolves when it is ready, as `id`. */
  start(id: string): Promise<Replica>;
  stop(): Promise<void>;
}

export async function makeReplicas(jobs: readonly string[]): Promise<Replicas> {
  const server = await startRedis();
  const project = await createProject({
    "config/bellwether.yaml": [
      "namespace: bench",
      `redis: { url: "${server.url}" }`,
      // Names in braces have to be quoted in one line.
      "http:\n  port: ${HTTP}",
      "admin:\n  port: ${ADMIN}",
    ].join("\n"),
    "config/jobs.yaml": ["jobs:", ...jobs.map(job => `  ${job}`)].join("\n"),
  });
  const children = new Set<ChildProcess>();
  const end = async (child: ChildProcess) => {
    if (!children.delete(child)) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  return {
    start: async id => {
      const [http, admin] = [await unusedPort(), await unusedPort()];
      const child = spawn(process.execPath, [MAIN, "run", "--id", id], {
        cwd: project.dir,
        env: { ...process.env, HTTP: String(http), ADMIN: String(admin) },
        stdio: "ignore",
      });
      children.add(child);
      await whenReady(`http://127.0.0.1:${http}/readyz`, child);
      return { url: `http://127.0.0.1:${admin}/`, pid: child.pid ?? -1, end: () => end(child) };
    },
    stop: async () => {
      for (const child of children) await end(child);
      await server.stop();
      await project.dispose();
    },
  };
}

async function whenReady(url: string, child: ChildProcess): Promise<void> {
  const limitMs = performance.now() + START_LIMIT_MS;
  for (;;) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    if (child.exitCode !== null || performance.now() > limitMs) throw new Error(`${url} does not answer`);
    await sleep(100);
  }
}
