import type { ServerResponse } from "node:http";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { ChangeFeed } from "../../changes/change-feed.ts";
import type { ChangeStream } from "../../changes/change-stream.ts";
import { BellwetherError, isBellwetherError } from "../../errors.ts";
import { problems } from "../schemas/responses.ts";
import type { RouteParts, ZodApp } from "./parts.ts";

/** Proxies and clients give up a connection that says nothing for some time; half a minute is usual. */
const HEARTBEAT_MS = 15_000;
/** A client that lost its connection comes back after this. */
const RETRY_MS = 1_000;
/** Of one replica. */
const MAX_STREAMS = 500;
const FULL_WAIT_MS = 10_000;

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  // nginx would keep the events until it has some kilobytes of them.
  "x-accel-buffering": "no",
};

/** What changes in the cluster, as server-sent events. */
export function addEventRoute(app: ZodApp, { access }: RouteParts, feed: ChangeFeed): void {
  app.get(
    "/events",
    {
      config: { role: "viewer" },
      // HEAD would get no answer: the stream has no end.
      exposeHeadRoute: false,
      schema: {
        operationId: "streamEvents",
        summary: "What changes, as server-sent events",
        description:
          "The types of events, and their data, are in docs/http-api.md. The stream begins with `live`; a comment every 15 s is its heartbeat. `resync` says that changes are missing.",
        tags: ["cluster"],
        headers: z.looseObject({
          "last-event-id": z.string().max(100).optional().meta({ description: "Go on behind this event." }),
        }),
        response: {
          ...problems,
          200: {
            description: "OK",
            content: { "text/event-stream": { schema: z.string() } },
          },
        },
      },
    },
    async (request, reply) => {
      if (feed.size >= MAX_STREAMS)
        throw new BellwetherError("BW_TOO_MANY_REQUESTS", { waitMs: FULL_WAIT_MS });
      const stream = feed.subscribe(request.headers["last-event-id"] ?? null);
      reply.hijack();
      await sendChanges(stream, reply.raw, () => isAllowed(access, request));
    },
  );
}

/** Resolves when the stream or the connection has ended. Whatever a slow client does costs no more than the stream's buffer. */
async function sendChanges(
  stream: ChangeStream,
  response: ServerResponse,
  isStillAllowed: () => Promise<boolean>,
): Promise<void> {
  const ending = new AbortController();
  response.on("error", () => undefined);
  response.on("close", () => {
    ending.abort();
    stream.close();
  });
  response.writeHead(200, HEADERS);
  response.write(`retry: ${RETRY_MS}\n\n`);
  let isStuck = false;
  const beat = setInterval(() => {
    // It has read nothing since the last heartbeat.
    if (response.writableNeedDrain && isStuck) response.destroy();
    isStuck = response.writableNeedDrain;
    if (!isStuck) response.write(":\n\n");
    void isStillAllowed().then(isAllowed => isAllowed || stream.close());
  }, HEARTBEAT_MS);
  beat.unref();
  try {
    for await (const { frame } of stream) {
      if (!response.write(frame)) await drained(response, ending.signal);
    }
  } finally {
    clearInterval(beat);
    response.end();
  }
}

function drained(response: ServerResponse, ending: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (ending.aborted) return Promise.resolve();
  response.once("drain", resolve);
  ending.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => response.off("drain", resolve));
}

/** A stream ends with the session or token that it was opened with. Redis that is away ends none. */
async function isAllowed(access: RouteParts["access"], request: FastifyRequest): Promise<boolean> {
  try {
    await access.callerOf(request);
    return true;
  } catch (error) {
    return !isBellwetherError(error, "BW_UNAUTHENTICATED") && !isBellwetherError(error, "BW_FORBIDDEN");
  }
}
