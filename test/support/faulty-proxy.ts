import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What to do with a chunk on its way to the server: pass it on, or cut the connection before or after. */
export type Fate = "pass" | "cut before" | "cut after";

/**
 * A TCP proxy on loopback that breaks connections at the worst moment. "cut after" passes the chunk on, so that the
 * server executes it, and closes the client's connection without the answer. The outcome is then unknown.
 */
export class FaultyProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  decide: (chunk: string) => Fate = () => "pass";
  /** Where new connections go; the standing ones stay where they are, as behind a name or a load balancer. */
  target: number;

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.target = target;
  }

  static async to(port: number): Promise<FaultyProxy> {
    const server = createServer();
    const proxy = new FaultyProxy(server, port);
    server.on("connection", client => proxy.#join(client));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(client: Socket): void {
    const upstream = connect(this.target, "127.0.0.1");
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => this.#sockets.delete(socket));
    }
    let isCut = false;
    client.on("data", chunk => {
      if (isCut) return;
      const fate = this.decide(chunk.toString("latin1"));
      isCut = fate !== "pass";
      if (isCut) client.destroy();
      if (fate === "cut before") upstream.destroy();
      else if (fate === "cut after") upstream.end(chunk);
      else upstream.write(chunk);
    });
    upstream.on("data", chunk => {
      if (!isCut) client.write(chunk);
    });
    client.on("close", () => {
      if (!isCut) upstream.destroy();
    });
    upstream.on("close", () => client.destroy());
  }
}
