import type { StoreKind } from "./fault-script.ts";
import { RedisServers } from "./redis-servers.ts";
import type { Servers } from "./servers.ts";

export async function startServers(store: StoreKind): Promise<Servers> {
  if (store === "redis") return RedisServers.start();
  throw new Error(`the store ${store} is not there yet`);
}
