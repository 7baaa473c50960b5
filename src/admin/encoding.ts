import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

export type Encoding = "br" | "gzip" | "identity";

/** Less than this is one packet either way. */
const MIN_LENGTH = 1024;
/** A low one, because answers are compressed anew for each request. */
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

const NOT_ACCEPTED = /;\s*q=0(\.0*)?\s*$/;

/** What a client accepts, by its `accept-encoding`. */
export function encodingOf(accepted: string | undefined): Encoding {
  const wanted = (accepted ?? "")
    .toLowerCase()
    .split(",")
    .filter(one => !NOT_ACCEPTED.test(one));
  const names = wanted.map(one => one.split(";", 1)[0]?.trim());
  if (names.includes("br")) return "br";
  return names.includes("gzip") ? "gzip" : "identity";
}

/**
 * Answers of text are compressed for clients that accept it, of the routes that are added from now on. Streams are sent as they
 * come.
 */
export function compressAnswers(app: FastifyInstance): void {
  // As the last of each route: the hooks of a server are called before those of its parts, which may change the text.
  app.addHook("onRoute", route => {
    route.onSend = [...[route.onSend ?? []].flat(), compress];
  });
}

async function compress(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (typeof payload !== "string" || payload.length < MIN_LENGTH) return payload;
  if (reply.hasHeader("content-encoding")) return payload;
  reply.header("vary", "accept-encoding");
  const encoding = encodingOf(request.headers["accept-encoding"]);
  if (encoding === "identity") return payload;
  reply.header("content-encoding", encoding).removeHeader("content-length");
  return encoding === "br" ? await brotli(payload, QUALITY) : await zip(payload);
}
