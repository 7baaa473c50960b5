import type { Redis } from "ioredis";
import type { EtcdAddress } from "../../src/config/config.ts";
import { EtcdElection } from "../../src/election/etcd-election.ts";
import { EtcdLeaseStore } from "../../src/election/etcd-lease-store.ts";
import { EtcdClient } from "../../src/etcd/client.ts";
import { Events } from "../../src/events.ts";
import { connectRedis, type Purpose } from "../../src/redis/connect.ts";
import { RedisKeys } from "../../src/redis/keys.ts";
import { RedisPresence } from "../../src/redis/presence.ts";

export interface EtcdStoreOptions {
  readonly redisUrl: string;
  readonly etcd: string | EtcdAddress;
  readonly namespace: string;
  readonly replica: string;
  readonly events?: Events;
  readonly callLimitMs?: number;
}

export interface OpenStore {
  readonly store: EtcdLeaseStore;
  /** Ends what shows that the replica is there, as the kernel does when a process dies. */
  vanish(): void;
  close(): void;
}

/** A replica's view of an election on etcd, over connections of its own. */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<OpenStore> {
  const { appear, ...opened } = await openUnseenEtcdStore(options);
  await appear();
  return opened;
}

/** The same before its subscription is there; `appear` makes it. */
export async function openUnseenEtcdStore(
  options: EtcdStoreOptions,
): Promise<OpenStore & { appear(): Promise<void> }> {
  const keys = new RedisKeys(options.namespace);
  const [subscriber, redis] = await Promise.all([
    openRedis(options.redisUrl, "subscriber"),
    openRedis(options.redisUrl, "noRetry"),
  ]);
  const client = openEtcd(options.etcd, options);
  const presence = new RedisPresence({
    subscriber,
    channel: keys.alive(options.replica),
    notices: keys.leadershipChannel,
  });
  const election = new EtcdElection(client, options.namespace);
  return {
    store: new EtcdLeaseStore({ election, redis, presence, keys }),
    async appear() {
      const announced = new Promise<void>(resolve => presence.onNotice(resolve));
      presence.start();
      await announced;
    },
    vanish: () => subscriber.disconnect(),
    close() {
      client.close();
      subscriber.disconnect();
      redis.disconnect();
    },
  };
}

export async function openRedis(url: string, purpose: Purpose): Promise<Redis> {
  const redis = connectRedis({ kind: "url", url }, purpose, "test");
  await new Promise(resolve => redis.once("ready", resolve));
  return redis;
}

export function openEtcd(
  etcd: string | EtcdAddress,
  { events = new Events(), callLimitMs = 2_000 }: { events?: Events; callLimitMs?: number } = {},
): EtcdClient {
  const address = typeof etcd === "string" ? { hosts: [etcd], tls: null, credentials: null } : etcd;
  return new EtcdClient({ address, callLimitMs, events });
}
