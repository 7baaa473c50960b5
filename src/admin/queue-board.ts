import type { FastifyInstance } from "fastify";
import type { Redis } from "ioredis";
import { BellwetherError, codeOf } from "../errors.ts";
import { OpenQueues, openQueue } from "../launch/open-queues.ts";
import { baseOf, type QueuePlace } from "../launch/queue-place.ts";

export interface QueueBoardOptions {
  /** "" or "/ops": the prefix that `server` has, for the addresses in the document. */
  readonly basePath: string;
  /** The queues of the configuration as it is now. */
  readonly places: () => readonly QueuePlace[];
  /** The board only reads, on this connection, always the same; its owner closes it. */
  readonly redis: () => Promise<Redis>;
}

/** Its document loads fonts of another host. Without them it has those of the reader's machine. */
const ELSEWHERE = /<link href="https:[^<>]*>/g;

/** What bull-board's document needs: its scripts from here, and styles that it writes into elements. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * bull-board below `/queues`, for looking: what operators change goes through the API, which writes the audit. The caller
 * admits operators only (`config.role`), because it shows the data of runs.
 */
export async function addQueueBoard(
  server: FastifyInstance,
  { basePath, places, redis }: QueueBoardOptions,
): Promise<void> {
  const packages = await loadBoard();
  if (packages === null) {
    for (const address of ["/queues", "/queues/*"]) {
      server.get(address, { config: { role: "operator" } }, async () => {
        throw new BellwetherError("BW_BOARD_MISSING", {});
      });
    }
    return;
  }
  const { createBullBoard, BullMQAdapter, FastifyAdapter } = packages;
  const adapter = new FastifyAdapter();
  adapter.setBasePath(`${basePath}/queues`);
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: "Bellwether queues", hideRedisDetails: true } },
  });
  // What is thrown here goes to the server's own handler, which answers as the API does.
  adapter.setErrorHandler(error => {
    throw error;
  });
  const open = new OpenQueues(async (place: QueuePlace) =>
    openQueue(place, await redis(), { skipMetasUpdate: true }),
  );
  let shown = "";
  const refresh = async () => {
    const wanted = places();
    const key = wanted.map(baseOf).toSorted().join("\n");
    if (key === shown) return;
    const queues = await open.all(wanted);
    await open.keep(wanted);
    board.replaceQueues([...queues.values()].map(queue => new BullMQAdapter(queue, { readOnlyMode: true })));
    shown = key;
  };
  await server.register(
    async scope => {
      scope.addHook("onRoute", route => {
        route.config = { ...route.config, role: "operator" };
      });
      scope.addHook("onClose", () => open.close());
      scope.addHook("onRequest", async (request, reply) => {
        reply.headers({ "content-security-policy": POLICY, "x-content-type-options": "nosniff" });
        if (request.method !== "GET" && request.method !== "HEAD")
          return reply.code(405).header("allow", "GET, HEAD").send({ error: "The board is for looking." });
        await refresh();
      });
      scope.addHook("onSend", async (_request, _reply, payload) =>
        typeof payload === "string" ? payload.replace(ELSEWHERE, "") : payload,
      );
      await scope.register(adapter.registerPlugin());
    },
    { prefix: "/queues" },
  );
}

/** Optional, because it is as large as a fifth of everything else: null where the project has not installed it. */
async function loadBoard() {
  try {
    // One after the other: bundlers let a package be missing only where its import is awaited within the try.
    const { createBullBoard } = await import("@bull-board/api");
    const { BullMQAdapter } = await import("@bull-board/api/bullMQAdapter");
    const { FastifyAdapter } = await import("@bull-board/fastify");
    return { createBullBoard, BullMQAdapter, FastifyAdapter };
  } catch (error) {
    // The second is what a bundle in CommonJS says.
    if (["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes(codeOf(error) ?? "")) return null;
    throw error;
  }
}
