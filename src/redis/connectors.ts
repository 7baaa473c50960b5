import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { SentinelConnector } from "ioredis";
import { StandaloneConnector } from "ioredis/built/connectors/index.js";
import type { HostAndPort } from "../config/redis-address.ts";

type OnError = Parameters<StandaloneConnector["connect"]>[0];

/**
 * Notes the machine that a socket has reached, before TLS. Keeps the socket's late errors from ending the process.
 * ioredis listens to the first error of a socket only, and a TLS socket can have two. A socket that is closed within its
 * handshake, because the certificate does not fit or the replica stops, may still receive the server's alert about that.
 * An error without a listener is an uncaught exception.
 */
export function watchSocket(
  socket: Socket | TLSSocket,
  connector: { reached: HostAndPort | null },
): Socket | TLSSocket {
  socket.on("error", () => undefined);
  return socket.once("connect", () => {
    const { remoteAddress: host, remotePort: port } = socket;
    if (host !== undefined && port !== undefined) connector.reached = { host, port };
  });
}

/** To the one address of a URL, as ioredis does it by itself. */
export class AddressConnector extends StandaloneConnector {
  reached: HostAndPort | null = null;

  constructor(options: unknown) {
    super(options as ConstructorParameters<typeof StandaloneConnector>[0]);
  }

  override async connect(onError: OnError): Promise<Socket | TLSSocket> {
    this.reached = null;
    return watchSocket(await super.connect(onError), this);
  }
}

/** To the master that sentinels name, as ioredis does it by itself. */
export class SentinelsConnector extends SentinelConnector {
  reached: HostAndPort | null = null;

  constructor(options: unknown) {
    super(options as ConstructorParameters<typeof SentinelConnector>[0]);
  }

  override async connect(onError: OnError): Promise<Socket | TLSSocket> {
    this.reached = null;
    this.#goRound();
    return watchSocket(await super.connect(onError), this);
  }

  /**
   * Lets this attempt ask every sentinel once, beginning with the one after the last that was asked. By itself ioredis
   * asks only those that the last round left. When none is left, it says that no sentinel is reachable.
   */
  #goRound(): void {
    const { done } = this.sentinelIterator.next();
    // What `next` has just taken becomes the first.
    this.sentinelIterator.reset(!done);
  }
}

/**
 * The one that the options of a connection call for: what a program will put into them is not known before. ioredis calls it with
 * `new`, which returns what a function returns.
 */
export function anyConnector(options: {
  readonly sentinels?: unknown;
}): AddressConnector | SentinelsConnector {
  return options.sentinels ? new SentinelsConnector(options) : new AddressConnector(options);
}
