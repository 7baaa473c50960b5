/**
 * A private etcd for one test file: free ports on loopback, its data in a temporary folder, gone after `stop()`.
 * Tests kill, pause, wipe and restart it at will.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { unusedPort } from "./unused-port.ts";

export interface TestEtcd {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Sends a signal and, when it ends the process, waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same ports and data, ending it first when it still runs. */
  restart(): Promise<void>;
  /** Starts it again with nothing in it. `cluster` gives it another cluster id; otherwise it gets the same one. */
  wipe(cluster?: string): Promise<void>;
  /** Runs etcdctl against it and resolves with what it printed. */
  ctl(...args: string[]): Promise<string>;
  /** Ends the server and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
}

/** PEM files for a server that speaks TLS. */
export interface TestEtcdTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Clients must show a certificate of the same CA. */
  readonly askClients?: boolean;
}

const START_TRIES = 5;
const START_LIMIT_MS = 15_000;

/** Starts a server and waits until it is ready. Throws when etcd is missing or does not start. */
export async function startEtcd({ tls }: { readonly tls?: TestEtcdTls } = {}): Promise<TestEtcd> {
  const dir = await mkdtemp(path.join(tmpdir(), "bellwether-etcd-"));
  for (let tries = 1; ; tries++) {
    const server = new EtcdProcess(dir, await unusedPort(), await unusedPort(), tls ?? null);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.kill();
      if (!(error instanceof PortTaken) || tries === START_TRIES) {
        await rm(dir, { recursive: true, force: true });
        throw error;
      }
    }
  }
}

class PortTaken extends Error {}

class EtcdProcess implements TestEtcd {
  readonly port: number;
  readonly #dir: string;
  readonly #peerPort: number;
  readonly #tls: TestEtcdTls | null;
  #life = 1;
  #cluster = "bellwether-test";
  #child: ChildProcess | null = null;

  constructor(dir: string, port: number, peerPort: number, tls: TestEtcdTls | null) {
    this.#dir = dir;
    this.port = port;
    this.#peerPort = peerPort;
    this.#tls = tls;
  }

  get url(): string {
    return `${this.#tls ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  async start(): Promise<void> {
    const peer = `http://127.0.0.1:${this.#peerPort}`;
    const child = spawn(
      "etcd",
      [
        ...["--name", "test", "--data-dir", path.join(this.#dir, String(this.#life)), "--log-level", "warn"],
        ...["--listen-client-urls", this.url, "--advertise-client-urls", this.url],
        ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
        ...["--initial-cluster", `test=${peer}`, "--initial-cluster-token", this.#cluster],
        // etcd grants no lease shorter than one and a half elections.
        ...["--heartbeat-interval", "20", "--election-timeout", "200"],
        ...(this.#tls ? ["--cert-file", this.#tls.cert, "--key-file", this.#tls.key] : []),
        ...(this.#tls?.askClients ? ["--client-cert-auth", "--trusted-ca-file", this.#tls.ca] : []),
      ],
      { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch } },
    );
    this.#child = child;
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    let output = "";
    child.stderr.on("data", chunk => {
      output = (output + chunk).slice(-4_000);
    });
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    child.once("error", error => failed.reject(explainSpawn(error)));
    child.once("exit", code => failed.reject(explainExit(code, output)));
    await Promise.race([failed.promise, this.#untilHealthy()]);
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = once(child, "exit");
    child.kill(signal);
    if (signal !== "SIGSTOP" && signal !== "SIGCONT") await ended;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async wipe(cluster?: string): Promise<void> {
    await this.kill();
    this.#life += 1;
    this.#cluster = cluster ?? this.#cluster;
    await this.start();
  }

  async ctl(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)("etcdctl", [...this.ctlArgs(), ...args], { env: CTL_ENV });
    return stdout;
  }

  ctlArgs(): string[] {
    const { ca, cert, key } = this.#tls ?? {};
    return [
      "--endpoints",
      this.url,
      ...(ca && cert && key ? ["--cacert", ca, "--cert", cert, "--key", key] : []),
    ];
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #untilHealthy(): Promise<void> {
    const endMs = performance.now() + START_LIMIT_MS;
    for (;;) {
      try {
        await this.ctl("endpoint", "health", "--command-timeout", "2s");
        return;
      } catch (error) {
        if (isMissing(error)) throw explainSpawn(error);
        // With users, health needs a password; a refusal is a sign of life.
        if (/user name is empty|auth/.test(String(error))) return;
        if (performance.now() > endMs) throw new Error(`etcd was not ready in time: ${error}`);
      }
    }
  }
}

/** etcdctl of etcd 3.4 and newer; older ones speak the API of version 2 without this variable. */
export const CTL_ENV = { ...process.env, ETCDCTL_API: "3" };

function isMissing(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function explainSpawn(error: NodeJS.ErrnoException): Error {
  if (!isMissing(error)) return error;
  return new Error(
    "etcd or etcdctl is not on the PATH; these tests need both (Debian: apt-get install etcd-server etcd-client)",
  );
}

function explainExit(code: number | null, output: string): Error {
  const text = `etcd ended with ${code} before it was ready:\n${output}`;
  return /address already in use/i.test(output) ? new PortTaken(text) : new Error(text);
}
