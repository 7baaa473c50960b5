import type { FastifyInstance, FastifyReply } from "fastify";
import { settlesWithin } from "../clock/within.ts";
import type { ListenConfig } from "../config/config.ts";
import type { ReplicaHealth } from "./health.ts";
import { allowReadingOnly, createHttpServer, listen } from "./http-server.ts";
import type { Metrics } from "./metrics.ts";

const CLOSE_LIMIT_MS = 1_000;

export interface ProbeServerOptions {
  readonly at: ListenConfig;
  readonly health: ReplicaHealth;
  readonly metrics: Metrics;
  /** The dashboard's address; null where it is off. */
  readonly dashboard: () => string | null;
}

const EVERY_ADDRESS: readonly string[] = ["0.0.0.0", "[::]"];
const NO_DASHBOARD = `The dashboard of this replica is off. To switch it on, add to bellwether.yaml:

  admin: { host: 127.0.0.1, port: 8081 }

This address has /livez, /readyz and /metrics.
`;

/**
 * `/livez`, `/readyz` and `/metrics` on the configuration's `http` address, for monitors of the replica. `/` leads people to
 * the dashboard.
 */
export class ProbeServer {
  readonly #options: ProbeServerOptions;
  /** Null before the start. */
  #server: Promise<FastifyInstance> | null = null;

  constructor(options: ProbeServerOptions) {
    this.#options = options;
  }

  /** Listens from now on; resolves with the URL. Throws BW_LISTEN_FAILED. Call it once. */
  async start(): Promise<string> {
    this.#server = createHttpServer();
    const server = await this.#server;
    this.#addRoutes(server);
    return await listen(server, "http", this.#options.at);
  }

  /** In bounded time, whatever clients do. */
  async stop(): Promise<void> {
    const server = await this.#server;
    if (server !== null) await settlesWithin(server.close(), CLOSE_LIMIT_MS);
  }

  #addRoutes(server: FastifyInstance): void {
    const { health, metrics, dashboard } = this.#options;
    allowReadingOnly(server);
    server.get("/", (request, reply) => {
      reply.header("cache-control", "no-store");
      const url = dashboard();
      if (url === null) return reply.type("text/plain; charset=utf-8").send(NO_DASHBOARD);
      return reply.redirect(reachable(url, request.hostname));
    });
    server.get("/livez", (_request, reply) => probe(reply, health.livenessProblems()));
    server.get("/readyz", (_request, reply) => {
      const paused = health.pausedQueues();
      return probe(reply, health.readinessProblems(), paused.length === 0 ? {} : { paused });
    });
    server.get("/metrics", async (_request, reply) => {
      const { contentType, text } = await metrics.expose();
      return reply.type(contentType).send(text);
    });
  }
}

/** The address as the client can reach it: what listens everywhere has the name that the client has used. */
function reachable(dashboard: string, hostname: string): string {
  const url = new URL(dashboard);
  if (EVERY_ADDRESS.includes(url.hostname)) url.hostname = hostname;
  return url.href;
}

function probe(
  reply: FastifyReply,
  reasons: readonly string[],
  more: { readonly paused?: readonly string[] } = {},
): FastifyReply {
  reply.header("cache-control", "no-store");
  return reasons.length === 0
    ? reply.send({ status: "ok", ...more })
    : reply.code(503).send({ status: "unavailable", reasons, ...more });
}
