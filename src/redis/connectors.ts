import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { SentinelConnector } from "ioredis";
import { StandaloneConnector } from "ioredis/built/connectors/index.js";

type OnError = Parameters<StandaloneConnector["connect"]>[0];

/**
 * Keeps a socket's late errors from ending the process. ioredis listens to the first error of a socket only, and a TLS
 * socket can have two: one that is given up within its handshake, because the certificate does not fit or the replica
 * stops, may still hear of the server's alert about that. An error that nobody listens to is an uncaught exception.
 */
export function hearEveryError(socket: Socket | TLSSocket): Socket | TLSSocket {
  return socket.on("error", () => undefined);
}

/** To the one address of a URL, as ioredis does it by itself. */
export class AddressConnector extends StandaloneConnector {
  constructor(options: unknown) {
    super(options as ConstructorParameters<typeof StandaloneConnector>[0]);
  }

  override async connect(onError: OnError): Promise<Socket | TLSSocket> {
    return hearEveryError(await super.connect(onError));
  }
}

/** To the master that sentinels name, as ioredis does it by itself. */
export class SentinelsConnector extends SentinelConnector {
  constructor(options: unknown) {
    super(options as ConstructorParameters<typeof SentinelConnector>[0]);
  }

  override async connect(onError: OnError): Promise<Socket | TLSSocket> {
    return hearEveryError(await super.connect(onError));
  }
}
