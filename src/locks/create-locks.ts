import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Clock } from "../clock/clock.ts";
import { StoreClock } from "../clock/store-clock.ts";
import type { Config } from "../config/config.ts";
import { EtcdClient, etcdCallLimitMs } from "../etcd/client.ts";
import { Events } from "../events.ts";
import { connectRedis, type Purpose } from "../redis/connect.ts";
import { redisKeys } from "../redis/keys.ts";
import { EtcdLockStore } from "./etcd-lock-store.ts";
import type { LockStore } from "./lock-store.ts";
import { Locks } from "./locks.ts";
import { RedisLockStore } from "./redis-lock-store.ts";

export interface CreateLocksOptions {
  /**
   * What `loadConfig` gives, or parts of it; without `election`, locks live in Redis.
   * Locks of one namespace and store exclude each other, wherever they are taken.
   */
  readonly config: Pick<Config, "namespace" | "redis"> & Partial<Pick<Config, "election">>;
  /** A name for people, who see it as a lock's holder; the host name by default. */
  readonly id?: string;
  /** Receives `lock.acquired`, `lock.released` and `lock.lost`. */
  readonly events?: Events;
}

/**
 * Locks for code that is not a run: a web server, a migration, a script.
 *
 *     const locks = createLocks({ config: { namespace: "bellwether", redis: { kind: "url", url } } });
 *     await locks.lock("invoices", { ttl: "30s", wait: "10s" }, async lock => { … });
 *     await locks.stop();
 *
 * Connects when the first lock is wanted. `stop` closes the connections, which otherwise keep the process alive.
 */
export function createLocks({ config, id, events = new Events() }: CreateLocksOptions): Locks {
  const holder = `${id ?? hostname()}-${randomBytes(3).toString("hex")}`;
  // Locks only ask for monotonic time, so there is nothing to measure.
  const clock = new StoreClock({ readStoreTimeMs: () => Promise.reject(new Error("not measured")) });
  return new Locks({ store: lockStore(config, holder, { clock, events }), clock, events });
}

function lockStore(
  { namespace, redis, election }: CreateLocksOptions["config"],
  holder: string,
  { clock, events }: { readonly clock: Clock; readonly events: Events },
): LockStore {
  if (election?.store === "etcd") {
    const callLimitMs = etcdCallLimitMs(election.leaseTtlMs);
    const client = new EtcdClient({ address: election.etcd, callLimitMs, events });
    return new EtcdLockStore({ client, namespace, holder, nowMs: () => clock.nowMs() });
  }
  const connect = (purpose: Purpose, name: string) =>
    connectRedis(redis, purpose, `bellwether:${holder}:${name}`);
  return new RedisLockStore({ connect, address: redis, keys: redisKeys(namespace), holder });
}
