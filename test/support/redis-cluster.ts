import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { startRedis, type TestRedis } from "./redis-server.ts";

const MASTERS = 3;
const SLOTS = 16_384;
const NODE_TIMEOUT_MS = 1_000;
const LIMIT_MS = 30_000;
const ASK_MS = 50;

export interface TestCluster {
  readonly nodes: readonly TestRedis[];
  /** `host:port` of some nodes, as a configuration names them. */
  readonly addresses: readonly string[];
  /** The node that is the master of the key's slot, as most nodes say. */
  masterOf(key: string): Promise<TestRedis>;
  /** Resolves when another node than this one is the master of the key's slot. */
  untilMasterIsNot(key: string, node: TestRedis): Promise<void>;
  /** Resolves when every slot is served, and every master that is to have replicas has them. */
  untilWhole(): Promise<void>;
  /** A connection to a node, for as long as the cluster is there. */
  admin(node: TestRedis): Promise<Redis>;
  stop(): Promise<void>;
}

export interface ClusterOptions {
  /** Of each master. */
  readonly replicas?: number;
  readonly args?: readonly string[];
}

/** Three masters, each with replicas, on loopback. */
export async function startCluster({ replicas = 1, args = [] }: ClusterOptions = {}): Promise<TestCluster> {
  const count = MASTERS * (1 + replicas);
  const nodes = await Promise.all(
    Array.from({ length: count }, () => startRedis({ args: [...NODE_ARGS, ...args] })),
  );
  const cluster = new Cluster(nodes, replicas);
  await cluster.form();
  return cluster;
}

const NODE_ARGS = [
  ...["--cluster-enabled", "yes", "--cluster-node-timeout", String(NODE_TIMEOUT_MS)],
  ...["--cluster-allow-reads-when-down", "no", "--save", ""],
];

class Cluster implements TestCluster {
  readonly nodes: readonly TestRedis[];
  readonly #replicas: number;
  readonly #admins = new Map<TestRedis, Redis>();

  constructor(nodes: readonly TestRedis[], replicas: number) {
    this.nodes = nodes;
    this.#replicas = replicas;
  }

  get addresses(): string[] {
    return this.nodes.slice(0, MASTERS).map(({ port }) => `127.0.0.1:${port}`);
  }

  async form(): Promise<void> {
    const masters = this.nodes.slice(0, MASTERS);
    const [first] = masters as [TestRedis];
    for (const [i, node] of masters.entries()) {
      const [from, to] = [i, i + 1].map(n => Math.floor((n * SLOTS) / MASTERS));
      await (await this.admin(node)).call("CLUSTER", "ADDSLOTSRANGE", String(from), String((to ?? 0) - 1));
    }
    for (const node of this.nodes) {
      await (await this.admin(node)).call("CLUSTER", "MEET", "127.0.0.1", first.port);
    }
    await this.#until("every node knows the others", async () => {
      const known = await Promise.all(
        this.nodes.map(async node => (await this.#info(node))["cluster_known_nodes"]),
      );
      return known.every(count => Number(count) === this.nodes.length);
    });
    for (const [i, node] of this.nodes.slice(MASTERS).entries()) {
      const id = await (await this.admin(masters[i % MASTERS] as TestRedis)).call("CLUSTER", "MYID");
      await (await this.admin(node)).call("CLUSTER", "REPLICATE", String(id));
    }
    await this.untilWhole();
  }

  async masterOf(key: string): Promise<TestRedis> {
    const answers = await Promise.all(this.nodes.map(node => this.#askMaster(node, key).catch(() => null)));
    const votes = [...Map.groupBy(answers, port => port)].sort((a, b) => b[1].length - a[1].length);
    const [port, voters] = votes[0] ?? [null, []];
    const node = this.nodes.find(node => node.port === port);
    if (!node || voters.length <= this.nodes.length / 2)
      throw new Error("the nodes do not agree on a master");
    return node;
  }

  untilMasterIsNot(key: string, node: TestRedis): Promise<void> {
    return this.#until(`another master than ${node.port}`, async () => (await this.masterOf(key)) !== node);
  }

  untilWhole(): Promise<void> {
    return this.#until("every slot is served, with replicas", async () => {
      const infos = await Promise.all(this.nodes.map(node => this.#info(node).catch(() => null)));
      if (!infos.every(info => info?.["cluster_state"] === "ok")) return false;
      const roles = await Promise.all(
        this.nodes.map(async node => String(await (await this.admin(node)).info("replication"))),
      );
      const linked = roles.filter(info => info.includes("master_link_status:up"));
      return linked.length >= MASTERS * this.#replicas;
    });
  }

  async admin(node: TestRedis): Promise<Redis> {
    const known = this.#admins.get(node);
    if (known?.status === "ready") return known;
    known?.disconnect();
    this.#admins.delete(node);
    const redis = new Redis({
      port: node.port,
      lazyConnect: true,
      retryStrategy: () => null,
      commandTimeout: 2_000,
    });
    redis.on("error", () => undefined);
    await redis.connect();
    this.#admins.set(node, redis);
    return redis;
  }

  async stop(): Promise<void> {
    for (const redis of this.#admins.values()) redis.disconnect();
    await Promise.all(this.nodes.map(node => node.stop()));
  }

  async #askMaster(node: TestRedis, key: string): Promise<number | null> {
    const redis = await this.admin(node);
    const slot = Number(await redis.call("CLUSTER", "KEYSLOT", key));
    const ranges = (await redis.call("CLUSTER", "SLOTS")) as [number, number, [string, number]][];
    return ranges.find(([from, to]) => from <= slot && slot <= to)?.[2][1] ?? null;
  }

  async #info(node: TestRedis): Promise<Record<string, string>> {
    const text = String(await (await this.admin(node)).call("CLUSTER", "INFO"));
    return Object.fromEntries(text.split("\r\n").map(line => line.split(":") as [string, string]));
  }

  async #until(what: string, isReached: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + LIMIT_MS;
    while (!(await isReached().catch(() => false))) {
      if (performance.now() > endMs) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
      await sleep(ASK_MS);
    }
  }
}
