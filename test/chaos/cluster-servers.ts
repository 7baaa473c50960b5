import { FaultyLink } from "../support/faulty-link.ts";
import { startCluster, type TestCluster } from "../support/redis-cluster.ts";
import type { TestRedis } from "../support/redis-server.ts";
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

/**
 * A Redis Cluster of three masters with a replica each. What the replicas under test have lives in one slot, so one master
 * matters; the other two are there to vote. Replication can be taken away, as with Sentinel.
 */
export class ClusterServers implements Servers {
  readonly store = "cluster";
  readonly mayLoseWrites = true;
  readonly #cluster: TestCluster;
  readonly #tag: string;
  readonly #secrecy: Secrecy | null;
  /** The servers that were all down are whole again. */
  #up: Promise<void> = Promise.resolve();

  private constructor(cluster: TestCluster, tag: string, secrecy: Secrecy | null) {
    this.#cluster = cluster;
    this.#tag = tag;
    this.#secrecy = secrecy;
  }

  static async start(namespace: string, secrecy: Secrecy | null): Promise<ClusterServers> {
    const args = [...DURABLE, ...REPLICATION_ARGS, ...userArgs(namespace, secrecy)];
    return new ClusterServers(await startCluster({ args }), `{${namespace}}`, secrecy);
  }

  readonly faults = {
    failover: async ({ holdMs }: Step): Promise<Injected> => {
      const node = await this.#masterToLose();
      await node.kill();
      return {
        what: `kill -9 of the master ${node.port}, back as a replica ${holdMs} ms after the failover`,
        heal: () => this.#rejoin(node),
      };
    },
    "failover that loses writes": async ({ holdMs }: Step): Promise<Injected> => {
      const node = await this.#masterToLose();
      const admin = await this.#cluster.admin(node);
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
      const node = await this.#masterToLose();
      await node.kill("SIGSTOP");
      return {
        what: `the master ${node.port} frozen for ${holdMs} ms, and then sure that it still is the master`,
        heal: () => node.kill("SIGCONT"),
      };
    },
  };

  /** The cluster names the ports of its nodes; on their way back they become those of this replica's links. */
  async join(): Promise<Access> {
    const links: FaultyLink[] = [];
    const rewrite = (reply: Buffer) => {
      let text = reply.toString("latin1");
      for (const { port, targetPort } of links) text = text.replaceAll(`:${targetPort}\r\n`, `:${port}\r\n`);
      return Buffer.from(text, "latin1");
    };
    const tls = this.#secrecy?.link;
    for (const { port } of this.#cluster.nodes) {
      links.push(await FaultyLink.to(port, { rewrite, ...(tls && { tls }) }));
    }
    const nodes = links.slice(0, 3).map(({ port }) => `"127.0.0.1:${port}"`);
    return {
      settings: [`redis: { cluster: { nodes: [${nodes.join(", ")}] }${accessOf(this.#secrecy)} }`],
      election: "store: redis",
      redisLinks: links,
      etcdLinks: [],
    };
  }

  async primaryPort(): Promise<number> {
    return (await this.#master()).port;
  }

  async down(): Promise<void> {
    await Promise.all(this.#cluster.nodes.map(node => node.kill()));
  }

  up(): Promise<void> {
    this.#up = Promise.all(this.#cluster.nodes.map(node => node.restart())).then(() =>
      this.#cluster.untilWhole(),
    );
    return this.#up;
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }

  /** A master that dies before its replica has followed it has no successor, ever: neither would the cluster be whole again. */
  async #masterToLose(): Promise<TestRedis> {
    await this.#up.catch(() => undefined);
    return await this.#master();
  }

  #master(): Promise<TestRedis> {
    return this.#cluster.masterOf(this.#tag);
  }

  /** It finds by itself who is the master now. */
  async #rejoin(node: TestRedis): Promise<void> {
    await this.#cluster.untilMasterIsNot(this.#tag, node);
    await node.restart();
    await this.#cluster.untilWhole();
  }
}
