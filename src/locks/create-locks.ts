import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { StoreClock } from "../clock/store-clock.ts";
import type { Config } from "../config/config.ts";
import { Events } from "../events.ts";
import { connectRedis } from "../redis/connect.ts";
import { RedisKeys } from "../redis/keys.ts";
import { Locks } from "./locks.ts";
import { RedisLockStore } from "./redis-lock-store.ts";

export interface CreateLocksOptions {
  /** What `loadConfig` gives, or these two parts of it. Locks of one namespace exclude each other, wherever they are taken. */
  readonly config: Pick<Config, "namespace" | "redis">;
  /** A name for people, who see it as a lock's holder; the host name by default. */
  readonly id?: string;
  /** Hears `lock.acquired`, `lock.released` and `lock.lost`. */
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
export function createLocks({ config, id, events }: CreateLocksOptions): Locks {
  const holder = `${id ?? hostname()}-${randomBytes(3).toString("hex")}`;
  const store = new RedisLockStore({
    connect: (purpose, name) => connectRedis(config.redis, purpose, `bellwether:${holder}:${name}`),
    keys: new RedisKeys(config.namespace),
    holder,
  });
  // Locks only ask for monotonic time, so there is nothing to measure.
  const clock = new StoreClock({ readStoreTimeMs: () => Promise.reject(new Error("not measured")) });
  return new Locks({ store, clock, events: events ?? new Events() });
}
