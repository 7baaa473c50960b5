import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { FaultyLink } from "../support/faulty-link.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";
import type { Step } from "./fault-script.ts";
import { accessOf, type Secrecy, userArgs } from "./secrecy.ts";
import {
  type Access,
  DURABLE,
  type Injected,
  REPLICATION,
  REPLICATION_ARGS,
  type Servers,
} from "./servers.ts";

const NODES = 3;
const QUORUM = 2;
export const MASTER = "flock";
const DOWN_AFTER_MS = 700;
const FAILOVER_TIMEOUT_MS = 4_000;
const FAILOVER_LIMIT_MS = 30_000;
const FOLLOW_LIMIT_MS = 15_000;
const ASK_MS = 100;

/** A primary, two replicas and three sentinels. */
export class SentinelServers implements Servers {
  readonly store = "sentinel";
  readonly mayLoseWrites = true;
  readonly #nodes: readonly TestRedis[];
  readonly #sentinels: readonly TestRedis[];
  readonly #dir: string;
  readonly #asking = new Map<number, Redis>();

  readonly #secrecy: Secrecy | null;

  private constructor(
    nodes: readonly TestRedis[],
    sentinels: readonly TestRedis[],
    dir: string,
    secrecy: Secrecy | null,
  ) {
    this.#nodes = nodes;
    this.#sentinels = sentinels;
    this.#dir = dir;
    this.#secrecy = secrecy;
  }

  static async start(namespace: string, secrecy: Secrecy | null): Promise<SentinelServers> {
    const dir = await mkdtemp(path.join(tmpdir(), "bellwether-sentinel-"));
    const nodes: TestRedis[] = [];
    for (let i = 0; i < NODES; i++) {
      const [primary] = nodes;
      const args = [...DURABLE, ...REPLICATION_ARGS, ...userArgs(namespace, secrecy)];
      nodes.push(await startRedis({ args: [...args, ...(primary ? replicaOf(primary.port) : [])] }));
    }
    const sentinels: TestRedis[] = [];
    for (let i = 0; i < NODES; i++) sentinels.push(await startSentinel(dir, i, nodes[0]?.port ?? 0));
    const servers = new SentinelServers(nodes, sentinels, dir, secrecy);
    await servers.#untilReplicated();
    return servers;
  }

  readonly faults = {
    failover: async ({ holdMs }: Step): Promise<Injected> => {
      const node = await this.#primaryToLose();
      await node.kill();
      return {
        what: `kill -9 of the primary ${node.port}, back as a replica ${holdMs} ms after the failover`,
        heal: () => this.#rejoin(node),
      };
    },
    "failover that loses writes": async ({ holdMs }: Step): Promise<Injected> => {
      const node = await this.#primaryToLose();
      const admin = await this.#connect(node.port);
      await admin.call("ACL", "SETUSER", REPLICATION.user, "off");
      await admin.call("CLIENT", "KILL", "TYPE", "replica");
      return {
        what: `replication from ${node.port} stopped for ${holdMs} ms, then kill -9`,
        heal: async () => {
          await node.kill();
          await this.#rejoin(node);
        },
      };
    },
    "primary frozen, then two of them": async ({ holdMs }: Step): Promise<Injected> => {
      const node = await this.#primaryToLose();
      await node.kill("SIGSTOP");
      return {
        what: `the primary ${node.port} frozen for ${holdMs} ms, and then sure that it still is the primary`,
        heal: () => node.kill("SIGCONT"),
      };
    },
  };

  /** Sentinel names the ports of the servers; on their way back they become those of this replica's links. */
  async join(): Promise<Access> {
    const links: FaultyLink[] = [];
    const rewrite = (reply: Buffer) => {
      let text = reply.toString("latin1");
      for (const { port, targetPort } of links)
        text = text.replaceAll(`\r\n${targetPort}\r\n`, `\r\n${port}\r\n`);
      return Buffer.from(text, "latin1");
    };
    const secure = this.#secrecy && { tls: this.#secrecy.link };
    for (const { port } of this.#nodes) links.push(await FaultyLink.to(port, { ...secure }));
    const sentinels: FaultyLink[] = [];
    for (const { port } of this.#sentinels) sentinels.push(await FaultyLink.to(port, { rewrite, ...secure }));
    links.push(...sentinels);
    const nodes = sentinels.map(({ port }) => `"127.0.0.1:${port}"`).join(", ");
    return {
      settings: [`redis: { sentinel: { name: ${MASTER}, nodes: [${nodes}] }${accessOf(this.#secrecy)} }`],
      election: "store: redis",
      redisLinks: links,
      etcdLinks: [],
    };
  }

  /** What most sentinels say. */
  async primaryPort(): Promise<number> {
    const answers = await Promise.all(this.#sentinels.map(({ port }) => this.#ask(port).catch(() => null)));
    const ports = Map.groupBy(answers, port => port);
    const [port, votes] = [...ports].sort((a, b) => b[1].length - a[1].length)[0] ?? [null, []];
    if (port === null || votes.length < QUORUM) throw new Error("the sentinels do not agree on a primary");
    return port;
  }

  async down(): Promise<void> {
    await this.#primaryToLose();
    await Promise.all(this.#nodes.map(node => node.kill()));
  }

  async up(): Promise<void> {
    const primary = await this.primaryPort();
    await Promise.all(
      this.#nodes.map(node => node.restart(node.port === primary ? AS_PRIMARY : replicaOf(primary))),
    );
  }

  async stop(): Promise<void> {
    for (const redis of this.#asking.values()) redis.disconnect();
    await Promise.all([...this.#sentinels, ...this.#nodes].map(server => server.stop()));
    await rm(this.#dir, { recursive: true, force: true });
  }

  /**
   * One that both other nodes follow. Sentinel may promote a node that has followed no primary for minutes when it
   * finds no other: then the data of these minutes is lost, whatever a scheduler does.
   */
  async #primaryToLose(): Promise<TestRedis> {
    const endMs = performance.now() + FOLLOW_LIMIT_MS;
    for (;;) {
      const node = await this.#primary();
      const info = await this.#replication(node).catch(() => "");
      if (info.match(/state=online/g)?.length === NODES - 1) return node;
      if (performance.now() > endMs) throw new Error(`${node.port} has not ${NODES - 1} replicas: ${info}`);
      await sleep(ASK_MS);
    }
  }

  async #replication({ port }: TestRedis): Promise<string> {
    return (await this.#connect(port)).info("replication");
  }

  async #primary(): Promise<TestRedis> {
    const port = await this.primaryPort();
    const node = this.#nodes.find(node => node.port === port);
    if (!node) throw new Error(`BUG: ${port} is no node of these`);
    return node;
  }

  /** Comes back as a replica of the new primary. */
  async #rejoin(node: TestRedis): Promise<void> {
    const endMs = performance.now() + FAILOVER_LIMIT_MS;
    let port = node.port;
    while (port === node.port) {
      if (performance.now() > endMs)
        throw new Error(`no failover from ${node.port} in ${FAILOVER_LIMIT_MS} ms`);
      await sleep(ASK_MS);
      port = await this.primaryPort().catch(() => node.port);
    }
    await node.restart(replicaOf(port));
  }

  async #ask(sentinelPort: number): Promise<number> {
    const redis = await this.#connect(sentinelPort);
    const address = (await redis.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)) as [string, string];
    return Number(address[1]);
  }

  async #connect(port: number): Promise<Redis> {
    const known = this.#asking.get(port);
    if (known?.status === "ready") return known;
    known?.disconnect();
    this.#asking.delete(port);
    const redis = new Redis({ port, lazyConnect: true, retryStrategy: () => null, commandTimeout: 1_000 });
    redis.on("error", () => undefined);
    await redis.connect();
    this.#asking.set(port, redis);
    return redis;
  }

  /** Both replicas hold what the primary has, and every sentinel knows the others and the replicas. */
  async #untilReplicated(): Promise<void> {
    const endMs = performance.now() + FAILOVER_LIMIT_MS;
    while (!(await this.#isWhole())) {
      if (performance.now() > endMs) throw new Error("the sentinels did not find each other in time");
      await sleep(ASK_MS);
    }
  }

  async #isWhole(): Promise<boolean> {
    const whole = await Promise.all(
      this.#sentinels.map(async ({ port }) => {
        const info = String(await (await this.#connect(port)).info("sentinel"));
        return info.includes(`status=ok`) && info.includes(`slaves=${NODES - 1},sentinels=${NODES}`);
      }),
    );
    return whole.every(Boolean);
  }
}

const AS_PRIMARY = ["--replicaof", "no", "one"];

function replicaOf(port: number): string[] {
  return ["--replicaof", "127.0.0.1", String(port)];
}

/** Of the primary and with the files of `dir`. */
export async function startSentinel(dir: string, index: number, primaryPort: number): Promise<TestRedis> {
  const own = path.join(dir, String(index));
  const file = `${own}.conf`;
  await writeFile(
    file,
    [
      `sentinel monitor ${MASTER} 127.0.0.1 ${primaryPort} ${QUORUM}`,
      `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${MASTER} ${FAILOVER_TIMEOUT_MS}`,
      `sentinel parallel-syncs ${MASTER} ${NODES}`,
      "",
    ].join("\n"),
  );
  return startRedis({ configFile: file, args: ["--sentinel"], dir, readyText: "Sentinel ID is" });
}
