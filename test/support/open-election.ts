import type { Redis } from "ioredis";
import type { Election } from "../../src/election/election.ts";
import type { TermRegisterOptions } from "../../src/election/term-register.ts";
import { connectRedis, type Purpose } from "../../src/redis/connect.ts";
import { redisKeys } from "../../src/redis/keys.ts";
import { RedisPresence } from "../../src/redis/presence.ts";

export interface OpenElection {
  readonly store: Election;
  /** Makes the subscription that shows that the replica is there. */
  appear(): Promise<void>;
  /** Ends what shows that the replica is there. */
  hide(): void;
  /** Ends all its connections to Redis, as the kernel does when a process dies. */
  close(): void;
}

export interface OpenElectionOptions {
  readonly redisUrl: string;
  readonly namespace: string;
  readonly replica: string;
  readonly create: (parts: TermRegisterOptions) => Election;
}

/** A replica's view of an election, over connections to Redis of its own. It cannot be seen until it appears. */
export async function openElection(options: OpenElectionOptions): Promise<OpenElection> {
  const keys = redisKeys(options.namespace);
  const [subscriber, redis] = await Promise.all([
    openRedis(options.redisUrl, "subscriber"),
    openRedis(options.redisUrl, "noRetry"),
  ]);
  const presence = new RedisPresence({
    subscriber,
    channel: keys.alive(options.replica),
    notices: keys.leadershipChannel,
  });
  return {
    store: options.create({ redis, presence, keys }),
    async appear() {
      const announced = new Promise<void>(resolve => presence.onNotice(resolve));
      presence.start();
      await announced;
    },
    hide: () => subscriber.disconnect(),
    close() {
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
