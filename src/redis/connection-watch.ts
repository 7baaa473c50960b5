import type { Redis } from "ioredis";
import type { RedisAddress } from "../config/config.ts";
import { isBellwetherError } from "../errors.ts";
import type { Events } from "../events.ts";
import { describeAddress } from "./connect.ts";
import { checkServer } from "./server-check.ts";

export interface ConnectionWatchOptions {
  readonly redis: Redis;
  readonly address: RedisAddress;
  readonly events: Events;
}

/**
 * Tells people about one connection, on behalf of all of a replica's: once when Redis does not answer (and
 * again when it then refuses this user), once when it is back, and what is wrong with the server that answers.
 */
export class ConnectionWatch {
  readonly #options: ConnectionWatchOptions;
  readonly #firstAnswer = Promise.withResolvers<void>();
  /** "connected", or the reason why not. */
  #told: string | null = null;
  #lastError = CLOSED;
  #stopped = false;

  constructor(options: ConnectionWatchOptions) {
    this.#options = options;
    this.#firstAnswer.promise.catch(() => undefined);
  }

  start(): void {
    const { redis } = this.#options;
    redis.on("error", this.#onError);
    redis.on("close", this.#onClose);
    redis.on("ready", this.#onReady);
    if (redis.status === "ready") this.#onReady();
  }

  stop(): void {
    const { redis } = this.#options;
    this.#stopped = true;
    redis.off("error", this.#onError);
    redis.off("close", this.#onClose);
    redis.off("ready", this.#onReady);
  }

  /** Resolves when a usable server has answered. Rejects with BW_REDIS_TOO_OLD. */
  whenUsable(): Promise<void> {
    return this.#firstAnswer.promise;
  }

  #onError = (error: Error) => {
    this.#lastError = reasonOf(error);
  };

  #onClose = () => {
    const isNews = this.#told === "connected" || this.#told === null || isRefusal(this.#lastError);
    if (!isNews || this.#told === this.#lastError || this.#stopped) return;
    this.#told = this.#lastError;
    const address = describeAddress(this.#options.address);
    this.#options.events.emit("redis.unreachable", { address, error: this.#lastError });
  };

  #onCheckFailed(error: Error): void {
    if (isBellwetherError(error)) {
      this.#firstAnswer.reject(error);
    } else if (error.name === "ReplyError" && !this.#stopped) {
      const { address, events } = this.#options;
      this.#told = "connected";
      events.emit("redis.connected", { address: describeAddress(address), version: "unknown" });
      events.emit("redis.warning", {
        problem: `INFO is refused (${error.message}), so version and settings are not checked`,
        advice: "allow INFO to this user",
      });
      this.#firstAnswer.resolve();
    }
    // Otherwise the server went away while it was asked; it will be asked again when it is back.
  }

  #onReady = () => {
    const { redis, address, events } = this.#options;
    checkServer(redis, address).then(
      facts => {
        if (this.#stopped) return;
        this.#told = "connected";
        this.#lastError = CLOSED;
        events.emit("redis.connected", { address: describeAddress(address), version: facts.version });
        for (const warning of facts.warnings) events.emit("redis.warning", warning);
        this.#firstAnswer.resolve();
      },
      error => this.#onCheckFailed(error),
    );
  };
}

const CLOSED = "connection closed";

/** What Node says of the socket, or the first word of Redis's refusal: ioredis puts the arguments of AUTH into errors. */
function reasonOf(error: Error): string {
  if ("code" in error) return String(error.code);
  if (error.message.startsWith("Socket timeout")) return "no answer in time";
  return /^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? CLOSED;
}

function isRefusal(reason: string): boolean {
  return ["WRONGPASS", "NOAUTH", "NOPERM"].includes(reason);
}
