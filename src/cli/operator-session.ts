import { hostname, userInfo } from "node:os";
import type { Redis } from "ioredis";
import type { Config } from "../config/config.ts";
import { Operator } from "../operator/operator.ts";
import type { RedisKeys } from "../redis/keys.ts";
import type { Io } from "./io.ts";
import type { ProjectOptions } from "./project.ts";
import { withRedis } from "./redis-session.ts";

/** What every command that acts on the cluster takes. */
export interface OperatorOptions extends ProjectOptions {
  readonly by?: string;
  readonly json?: boolean;
}

/** Connects, lets an operator act, disconnects. */
export function withOperator<T>(
  config: Config,
  options: OperatorOptions,
  act: (operator: Operator, redis: Redis, keys: RedisKeys) => Promise<T>,
): Promise<T> {
  return withRedis(config, (redis, keys) => {
    return act(new Operator({ redis, keys, by: options.by ?? whoAmI() }), redis, keys);
  });
}

/** One line for people, or the same as JSON. */
export function print(io: Io, options: OperatorOptions, line: string, json: object): void {
  io.out(options.json ? `${JSON.stringify(json)}\n` : `${line}\n`);
}

/** `user@host`; a container's numeric user has no name. */
function whoAmI(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}@${hostname()}`;
  }
}
