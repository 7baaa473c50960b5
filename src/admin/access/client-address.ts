import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";

/** Some proxies add the port: `203.0.113.9:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:\[(?<six>[^\]]+)\](?::\d+)?|(?<four>[^:]+):\d+)$/;

/**
 * Who sends a request, for the audit and for limits: what a trusted proxy says, where that is an address. Any other text would be a
 * new client each time, and could forge a line of the audit; then it is the peer of the connection.
 */
export function clientAddressOf({ ip, socket }: Pick<FastifyRequest, "ip" | "socket">): string {
  const { six, four } = WITH_PORT.exec(ip)?.groups ?? {};
  const address = six ?? four ?? ip;
  return isIP(address) === 0 ? (socket.remoteAddress ?? "unknown") : address;
}
