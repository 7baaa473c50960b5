import type { Redis } from "ioredis";
import type { StoreClock } from "../clock/store-clock.ts";
import type { Config, ElectionConfig } from "../config/config.ts";
import type { Election } from "../election/election.ts";
import { EtcdLease } from "../election/etcd-lease.ts";
import { LeasedElection } from "../election/leased-election.ts";
import { RedisElection } from "../election/redis-election.ts";
import { TermRegister, type TermRegisterOptions } from "../election/term-register.ts";
import { EtcdClient, etcdCallLimitMs } from "../etcd/client.ts";
import type { Events } from "../events.ts";
import { EtcdLockStore } from "../locks/etcd-lock-store.ts";
import type { LockStore } from "../locks/lock-store.ts";
import { RedisLockStore } from "../locks/redis-lock-store.ts";
import type { CheckedRedis } from "../redis/checked-redis.ts";
import { type ConnectOptions, connectRedis, type Purpose } from "../redis/connect.ts";
import { ConnectionWatch } from "../redis/connection-watch.ts";
import { type GivenConnection, GivenPlace, type RedisPlace } from "../redis/given-connection.ts";
import { type RedisKeys, redisKeys } from "../redis/keys.ts";
import { RedisPresence } from "../redis/presence.ts";

const IDLE_PING_MS = 10_000;

export interface ReplicaStoresOptions {
  readonly config: Pick<Config, "namespace" | "redis" | "election">;
  /** In place of `config.redis`. */
  readonly connection?: GivenConnection | undefined;
  /** The replica's id. */
  readonly id: string;
  readonly events: Events;
  /** Called with how long each call to etcd took. */
  readonly onAnswer: (store: "etcd", tookMs: number) => void;
}

/** A replica's connections, and the stores that its configuration picks for election and locks. */
export class ReplicaStores {
  readonly keys: RedisKeys;
  /** Of all connections; the first one that is made is the main one. */
  readonly watch: ConnectionWatch;
  /** Where its connections lead. */
  readonly place: RedisPlace;
  readonly #options: ReplicaStoresOptions;
  readonly #connections: Redis[] = [];
  #etcd: EtcdClient | null = null;
  #presence: RedisPresence | null = null;

  constructor(options: ReplicaStoresOptions) {
    const { config, connection, events } = options;
    this.#options = options;
    this.place = connection === undefined ? config.redis : new GivenPlace(connection);
    this.keys = redisKeys(config.namespace);
    this.watch = new ConnectionWatch({ address: this.place, events });
  }

  connect(purpose: Purpose, name: string = purpose): CheckedRedis {
    return this.#connect(purpose, name, {});
  }

  /** For what a replica with nothing to do does not use for long: very many of them must not cost the server much. */
  connectIdle(purpose: Purpose, name: string): CheckedRedis {
    return this.#connect(purpose, name, { pingAfterMs: IDLE_PING_MS });
  }

  #connect(purpose: Purpose, name: string, options: ConnectOptions): CheckedRedis {
    const { id } = this.#options;
    const connection = connectRedis(this.place, purpose, `bellwether:${id}:${name}`, {
      ...options,
      onOpened: opened => this.watch.add(opened, name),
    });
    this.#connections.push(connection);
    return connection;
  }

  /** Shows that this replica is there, and gets the notices. */
  presence(): RedisPresence {
    if (this.#presence !== null) return this.#presence;
    const presence = new RedisPresence({
      subscriber: this.connectIdle("subscriber", "presence"),
      channel: this.keys.alive(this.#options.id),
      notices: this.keys.leadershipChannel,
    });
    presence.start();
    this.#presence = presence;
    return presence;
  }

  /** `onTime`: called with the time of Redis, where it comes with an answer. */
  leaseStore(onTime: NonNullable<TermRegisterOptions["onTime"]>): Election {
    const { config } = this.#options;
    const keys = this.keys;
    const presence = this.presence();
    const redis = this.connectIdle("noRetry", "lease");
    if (config.election.store === "redis") return new RedisElection({ redis, presence, keys, onTime });
    const lease = new EtcdLease(this.#etcdClient(config.election), config.namespace);
    return new LeasedElection(lease, new TermRegister({ redis, presence, keys, onTime }));
  }

  lockStore(clock: StoreClock): LockStore {
    const { config, id: holder } = this.#options;
    if (config.election.store === "etcd") {
      const client = this.#etcdClient(config.election);
      return new EtcdLockStore({ client, namespace: config.namespace, holder, nowMs: () => clock.nowMs() });
    }
    const connect = (purpose: Purpose, name: string) => this.connect(purpose, name);
    return new RedisLockStore({ connect, address: this.place, keys: this.keys, holder });
  }

  /** When whatever uses them has stopped. */
  close(): void {
    this.watch.stop();
    this.#etcd?.close();
    // To end one twice would keep the process alive for ioredis's disconnectTimeout.
    for (const connection of this.#connections) if (connection.status !== "end") connection.disconnect();
  }

  /** One for election and locks. */
  #etcdClient({ etcd: address, leaseTtlMs }: Extract<ElectionConfig, { store: "etcd" }>): EtcdClient {
    const { events, onAnswer } = this.#options;
    this.#etcd ??= new EtcdClient({
      address,
      callLimitMs: etcdCallLimitMs(leaseTtlMs),
      events,
      onAnswer: tookMs => onAnswer("etcd", tookMs),
    });
    return this.#etcd;
  }
}
