import { FaultyLink } from "../support/faulty-link.ts";
import { startRedis, type TestRedis } from "../support/redis-server.ts";
import { LARGEST_STEP_MS } from "./fault-kinds.ts";
import type { Step } from "./fault-script.ts";
import { RedisClock } from "./redis-clock.ts";
import { type Secrecy, urlOf, userArgs } from "./secrecy.ts";
import { type Access, DURABLE, type Injected, type Servers } from "./servers.ts";

/** One Redis that loses nothing. */
export class RedisServers implements Servers {
  readonly store = "redis";
  readonly mayLoseWrites = false;
  readonly #redis: TestRedis;
  readonly #clock: RedisClock | null;
  readonly #secrecy: Secrecy | null;

  private constructor(redis: TestRedis, clock: RedisClock | null, secrecy: Secrecy | null) {
    this.#redis = redis;
    this.#clock = clock;
    this.#secrecy = secrecy;
  }

  static async start(namespace: string, secrecy: Secrecy | null): Promise<RedisServers> {
    const clock = await RedisClock.create();
    const args = [...DURABLE, ...userArgs(namespace, secrecy)];
    return new RedisServers(await startRedis({ args, env: clock?.env ?? {} }), clock, secrecy);
  }

  readonly faults = {
    "Redis: kill -9 and restart": async (): Promise<Injected> => {
      await this.#redis.kill();
      return { what: `kill -9 of Redis`, heal: () => this.#redis.restart() };
    },
    "Redis: freeze": async ({ holdMs }: Step): Promise<Injected> => {
      await this.#redis.kill("SIGSTOP");
      return { what: `Redis frozen for ${holdMs} ms`, heal: () => this.#redis.kill("SIGCONT") };
    },
    "Redis: clock set": async ({ holdMs, variant }: Step): Promise<Injected> => {
      const aheadMs = Math.round((2 * variant - 1) * LARGEST_STEP_MS);
      await this.#clock?.set(aheadMs);
      return {
        what: `the clock of Redis set by ${aheadMs} ms, and back after ${holdMs} ms`,
        heal: async () => this.#clock?.set(0),
      };
    },
  };

  async join(): Promise<Access> {
    const link = await FaultyLink.to(this.#redis.port, { ...(this.#secrecy && { tls: this.#secrecy.link }) });
    return {
      settings: [urlOf(link.port, this.#secrecy)],
      election: "store: redis",
      redisLinks: [link],
      etcdLinks: [],
    };
  }

  async primaryPort(): Promise<number> {
    return this.#redis.port;
  }

  down(): Promise<void> {
    return this.#redis.kill();
  }

  up(): Promise<void> {
    return this.#redis.restart();
  }

  async stop(): Promise<void> {
    await this.#redis.stop();
    await this.#clock?.dispose();
  }
}
