import { once } from "node:events";
import { createServer } from "node:net";

/** Below what systems give to clients, and low enough for the bus of a Redis Cluster, whose ports are 10,000 higher. */
const FIRST = 10_000;
const COUNT = 12_000;

/**
 * A port on loopback without a listener. A client that the system gives a port of its own never gets this one, so a server
 * can be ended and started on it again.
 */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
