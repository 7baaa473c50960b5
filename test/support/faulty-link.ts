import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";

export type Direction = "requests" | "replies";

/**
 * Where a connection breaks.
 *
 * - "before": the chunk is lost.
 * - "within": half of it arrives.
 * - "after": it arrives and is carried out, but the answer is lost.
 * - "late": the client finds its connection broken immediately. The chunk arrives half a second later, when the client may
 *   have sent it again on another connection.
 */
export type TripPoint = "before" | "within" | "after" | "late";

export interface FaultyLinkOptions {
  /** Hears each request before it is passed on. */
  readonly onRequest?: (request: Buffer, link: FaultyLink) => void;
  /** Replaces a reply on its way back. */
  readonly rewrite?: (reply: Buffer) => Buffer;
  /** The client speaks TLS, which ends here: the link sees what is said. */
  readonly tls?: LinkTls;
}

/** Paths of PEM files. Clients must show a certificate of the CA. */
export interface LinkTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const LATE_MS = 500;
const BOTH: readonly Direction[] = ["requests", "replies"];
/** What a replica calls its connections: `bellwether:<replica>:launch`. */
const NAME = /\bbellwether:[^:\s]+:([\w-]+)/;
/** What BullMQ calls those on which its workers block: `<prefix>:<queue>:w:<replica>`. They are "blocking" here. */
const BLOCKING = /\S+:w:\S+/;

/** A TCP proxy on loopback between one client and one server. Its faults are switched on and off at any time. */
export class FaultyLink {
  readonly targetPort: number;
  readonly #server: Server;
  readonly #hear: NonNullable<FaultyLinkOptions["onRequest"]>;
  readonly #rewrite: (reply: Buffer) => Buffer;
  readonly #secure: (client: Socket) => Socket;
  readonly #connections = new Set<Connection>();
  readonly #held = new Set<Direction>();
  readonly #heldNames = new Set<string>();
  #isCut = false;
  #delayMs = 0;
  #trip: { readonly at: TripPoint; readonly text: string; readonly onTrip: () => void } | null = null;

  private constructor(targetPort: number, server: Server, options: FaultyLinkOptions) {
    this.targetPort = targetPort;
    this.#server = server;
    this.#hear = options.onRequest ?? (() => undefined);
    this.#rewrite = options.rewrite ?? (reply => reply);
    this.#secure = options.tls ? tlsEnd(options.tls) : client => client;
  }

  static async to(targetPort: number, options: FaultyLinkOptions = {}): Promise<FaultyLink> {
    const server = createServer();
    const link = new FaultyLink(targetPort, server, options);
    server.on("connection", client => link.#join(client));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Of a Redis behind it. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Resets every connection. New ones are refused until `mend`. */
  cut(): void {
    this.#isCut = true;
    this.reset();
  }

  mend(): void {
    this.#isCut = false;
  }

  /** Resets every connection, once. */
  reset(): void {
    for (const connection of this.#connections) connection.reset();
  }

  /** Lets nothing through in these directions, new connections included, and reports it to neither side. */
  hold(directions: readonly Direction[]): void {
    for (const direction of directions) this.#held.add(direction);
  }

  /** Ends every `hold`: what was held arrives late, or never because the connections are reset. */
  release(how: "deliver" | "reset"): void {
    this.#held.clear();
    if (how === "reset") this.reset();
    for (const connection of this.#connections) connection.flush();
  }

  /** Whether a replica has a connection of this name here. */
  has(name: string): boolean {
    return this.#named(name).length > 0;
  }

  /** Resets the connections of this name, once. */
  resetNamed(name: string): void {
    for (const connection of this.#named(name)) connection.reset();
  }

  /** Lets nothing of these connections through, new ones included once they have said their name. */
  holdNamed(name: string): void {
    this.#heldNames.add(name);
  }

  /** Ends `holdNamed`: the connections are reset. */
  releaseNamed(name: string): void {
    this.#heldNames.delete(name);
    this.resetNamed(name);
  }

  /** Lets nothing of the connections that have this name now through in these directions, for good. */
  silence(name: string, directions: readonly Direction[] = BOTH): void {
    for (const connection of this.#named(name)) connection.silence(directions);
  }

  /** Closes one side of the connections of this name; the other side does not hear of it. */
  halfOpen(name: string, closed: "client" | "server"): void {
    for (const connection of this.#named(name)) connection.halfOpen(closed);
  }

  /** Each chunk takes this much longer, in both directions; 0 ends it. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** Breaks the connection at the next request that contains the text. */
  armTrip(at: TripPoint, text: string, onTrip: () => void): void {
    this.#trip = { at, text, onTrip };
  }

  disarmTrip(): void {
    this.#trip = null;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.reset();
    await once(this.#server, "close");
  }

  #named(name: string): Connection[] {
    return [...this.#connections].filter(connection => connection.name === name);
  }

  #join(client: Socket): void {
    if (this.#isCut) {
      client.on("error", () => undefined);
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(this.targetPort, "127.0.0.1");
    const connection = new Connection({
      wire: client,
      client: this.#secure(client),
      upstream,
      isHeld: (direction, name) => this.#held.has(direction) || this.#heldNames.has(name),
      delayMs: () => this.#delayMs,
      onRequest: (chunk, connection) => this.#onRequest(chunk, connection),
      rewrite: this.#rewrite,
      onEnd: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }

  /** Passes a request on, unless the connection breaks here. */
  #onRequest(chunk: Buffer, connection: Connection): void {
    this.#hear(chunk, this);
    connection.learnName(chunk);
    const trip = this.#trip;
    if (!trip || !chunk.includes(trip.text)) {
      connection.pass("requests", chunk);
      return;
    }
    this.#trip = null;
    connection.trip(trip.at, chunk);
    trip.onTrip();
  }
}

/** Makes what is said out of what is on the wire. */
function tlsEnd({ ca, cert, key }: LinkTls): (wire: Socket) => Socket {
  const [caText, certText, keyText] = [ca, cert, key].map(file => readFileSync(file)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const secureContext = createSecureContext({ ca: caText, cert: certText, key: keyText });
  return wire => {
    wire.on("error", () => undefined);
    return new TLSSocket(wire, {
      isServer: true,
      secureContext,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ["h2", "http/1.1"],
    });
  };
}

interface ConnectionOptions {
  /** What resets go to. */
  readonly wire: Socket;
  readonly client: Socket;
  readonly upstream: Socket;
  readonly isHeld: (direction: Direction, name: string) => boolean;
  readonly delayMs: () => number;
  readonly onRequest: (chunk: Buffer, connection: Connection) => void;
  readonly rewrite: (reply: Buffer) => Buffer;
  readonly onEnd: () => void;
}

/** What waits to be passed on; null is the end of the stream. */
interface Waiting {
  readonly chunk: Buffer | null;
  readonly dueMs: number;
}

class Connection {
  /** What the client calls it; empty until it has said so. */
  name = "";
  readonly #options: ConnectionOptions;
  #isHalfOpen = false;
  readonly #silent = new Set<Direction>();
  readonly #waiting: Record<Direction, Waiting[]> = { requests: [], replies: [] };

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { client, upstream, rewrite } = options;
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on("error", () => socket.destroy());
    }
    client.on("data", chunk => options.onRequest(chunk, this));
    upstream.on("data", chunk => this.pass("replies", rewrite(chunk)));
    client.on("close", () => {
      if (!this.#isHalfOpen) this.pass("requests", null);
      this.#forget();
    });
    upstream.on("close", () => {
      if (!this.#isHalfOpen) this.pass("replies", null);
      this.#forget();
    });
  }

  learnName(chunk: Buffer): void {
    if (this.name !== "") return;
    const text = chunk.toString("latin1");
    this.name = NAME.exec(text)?.[1] ?? (BLOCKING.test(text) ? "blocking" : "");
  }

  silence(directions: readonly Direction[]): void {
    for (const direction of directions) this.#silent.add(direction);
  }

  halfOpen(closed: "client" | "server"): void {
    const { wire, upstream } = this.#options;
    this.#isHalfOpen = true;
    if (closed === "client") wire.destroy();
    else upstream.destroy();
  }

  /** Hands a chunk on, in order, when nothing holds it up. */
  pass(direction: Direction, chunk: Buffer | null): void {
    this.#waiting[direction].push({ chunk, dueMs: performance.now() + this.#options.delayMs() });
    this.flush();
  }

  flush(): void {
    this.#flush("requests");
    this.#flush("replies");
  }

  reset(): void {
    const { wire, upstream } = this.#options;
    this.#waiting.requests = [];
    this.#waiting.replies = [];
    wire.resetAndDestroy();
    upstream.resetAndDestroy();
  }

  trip(at: TripPoint, chunk: Buffer): void {
    const { wire, upstream } = this.#options;
    if (at === "late") this.#waiting.requests.push({ chunk, dueMs: performance.now() + LATE_MS });
    else if (at !== "before")
      this.pass("requests", at === "within" ? chunk.subarray(0, chunk.length / 2) : chunk);
    if (at === "before") upstream.destroy();
    wire.resetAndDestroy();
  }

  #flush(direction: Direction): void {
    const { isHeld, client, upstream } = this.#options;
    const target = direction === "requests" ? upstream : client;
    const queue = this.#waiting[direction];
    while (queue[0] && !isHeld(direction, this.name) && !this.#silent.has(direction)) {
      const leftMs = queue[0].dueMs - performance.now();
      if (leftMs > 0) {
        setTimeout(() => this.#flush(direction), leftMs).unref();
        return;
      }
      const { chunk } = queue.shift() as Waiting;
      if (target.destroyed) continue;
      if (chunk === null) target.end();
      else target.write(chunk);
    }
    this.#forget();
  }

  /** Over when both sides are closed; while something is held up one of them is still open. */
  #forget(): void {
    const { client, upstream, onEnd } = this.#options;
    if (client.destroyed && upstream.destroyed) onEnd();
  }
}
