import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

export type RedisStart =
  | { readonly outcome: "started"; readonly redis: PrivateRedis }
  /** `problem` is for people: what happened, and what to do. */
  | { readonly outcome: "failed"; readonly problem: string };

/**
 * Starts a Redis (or Valkey) server for this process alone: on a free loopback port, with its data in a temporary
 * folder. Nothing of it outlives this process, even if that is killed (redis-guard.ts).
 */
export async function startPrivateRedis(env: NodeJS.ProcessEnv): Promise<RedisStart> {
  const server = findServer(env["PATH"] ?? "");
  if (server === null) return { outcome: "failed", problem: NO_SERVER };
  let problem = "";
  for (let tries = 0; tries < PORT_TRIES; tries++) {
    const port = await findFreePort();
    const guard = await spawnGuard(server, port, env);
    const output = await waitUntilReady(guard);
    if (output === null) return { outcome: "started", redis: new PrivateRedis(guard, server, port) };
    problem = `${server} did not start:\n${output}`;
    // Another program took the port between the check and the server's bind.
    if (!/address already in use/i.test(output)) break;
  }
  return { outcome: "failed", problem };
}

export class PrivateRedis {
  /** The path of the binary. */
  readonly server: string;
  readonly url: string;
  /** Resolves when the server has ended, for whatever reason. */
  readonly ended: Promise<void>;
  readonly #guard: Guard;

  constructor(guard: Guard, server: string, port: number) {
    this.#guard = guard;
    this.server = server;
    this.url = `redis://127.0.0.1:${port}`;
    this.ended = guard.exitCode === null ? once(guard, "exit").then(() => undefined) : Promise.resolve();
  }

  /** Ends the server and removes its folder. Safe to call twice. */
  async stop(): Promise<void> {
    this.#guard.stdin.end();
    await this.ended;
  }
}

type Guard = ChildProcessByStdio<Writable, Readable, Readable>;

const PORT_TRIES = 5;
const READY_LIMIT_MS = 10_000;
const NO_SERVER =
  "There is no redis-server or valkey-server in PATH. Install one (Debian, Ubuntu: apt-get install redis-server; " +
  "Fedora: dnf install valkey; Alpine: apk add valkey; macOS: brew install redis), or set REDIS_URL to use a Redis " +
  "that runs already.";

function findServer(pathVariable: string): string | null {
  const candidates = pathVariable
    .split(path.delimiter)
    .flatMap(folder => ["redis-server", "valkey-server"].map(name => path.join(folder, name)));
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  probe.close();
  await once(probe, "close");
  return port;
}

async function spawnGuard(server: string, port: number, env: NodeJS.ProcessEnv): Promise<Guard> {
  const dir = await mkdtemp(path.join(tmpdir(), "bellwether-dev-"));
  const guardFile = fileURLToPath(new URL(`./redis-guard${path.extname(import.meta.url)}`, import.meta.url));
  const settings = {
    port: String(port),
    bind: "127.0.0.1",
    dir,
    save: "",
    appendonly: "yes",
    appendfsync: "no",
    "maxmemory-policy": "noeviction",
    daemonize: "no",
  };
  const serverArgs = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  // In a process group of its own: a terminal's Ctrl-C would end the server before the replicas.
  const guard = spawn(process.execPath, [guardFile, dir, server, ...serverArgs], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env,
  });
  // A guard that has ended does not read; its exit says all.
  guard.stdin.on("error", () => guard.stdin.destroy());
  return guard;
}

/**
 * Null when the server says that it is ready; else its last words. The server's own line is the proof: on a port that
 * another program took, another server would answer a PING.
 */
async function waitUntilReady(guard: Guard): Promise<string | null> {
  let output = "";
  const limit = setTimeout(() => guard.stdin.end(), READY_LIMIT_MS);
  const isReady = await new Promise<boolean>(resolve => {
    const read = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
      if (output.includes("Ready to accept connections")) resolve(true);
    };
    guard.stdout.on("data", read);
    guard.stderr.on("data", read);
    guard.once("close", () => resolve(false));
  });
  clearTimeout(limit);
  if (!isReady) return output.trim();
  for (const stream of [guard.stdout, guard.stderr]) stream.removeAllListeners("data").resume();
  return null;
}
