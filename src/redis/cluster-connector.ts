import { connect as connectTcp, Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { AbstractConnector, Redis, type RedisOptions } from "ioredis";
import type { HostAndPort } from "../config/redis-address.ts";
import { AddressConnector, watchSocket } from "./connectors.ts";
import { isErrorReply } from "./refusal.ts";

const ASK_LIMIT_MS = 2_000;
/** A socket that does not end by itself is destroyed after this: ioredis's own default. */
const DISCONNECT_LIMIT_MS = 2_000;

export interface ClusterConnectorOptions {
  readonly nodes: readonly HostAndPort[];
  /** The hash tag of every key: it says which slot, and so which node, everything lives in. */
  readonly tag: string;
  readonly tls: ConnectionOptions | null;
  readonly credentials: Pick<RedisOptions, "username" | "password">;
}

/**
 * Makes the class of connector that ioredis uses for one connection to a node of a Redis Cluster. The node is the one
 * that holds the tag's slot now: the connector asks for it each time the connection is made. All keys of Bellwether and
 * BullMQ have one hash tag, so one node is enough, and the connection is an ordinary one: WATCH, MULTI, scripts and
 * channels work as usual. A cluster client would follow redirections by itself, and send a transaction again to the
 * next node without its WATCH.
 */
export function clusterConnector(options: ClusterConnectorOptions): NonNullable<RedisOptions["Connector"]> {
  /** The nodes that were found last come before those of the configuration, which may have left the cluster. */
  let known: readonly HostAndPort[] = [];

  return class ClusterConnector extends AbstractConnector {
    reached: HostAndPort | null = null;
    /** What the nodes said instead of naming the master. */
    refusal: Error | null = null;

    constructor() {
      super(DISCONNECT_LIMIT_MS);
    }

    /**
     * Leaves a node immediately when it turns out to be a replica: the master's role moved after the node was chosen.
     */
    override check({ role }: { role?: string }): boolean {
      return role === undefined || role === "master";
    }

    override async connect(): Promise<Socket | TLSSocket> {
      this.connecting = true;
      this.reached = null;
      this.refusal = null;
      const { master, nodes, refusal } = await findMaster([...known, ...options.nodes], options);
      known = nodes;
      if (!this.connecting) throw new Error("Connection is closed.");
      this.refusal = refusal;
      if (refusal !== null) return this.#closed(refusal);
      const { host, port } = master;
      const socket = options.tls ? connectTls({ ...options.tls, host, port }) : connectTcp({ host, port });
      const stream = watchSocket(socket, this);
      this.stream = stream;
      stream.once("error", error => {
        this.firstError = error;
      });
      return stream;
    }

    /** ioredis never tries again after a rejection, but does after a socket that has been closed. */
    #closed(error: Error): Socket {
      this.firstError = error;
      this.stream = new Socket().destroy();
      return this.stream;
    }
  };
}

interface FoundMaster {
  readonly master: HostAndPort;
  readonly nodes: readonly HostAndPort[];
  /** Why the node that is given out must not be used: it may not be the master. */
  readonly refusal: Error | null;
}

/**
 * When no node answers, one of them is returned all the same: the connection to it then fails, and is reported and
 * retried like any other failure. A node that refuses the question would take the connection, whichever node it is.
 */
async function findMaster(
  candidates: readonly HostAndPort[],
  options: ClusterConnectorOptions,
): Promise<FoundMaster> {
  const nodes = unique(candidates);
  let refusal: Error | null = null;
  for (const node of nodes) {
    const found = await askNode(node, options).catch((error: unknown) => {
      if (isErrorReply(error)) refusal ??= error;
      return null;
    });
    // The one that answered is asked first the next time: a frozen node costs each question its whole limit.
    if (found) return { master: found.master, nodes: unique([node, ...found.nodes]), refusal: null };
  }
  // Another one the next time.
  const [first, ...others] = nodes as [HostAndPort, ...HostAndPort[]];
  return { master: first, nodes: [...others, first], refusal };
}

type SlotRange = readonly [from: number, to: number, master: SlotNode, ...replicas: SlotNode[]];
type SlotNode = readonly [host: string | null, port: number, ...unknown[]];

/** Null when the node knows of no master for the slot. Rejects with what the node said, if it said anything. */
async function askNode(node: HostAndPort, { tag, tls, credentials }: ClusterConnectorOptions) {
  const redis = new Redis({
    ...node,
    ...credentials,
    Connector: AddressConnector,
    ...(tls && { tls }),
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    connectTimeout: ASK_LIMIT_MS,
    commandTimeout: ASK_LIMIT_MS,
    retryStrategy: () => null,
    disconnectTimeout: ASK_LIMIT_MS / 10,
  });
  // What ends the handshake is an event; the rejections after it say only that the connection is closed.
  let said: Error | null = null;
  redis.on("error", error => {
    said ??= error;
  });
  try {
    await redis.connect();
    const [slot, ranges] = (await Promise.all([
      redis.call("CLUSTER", "KEYSLOT", `{${tag}}`),
      redis.call("CLUSTER", "SLOTS"),
    ])) as [number, SlotRange[]];
    const at = ([host, port]: SlotNode): HostAndPort => ({ host: host || node.host, port });
    const range = ranges.find(([from, to]) => from <= slot && slot <= to);
    if (!range) return null;
    const nodes = ranges.flatMap(([, , ...owners]) => owners.map(at));
    return { master: at(range[2]), nodes };
  } catch (error) {
    throw said ?? error;
  } finally {
    redis.disconnect();
  }
}

function unique(nodes: readonly HostAndPort[]): HostAndPort[] {
  return [...new Map(nodes.map(node => [`${node.host}:${node.port}`, node])).values()];
}
