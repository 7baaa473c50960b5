import type { Redis } from "ioredis";

/** The next answer to a GET arrives on a connection that is replaced before the caller sees it. */
export function reconnectAfterGet(redis: Redis): void {
  const get = redis.get.bind(redis);
  Object.assign(redis, {
    get: async (key: string) => {
      Object.assign(redis, { get });
      const reply = await get(key);
      redis.disconnect(true);
      await new Promise(resolve => redis.once("ready", resolve));
      return reply;
    },
  });
}
