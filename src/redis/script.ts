import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ChainableCommander, Redis } from "ioredis";
import type { z } from "zod";
import { BellwetherError } from "../errors.ts";

type Argument = string | number;

/**
 * A Lua script that lives in .lua files beside the code that uses it; several are put together in their order. The build
 * puts the text in place of the URL, which is why each URL is written out where the script is made.
 */
export class Script<Reply> {
  readonly #reply: z.ZodType<Reply>;
  readonly #lua: string;
  readonly #sha: string;

  /** `reply`: what the script returns. */
  constructor(reply: z.ZodType<Reply>, ...sources: readonly (URL | string)[]) {
    this.#reply = reply;
    this.#lua = sources
      .map(source => (typeof source === "string" ? source : readFileSync(source, "utf8")))
      .join("\n");
    this.#sha = createHash("sha1").update(this.#lua).digest("hex");
  }

  /** Runs the script. A server that does not know it yet refuses before it runs, so sending it whole is no repetition. */
  async run(redis: Redis, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    return this.read(await this.#evaluate(redis, keys, args));
  }

  /** What the script replied, also in a transaction. Throws where another program answers. */
  read(reply: unknown): Reply {
    return this.#reply.parse(reply);
  }

  async #evaluate(redis: Redis, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (redis.status !== "ready") throw new BellwetherError("BW_REDIS_AWAY", {}, { cause: error });
      if (!error.message.startsWith("NOSCRIPT")) throw error;
      return await redis.eval(this.#lua, keys.length, ...keys, ...args);
    }
  }

  /** Queues the script in a transaction, always whole: inside MULTI a NOSCRIPT cannot be answered. */
  queue<To extends Redis | ChainableCommander>(
    transaction: To,
    keys: readonly string[],
    args: readonly Argument[],
  ): ReturnType<To["eval"]> {
    return transaction.eval(this.#lua, keys.length, ...keys, ...args) as ReturnType<To["eval"]>;
  }
}
