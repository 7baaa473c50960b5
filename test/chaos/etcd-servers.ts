import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FaultyLink } from "../support/faulty-link.ts";
import { unusedPort } from "../support/unused-port.ts";
import type { Step } from "./fault-script.ts";
import { RedisServers } from "./redis-servers.ts";
import { ETCD_USER, type Secrecy, tlsOf } from "./secrecy.ts";
import type { Access, Injected, Servers } from "./servers.ts";

const NODES = 3;
const START_LIMIT_MS = 20_000;
const ASK_MS = 100;

/** One Redis that loses nothing, and an etcd of three nodes, which decides who leads. */
export class EtcdServers implements Servers {
  readonly store = "etcd";
  readonly mayLoseWrites = false;
  readonly #redis: RedisServers;
  readonly #nodes: readonly EtcdNode[];
  readonly #dir: string;

  readonly #secrecy: Secrecy | null;

  private constructor(redis: RedisServers, nodes: readonly EtcdNode[], dir: string, secrecy: Secrecy | null) {
    this.#redis = redis;
    this.#nodes = nodes;
    this.#dir = dir;
    this.#secrecy = secrecy;
  }

  static async start(namespace: string, secrecy: Secrecy | null): Promise<EtcdServers> {
    const dir = await mkdtemp(path.join(tmpdir(), "bellwether-etcd-"));
    const ports = await Promise.all(Array.from({ length: 2 * NODES }, unusedPort));
    const peers = ports.slice(NODES);
    const nodes = peers.map((peer, i) => new EtcdNode(dir, ports[i] ?? 0, peer, peers));
    const redis = await RedisServers.start(namespace, secrecy);
    const servers = new EtcdServers(redis, nodes, dir, secrecy);
    for (const node of nodes) node.start();
    await servers.#untilHealthy();
    if (secrecy) await servers.#createUser(namespace);
    return servers;
  }

  get faults() {
    return {
      ...this.#redis.faults,
      "etcd: kill -9 of its leader": async ({ holdMs }: Step): Promise<Injected> => {
        const node = await this.#leader();
        await node.kill();
        return {
          what: `kill -9 of etcd's leader ${node.port}, back after ${holdMs} ms`,
          heal: async () => node.start(),
        };
      },
    };
  }

  async join(): Promise<Access> {
    const { settings, redisLinks } = await this.#redis.join();
    const etcdLinks: FaultyLink[] = [];
    const secrecy = this.#secrecy;
    for (const { port } of this.#nodes) {
      etcdLinks.push(await FaultyLink.to(port, { ...(secrecy && { tls: secrecy.link }) }));
    }
    const scheme = secrecy ? "https" : "http";
    const hosts = etcdLinks.map(({ port }) => `"${scheme}://127.0.0.1:${port}"`).join(", ");
    const { username, password } = ETCD_USER;
    const access = secrecy ? `, username: ${username}, password: ${password}, ${tlsOf(secrecy)}` : "";
    return { settings, redisLinks, etcdLinks, election: `store: etcd, etcd: { hosts: [${hosts}]${access} }` };
  }

  /** Ends one of the nodes. */
  async killNode(index: number): Promise<void> {
    await this.#nodes[index]?.kill();
  }

  /** Starts those that have ended. */
  async startNodes(): Promise<void> {
    for (const node of this.#nodes) if (!node.isRunning) node.start();
    await this.#untilHealthy();
  }

  primaryPort(): Promise<number> {
    return this.#redis.primaryPort();
  }

  async down(): Promise<void> {
    await Promise.all([this.#redis.down(), ...this.#nodes.map(node => node.kill())]);
  }

  async up(): Promise<void> {
    for (const node of this.#nodes) node.start();
    await Promise.all([this.#redis.up(), this.#untilHealthy()]);
  }

  async stop(): Promise<void> {
    await this.down();
    await this.#redis.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** A user with rights on the namespace's keys alone, and no access for anybody without one. */
  async #createUser(namespace: string): Promise<void> {
    const endpoint = `--endpoints=http://127.0.0.1:${this.#nodes[0]?.port}`;
    const ctl = (...args: string[]) => {
      execFileSync("etcdctl", [endpoint, ...args], {
        stdio: "pipe",
        env: { ...process.env, ETCDCTL_API: "3" },
      });
    };
    const { username, password } = ETCD_USER;
    ctl("role", "add", username);
    ctl("role", "grant-permission", "--prefix=true", username, "readwrite", `/${namespace}/`);
    for (const [user, role] of [
      ["root", "root"],
      [username, username],
    ] as const) {
      ctl("user", "add", `${user}:${password}`);
      ctl("user", "grant-role", user, role);
    }
    ctl("auth", "enable");
  }

  async #leader(): Promise<EtcdNode> {
    for (const node of this.#nodes) {
      if ((await node.status().catch(() => null)) === "leader") return node;
    }
    throw new Error("etcd has no leader");
  }

  async #untilHealthy(): Promise<void> {
    const endMs = performance.now() + START_LIMIT_MS;
    for (;;) {
      const states = await Promise.all(this.#nodes.map(node => node.status().catch(() => null)));
      if (states.includes("leader") && !states.includes(null)) return;
      if (performance.now() > endMs) {
        throw new Error(`etcd was not ready in time:\n${this.#nodes.map(({ output }) => output).join("\n")}`);
      }
      await sleep(ASK_MS);
    }
  }
}

class EtcdNode {
  readonly port: number;
  /** The end of what it printed. */
  output = "";
  readonly #dir: string;
  readonly #peer: number;
  readonly #peers: readonly number[];
  #child: ChildProcess | null = null;

  constructor(dir: string, port: number, peer: number, peers: readonly number[]) {
    this.port = port;
    this.#dir = dir;
    this.#peer = peer;
    this.#peers = peers;
  }

  start(): void {
    const name = (peer: number) => `n${peer}`;
    const url = (port: number) => `http://127.0.0.1:${port}`;
    const child = spawn(
      "etcd",
      [
        ...["--name", name(this.#peer), "--data-dir", path.join(this.#dir, name(this.#peer))],
        ...["--listen-client-urls", url(this.port), "--advertise-client-urls", url(this.port)],
        ...["--listen-peer-urls", url(this.#peer), "--initial-advertise-peer-urls", url(this.#peer)],
        ...["--initial-cluster", this.#peers.map(peer => `${name(peer)}=${url(peer)}`).join(",")],
        ...["--heartbeat-interval", "50", "--election-timeout", "500", "--log-level", "error"],
      ],
      { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ETCD_UNSUPPORTED_ARCH: process.arch } },
    );
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    child.once("error", error => {
      this.output = String(error);
    });
    child.stderr.on("data", chunk => {
      this.output = (this.output + chunk).slice(-2_000);
    });
    this.#child = child;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || !this.isRunning) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Rejects when it does not answer or knows of no leader. */
  async status(): Promise<"leader" | "follower"> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/v3/maintenance/status`, {
      method: "POST",
      body: "{}",
      signal: AbortSignal.timeout(1_000),
    });
    const { leader, header } = (await answer.json()) as { leader?: string; header?: { member_id: string } };
    if (!leader || leader === "0") throw new Error("no leader");
    return leader === header?.member_id ? "leader" : "follower";
  }
}
