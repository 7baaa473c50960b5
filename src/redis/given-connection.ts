import type { Redis, RedisOptions } from "ioredis";

/** How a program gives its connection: options of ioredis, or a function that returns a new Redis made with the given ones. */
export type GivenConnection = RedisOptions | ((options: RedisOptions) => Redis);
