import etag from "@fastify/etag";
import type { FastifyInstance } from "fastify";

/** Answers get an ETag, and one that the client of a GET names is not sent again. */
export async function addEtags(app: FastifyInstance): Promise<void> {
  await app.register(etag, { weak: true, replyWith304: false });
  app.addHook("onSend", async (request, reply, payload) => {
    const tag = reply.getHeader("etag");
    const isRead = request.method === "GET" || request.method === "HEAD";
    const isText = typeof payload === "string" || payload instanceof Buffer;
    if (!isRead || !isText || reply.statusCode !== 200 || typeof tag !== "string") return payload;
    if (!isNamed(tag, request.headers["if-none-match"])) return payload;
    reply.code(304);
    return "";
  });
}

/** Proxies may ask for several. An answer that is weakly the same will do. */
function isNamed(tag: string, asked: string | undefined): boolean {
  const opaque = (one: string) => one.trim().replace(/^W\//, "");
  return (asked ?? "").split(",").some(one => one.trim() === "*" || opaque(one) === opaque(tag));
}
