import { EtcdServers } from "./etcd-servers.ts";
import type { StoreKind } from "./fault-script.ts";
import { RedisServers } from "./redis-servers.ts";
import { SentinelServers } from "./sentinel-servers.ts";
import type { Servers } from "./servers.ts";

export async function startServers(store: StoreKind): Promise<Servers> {
  if (store === "redis") return RedisServers.start();
  if (store === "sentinel") return SentinelServers.start();
  return EtcdServers.start();
}
