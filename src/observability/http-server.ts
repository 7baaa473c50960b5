import type { FastifyInstance, FastifyReply } from "fastify";
import type { ListenConfig } from "../config/config.ts";
import { BellwetherError, codeOf } from "../errors.ts";

/** These endpoints take small requests; keep slow, idle or numerous clients cheap. */
const LIMITS = {
  requestMs: 5_000,
  idleMs: 5_000,
  /** For a client that does not read its answer. */
  silentMs: 10_000,
  headerBytes: 8 * 1024,
  bodyBytes: 64 * 1024,
  connections: 500,
};

/**
 * A server without routes. What it refuses is answered as `{"error":{"code","message"}}`. Fastify is loaded here: it is a
 * quarter of what a replica does to start, and `http: false` needs none of it.
 */
export async function createHttpServer(): Promise<FastifyInstance> {
  const { fastify } = await import("fastify");
  const server = fastify({
    requestTimeout: LIMITS.requestMs,
    keepAliveTimeout: LIMITS.idleMs,
    connectionTimeout: LIMITS.silentMs,
    bodyLimit: LIMITS.bodyBytes,
    forceCloseConnections: true,
    http: {
      maxHeaderSize: LIMITS.headerBytes,
      headersTimeout: LIMITS.requestMs,
      connectionsCheckingInterval: 1_000,
    },
    frameworkErrors: (error, _request, reply) => refuse(reply, 400, "bad_request", error.message),
  });
  server.server.maxConnections = LIMITS.connections;
  // A client that cannot be accepted, as when no file descriptor is left, must not cost more than itself.
  server.server.on("error", () => undefined);
  // Serving others is no reason to live on.
  server.server.unref();
  server.setNotFoundHandler((request, reply) =>
    refuse(reply, 404, "not_found", `there is nothing at ${request.url.slice(0, 200)}`),
  );
  server.setErrorHandler((_error, _request, reply) =>
    refuse(reply, 500, "internal", "no answer could be made"),
  );
  return server;
}

/** Answers GET and HEAD alone. What others send is not read. */
export function allowReadingOnly(server: FastifyInstance): void {
  server.addHook("onRequest", (request, reply, done) => {
    if (request.method === "GET" || request.method === "HEAD") return done();
    reply.headers({ allow: "GET, HEAD", connection: "close" });
    refuse(reply, 405, "method_not_allowed", `${request.method} is not allowed here`);
  });
}

/** Listens, and resolves with the URL. Throws BW_LISTEN_FAILED; `setting` is the key of the configuration. */
export async function listen(server: FastifyInstance, setting: string, at: ListenConfig): Promise<string> {
  try {
    await server.listen({ host: at.host, port: at.port });
  } catch (error) {
    const why = codeOf(error) ?? String(error);
    throw new BellwetherError("BW_LISTEN_FAILED", { setting, ...at, why }, { cause: error });
  }
  const address = server.server.address();
  const port = typeof address === "object" && address !== null ? address.port : at.port;
  return `http://${at.host.includes(":") ? `[${at.host}]` : at.host}:${port}`;
}

function refuse(reply: FastifyReply, status: number, code: string, message: string): void {
  reply.code(status).send({ error: { code, message } });
}
