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
  readonly #server: FastifyInstance;

  constructor(options: ProbeServerOptions) {
    this.#options = options;
    this.#server = createHttpServer();
    this.#addRoutes();
  }

  /** Listens from now on; resolves with the URL. Throws BW_LISTEN_FAILED. Call it once. */
  async start(): Promise<string> {
    return await listen(this.#server, "http", this.#options.at);
  }

  /** In bounded time, whatever clients do. */
  async stop(): Promise<void> {
    await settlesWithin(this.#server.close(), CLOSE_LIMIT_MS);
  }

  #addRoutes(): void {
    const { health, metrics } = this.#options;
    allowReadingOnly(this.#server);
    this.#server.get("/livez", (_request, reply) => probe(reply, health.livenessProblems()));
    this.#server.get("/readyz", (_request, reply) => probe(reply, health.readinessProblems()));
    this.#server.get("/metrics", async (_request, reply) => {
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
