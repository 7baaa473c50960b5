/**
 * A private redis-server for one test file: a free port on loopback, its data in a temporary folder, gone after
 * `stop()`. Tests kill, pause and restart it at will.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { unusedPort } from "./unused-port.ts";

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now; a new one after `restart()`. */
  readonly pid: number;
  readonly dir: string;
  /** Sends a signal and, when it ends the process, waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the server and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
  /** Starts it again on the same port and folder, ending it first when it still runs; `more` adds arguments. */
  restart(more?: readonly string[]): Promise<void>;
}

export interface TestRedisOptions {
  /** Replace the default `--save "" --appendonly no`. */
  readonly args?: readonly string[];
  readonly port?: number;
  /** A folder of the caller's, which `stop()` leaves alone. */
  readonly dir?: string;
  /** Read before the arguments; a sentinel needs one, and writes to it. */
  readonly configFile?: string;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** True: it speaks TLS and nothing else; `args` bring the certificates. */
  readonly tls?: boolean;
  /** What the server prints when it is ready, if it is no ordinary one. */
  readonly readyText?: string;
}

const START_TRIES = 5;
const START_LIMIT_MS = 60_000;
const READY_TEXT = "Ready to accept connections";
const DEFAULT_ARGS = ["--save", "", "--appendonly", "no"];

/** Starts a server and waits until it is ready. Throws when redis-server is missing or does not start. */
export async function startRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const ownsDir = options.dir === undefined;
  const dir = options.dir ?? (await mkdtemp(path.join(tmpdir(), "bellwether-redis-")));
  const args = options.args ?? DEFAULT_ARGS;
  try {
    const { configFile, readyText = READY_TEXT, tls = false, env = {} } = options;
    const kind = { configFile, readyText, tls, env };
    const { port, child } = await launchOnFreePort(options.port, { ...kind, dir, args });
    return new RedisProcess({ ...kind, dir, args, port }, ownsDir, child);
  } catch (error) {
    if (ownsDir) await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

let namespaces = 0;

/** A namespace that no other test uses, in this run or in another one on the same server. */
export function namespace(): string {
  namespaces += 1;
  return `test-${process.pid}-${Date.now().toString(36)}-${namespaces}`;
}

interface Start {
  readonly port: number;
  readonly dir: string;
  readonly args: readonly string[];
  readonly configFile: string | undefined;
  readonly readyText: string;
  readonly tls: boolean;
  readonly env: Readonly<Record<string, string>>;
}

class RedisProcess implements TestRedis {
  readonly port: number;
  readonly dir: string;
  readonly #ownsDir: boolean;
  readonly #start: Start;
  #child: ChildProcess;
  #restarting: Promise<void> = Promise.resolve();

  constructor(start: Start, ownsDir: boolean, child: ChildProcess) {
    this.port = start.port;
    this.dir = start.dir;
    this.#ownsDir = ownsDir;
    this.#start = start;
    this.#child = child;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (hasEnded(this.#child)) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    if (signal !== "SIGSTOP" && signal !== "SIGCONT") await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    if (this.#ownsDir) await rm(this.dir, { recursive: true, force: true });
  }

  /** One after the other: two at the same time would start two servers on one port. */
  restart(more: readonly string[] = []): Promise<void> {
    this.#restarting = this.#restarting.catch(() => undefined).then(() => this.#startAgain(more));
    return this.#restarting;
  }

  async #startAgain(more: readonly string[]): Promise<void> {
    await this.kill();
    this.#child = await launch({ ...this.#start, args: [...this.#start.args, ...more] });
  }
}

/** Between the choice of a free port and the server's bind another process may take it: then try another one. */
async function launchOnFreePort(wanted: number | undefined, start: Omit<Start, "port">) {
  for (let tries = 1; ; tries++) {
    const port = wanted ?? (await unusedPort());
    try {
      return { port, child: await launch({ ...start, port }) };
    } catch (error) {
      if (!(error instanceof PortTaken) || wanted !== undefined || tries === START_TRIES) throw error;
    }
  }
}

class PortTaken extends Error {}

/** The server's own line is the probe: whatever else answers on the port is not this process. */
async function launch({ port, dir, args, configFile, readyText, tls, env }: Start): Promise<ChildProcess> {
  const child = spawn(
    "redis-server",
    [
      ...(configFile === undefined ? [] : [configFile]),
      ...(tls ? ["--port", "0", "--tls-port", String(port)] : ["--port", String(port)]),
      "--bind",
      "127.0.0.1",
      "--dir",
      dir,
      "--daemonize",
      "no",
      ...args,
    ],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } },
  );
  child.once("exit", killWithParent(child));
  await new Promise<void>((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer) => {
      output = (output + chunk).slice(-4000);
      if (!output.includes(readyText)) return;
      clearTimeout(limit);
      resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", error => reject(explainSpawn(error)));
    child.once("exit", code => reject(explainExit(port, code, output)));
    const limit = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`redis-server on port ${port} was not ready within ${START_LIMIT_MS} ms:\n${output}`));
    }, START_LIMIT_MS);
    child.once("exit", () => clearTimeout(limit));
  });
  return child;
}

/** A test run that ends early must not leave a server behind. */
function killWithParent(child: ChildProcess): () => void {
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  return () => process.off("exit", kill);
}

function explainSpawn(error: NodeJS.ErrnoException): Error {
  if (error.code !== "ENOENT") return error;
  return new Error(
    "redis-server is not on the PATH; these tests need it (Debian: apt-get install redis-server)",
  );
}

function explainExit(port: number, code: number | null, output: string): Error {
  const text = `redis-server on port ${port} ended with ${code} before it was ready:\n${output}`;
  return /Address already in use/i.test(output) ? new PortTaken(text) : new Error(text);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
