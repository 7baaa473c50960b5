import { hostname, userInfo } from "node:os";
import type { Redis } from "ioredis";
import type { Config } from "../config/config.ts";
import { newRequestId } from "../launch/requests.ts";
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

/** What a command needs: `requestId` names the request, and stays the same when it has to be sent again. */
export interface OperatorSession {
  readonly operator: Operator;
  readonly requestId: string;
  readonly redis: Redis;
  readonly keys: RedisKeys;
}

/** Connects, lets an operator act, disconnects. When the connection breaks, `act` is called again. */
export function withOperator<T>(
  config: Config,
  options: OperatorOptions,
  io: Io,
  act: (session: OperatorSession) => Promise<T>,
): Promise<T> {
  const requestId = newRequestId();
  const command = (redis: Redis, keys: RedisKeys) => {
    return act({
      operator: new Operator({ redis, keys, by: options.by ?? whoAmI() }),
      requestId,
      redis,
      keys,
    });
  };
  const afterLoss = "; whether the command was carried out is unknown, `bellwether audit` shows it";
  return withRedis(config, io, command, { afterLoss });
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
