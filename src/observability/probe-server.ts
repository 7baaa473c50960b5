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
}

/** `/livez`, `/readyz` and `/metrics` on the configuration's `http` address, for monitors of the replica. */
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
    const { health, metrics } = this.#options;
    allowReadingOnly(server);
    server.get("/livez", (_request, reply) => probe(reply, health.livenessProblems()));
    server.get("/readyz", (_request, reply) => probe(reply, health.readinessProblems()));
    server.get("/metrics", async (_request, reply) => {
      const { contentType, text } = await metrics.expose();
      return reply.type(contentType).send(text);
    });
  }
}

function probe(reply: FastifyReply, reasons: readonly string[]): FastifyReply {
  reply.header("cache-control", "no-store");
  return reasons.length === 0
    ? reply.send({ status: "ok" })
    : reply.code(503).send({ status: "unavailable", reasons });
}
