import type { FastifyInstance, FastifyReply } from "fastify";
import type { Clock } from "../clock/clock.ts";
import { settlesWithin } from "../clock/within.ts";
import type { ListenConfig } from "../config/config.ts";
import type { StoreKind } from "../event-map.ts";
import type { Events } from "../events.ts";
import { allowReadingOnly, createHttpServer, listen } from "./http-server.ts";
import { Liveness } from "./liveness.ts";
import { Metrics } from "./metrics.ts";
import { Readiness } from "./readiness.ts";
import type { ObservedReplica } from "./scrape-metrics.ts";

const CLOSE_LIMIT_MS = 1_000;

export interface ProbeServerOptions {
  readonly at: ListenConfig;
  readonly events: Events;
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  readonly replica: ObservedReplica;
}

/** `/livez`, `/readyz` and `/metrics` on the configuration's `http` address, for monitors of the replica. */
export class ProbeServer {
  readonly #at: ListenConfig;
  readonly #liveness: Liveness;
  readonly #readiness: Readiness;
  readonly #metrics: Metrics;
  /** Null before the start. */
  #server: Promise<FastifyInstance> | null = null;

  constructor({ at, events, clock, replica }: ProbeServerOptions) {
    this.#at = at;
    this.#readiness = new Readiness(events);
    this.#liveness = new Liveness({
      clock,
      currentTerm: () => replica.running()?.currentTerm() ?? null,
      isConnected: () => this.#readiness.isConnected,
    });
    this.#metrics = new Metrics({ events, replica });
  }

  /** Listens from now on; resolves with the URL. Throws BW_LISTEN_FAILED. Call it once, before events come. */
  async start(): Promise<string> {
    this.#readiness.start();
    this.#metrics.start();
    this.#liveness.start();
    this.#server = createHttpServer();
    const server = await this.#server;
    this.#addRoutes(server);
    return await listen(server, "http", this.#at);
  }

  /** In bounded time, whatever clients do. */
  async stop(): Promise<void> {
    const server = await this.#server;
    if (server !== null) await settlesWithin(server.close(), CLOSE_LIMIT_MS);
    await this.#liveness.stop();
    this.#readiness.stop();
    this.#metrics.stop();
  }

  /** @see Metrics.storeAnswered */
  storeAnswered(store: StoreKind, tookMs: number): void {
    this.#metrics.storeAnswered(store, tookMs);
  }

  #addRoutes(server: FastifyInstance): void {
    allowReadingOnly(server);
    server.get("/livez", (_request, reply) => probe(reply, this.#liveness.reasons()));
    server.get("/readyz", (_request, reply) => probe(reply, this.#readiness.reasons()));
    server.get("/metrics", async (_request, reply) => {
      const { contentType, text } = await this.#metrics.expose();
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
