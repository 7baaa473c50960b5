import { once } from "node:events";
import { createServer } from "node:http";

/**
 * Something that a lock protects, and that checks fences itself (docs/locks.md): it remembers the greatest fence it
 * has seen and refuses writes that come with a smaller one.
 */
export async function startFencedResource() {
  let greatest = 0;
  const accepted: { readonly fence: number; readonly by: string }[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://resource");
    const fence = Number(url.searchParams.get("fence"));
    const isStale = fence < greatest;
    if (!isStale) {
      greatest = fence;
      accepted.push({ fence, by: url.searchParams.get("by") ?? "" });
    }
    response.writeHead(isStale ? 409 : 200, { connection: "close" }).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("BUG: a TCP server without a port");
  const url = `http://127.0.0.1:${address.port}/`;
  return { url, accepted, close: () => server.close() };
}

/** Resolves with whether the write was accepted. */
export async function writeTo(url: string, fence: number, by: string): Promise<boolean> {
  const response = await fetch(`${url}?${new URLSearchParams({ fence: String(fence), by })}`);
  return response.ok;
}
