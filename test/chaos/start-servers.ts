import { ClusterServers } from "./cluster-servers.ts";
import { EtcdServers } from "./etcd-servers.ts";
import type { StoreKind } from "./fault-kinds.ts";
import { RedisServers } from "./redis-servers.ts";
import type { Secrecy } from "./secrecy.ts";
import { SentinelServers } from "./sentinel-servers.ts";
import type { Servers } from "./servers.ts";

const KINDS = { redis: RedisServers, sentinel: SentinelServers, cluster: ClusterServers, etcd: EtcdServers };

export async function startServers(
  store: StoreKind,
  namespace: string,
  secrecy: Secrecy | null,
): Promise<Servers> {
  return KINDS[store].start(namespace, secrecy);
}
