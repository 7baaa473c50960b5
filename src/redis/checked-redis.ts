import { Redis, type RedisOptions } from "ioredis";
import { within } from "../clock/within.ts";
import type { HostAndPort } from "../config/redis-address.ts";
import { BellwetherError } from "../errors.ts";
import { mustFit } from "../supported-packages.ts";
import type { AskedOptions } from "./given-connection.ts";
import { type ConnectionDemand, readAnswers, replicaProblem, type ServerFacts } from "./server-facts.ts";

/** How long a server has for its answers about a new connection. */
const CHECK_LIMIT_MS = 5_000;

/** ioredis's words for a command that found no connection. */
const NOT_SENT = /^Stream isn't writeable/;
const REFUSALS = new WeakSet<Error>();

type Answer = (error: Error | null, info?: object) => void;
type Command = Parameters<Redis["sendCommand"]>[0];

/** What of ioredis the check replaces; not all of it is among what ioredis promises to keep. */
const REPLACED = [
  "_readyCheck",
  "info",
  "handleReconnection",
  "sendCommand",
  "recoverFromFatalError",
  "silentEmit",
];
mustFit(
  "ioredis",
  Object.fromEntries(REPLACED.map(name => [`Redis.${name}`, Reflect.get(Redis.prototype, name)])),
);

/** What ioredis keeps for itself and the check needs; tests hold each part. */
interface Internals {
  _readyCheck(answer: Answer): void;
  readonly connector: { readonly reached?: HostAndPort | null; readonly refusal?: Error | null };
  handleReconnection(error: Error, item: { readonly command: { readonly name: string } }): void;
  sendCommand(command: Command, stream?: unknown): unknown;
  recoverFromFatalError(commandError: unknown, error: Error, options?: unknown): void;
  silentEmit(name: string, arg?: unknown): boolean;
}

export interface CheckedOptions {
  /** Database and user are those of the connection's own options. */
  readonly demand: Pick<ConnectionDemand, "mayBeReplica" | "kind">;
  /** True: ioredis's errors of a missing connection become BW_REDIS_AWAY or BW_REDIS_NO_ANSWER. BullMQ expects ioredis's own. */
  readonly hasPlainErrors: boolean;
  /** Commands that are given in one turn of the event loop go to the server in one write, and come back in one. */
  readonly gathersWrites: boolean;
  /** Makes a connection, now and for BullMQ, which makes its blocking ones out of it. */
  readonly create: (options: AskedOptions) => Redis;
  /** Called with each connection, those that BullMQ makes from this one too. */
  readonly onOpened: (redis: CheckedRedis) => void;
}

/** What the check of a connection knows of it. */
export interface CheckedRedis extends Redis {
  /** What the server that answers now, or answered last, says of itself. */
  readonly facts: ServerFacts | null;
  /** Why the server, or the check of it, refused this attempt to connect; null when nothing was refused. */
  readonly refusal: Error | null;
  /** The machine that the newest attempt to connect has reached. */
  readonly reached: HostAndPort | null;
}

/**
 * Opens a connection that is ready only when the server has shown that database, user and role match the configuration.
 * ioredis alone reports a SELECT that is refused, and goes on in database 0. The check is made again for each
 * connection, before ioredis lets through any command other than its handshake.
 */
export function openChecked(options: AskedOptions, checked: CheckedOptions): CheckedRedis {
  const redis = checked.create(options);
  return new ConnectionCheck(redis, checked).install();
}

/**
 * The check of one connection. It replaces methods of the instance, and not of a class: a program's own function may have made
 * it, of a class of its own. Nothing of what is replaced is called before the socket exists, which takes a turn of the event
 * loop.
 */
class ConnectionCheck {
  readonly #redis: Redis;
  readonly #checked: CheckedOptions;
  #facts: ServerFacts | null = null;
  #refusal: Error | null = null;
  #corked: Redis["stream"] | null = null;

  constructor(redis: Redis, checked: CheckedOptions) {
    this.#redis = redis;
    this.#checked = checked;
  }

  install(): CheckedRedis {
    const redis = this.#redis;
    const before = methodsOf(redis);
    const methods: Pick<Internals, keyof typeof before | "_readyCheck"> = {
      _readyCheck: answer => void this.#check(answer),
      handleReconnection: (error, item) => {
        // ioredis calls it for each error that the server answers with; nothing else reports errors of the handshake.
        if (redis.status === "connect" && item.command.name !== "client") this.#refusal ??= error;
        before.handleReconnection(error, item);
      },
      sendCommand: (command, stream) => {
        if (this.#checked.gathersWrites) this.#gatherWrites();
        return before.sendCommand(this.#inPlainWords(command), stream);
      },
      recoverFromFatalError: (commandError, error, options) => {
        // ioredis calls it when the handshake fails. It would end every command that waits with the refusal, and BullMQ takes
        // that for the failure of a run; a worker's commands wait for the next connection instead.
        if (!this.#checked.hasPlainErrors && redis.status === "connect") this.#giveUp(error);
        else before.recoverFromFatalError(commandError, error, options);
      },
      silentEmit: (name, arg) => !this.#isToldElsewhere(name, arg) && before.silentEmit(name, arg),
    };
    Object.assign(redis, methods, {
      info: (...sections: string[]) => this.#info(sections),
      duplicate: (override?: RedisOptions) =>
        openChecked({ ...redis.options, ...override, replyMapping: "legacy" }, this.#checked),
    });
    Object.defineProperties(redis, {
      facts: { get: () => this.#facts },
      refusal: { get: () => this.#refusal ?? this.#connector.refusal ?? null },
      reached: { get: () => this.#connector.reached ?? null },
    });
    redis.on("connecting", () => {
      this.#refusal = null;
    });
    this.#checked.onOpened(redis as CheckedRedis);
    return redis as CheckedRedis;
  }

  get #connector(): Internals["connector"] {
    return (this.#redis as unknown as Internals).connector;
  }

  /** Until the promises of this turn have run: the answers of one read are what most commands follow. */
  #gatherWrites(): void {
    const { stream } = this.#redis;
    if (!stream || stream === this.#corked) return;
    this.#corked = stream;
    stream.cork();
    process.nextTick(() => {
      stream.uncork();
      if (this.#corked === stream) this.#corked = null;
    });
  }

  #inPlainWords(command: Command): Command {
    if (!this.#checked.hasPlainErrors) return command;
    const { reject } = command;
    command.reject = error => reject(inPlainWords(error));
    return command;
  }

  async #check(answer: Answer): Promise<void> {
    const { demand } = this.#checked;
    const redis = this.#redis;
    const { stream, options } = redis;
    try {
      // ioredis takes '' as no user, and makes it of redis://:password@host.
      const wanted = { ...demand, db: options.db ?? 0, username: options.username || "default" };
      const answers = await within(this.#ask(wanted.db), CHECK_LIMIT_MS, null);
      if (answers === null) throw new Error("Socket timeout");
      const facts = readAnswers(answers, wanted);
      if (redis.stream !== stream) return;
      const problem = replicaProblem(facts, wanted);
      // Behind sentinels the connector searches for another server when it learns the role.
      if (problem !== null && !options.sentinels) throw problem;
      this.#refusal = problem;
      this.#facts = facts;
      answer(null, facts.role === null ? {} : { role: facts.role });
    } catch (error) {
      if (redis.stream === stream && redis.status === "connect") this.#giveUp(error as Error);
    }
  }

  /** ioredis emits a SELECT that is refused, and goes on; the check of the connection says the same, and what to do. */
  #isToldElsewhere(name: string, arg: unknown): boolean {
    if (name === "error" && arg instanceof Error && arg === this.#connector.refusal) REFUSALS.add(arg);
    const isSelect =
      this.#redis.status === "connect" && (arg as { command?: { name: string } })?.command?.name === "select";
    return name === "error" && isSelect;
  }

  #giveUp(error: Error): void {
    this.#refusal = error;
    REFUSALS.add(error);
    (this.#redis as unknown as Internals).silentEmit("error", error);
    this.#redis.disconnect(true);
  }

  async #ask(db: number) {
    const redis = this.#redis;
    // One after the other on the wire, in one round trip.
    const [select, hello, info, clientInfo] = await Promise.all([
      db === 0 ? null : answerOf(redis.select(db)),
      answerOf(redis.call("hello")),
      answerOf(redis.call("info")),
      answerOf(redis.call("client", "info")),
    ]);
    return { select, hello, info, clientInfo };
  }

  /** Where INFO is refused, what is known: BullMQ reads its version from it, and never works without. */
  async #info(sections: readonly string[]): Promise<string> {
    try {
      return String(await this.#redis.call("info", ...sections));
    } catch (error) {
      const isRefused = error instanceof Error && /^(NOPERM|ERR)\b/.test(error.message);
      if (!isRefused || !this.#facts?.version) throw error;
      return `redis_version:${this.#facts.version}\r\n`;
    }
  }
}

/** As its class has them. */
function methodsOf(redis: Redis) {
  const { handleReconnection, sendCommand, recoverFromFatalError, silentEmit } =
    redis as unknown as Internals;
  return {
    handleReconnection: handleReconnection.bind(redis),
    sendCommand: sendCommand.bind(redis),
    recoverFromFatalError: recoverFromFatalError.bind(redis),
    silentEmit: silentEmit.bind(redis),
  };
}

/** True for what ended an attempt to connect: the watch of the connections reports it. */
export function isRefusal(error: Error): boolean {
  return REFUSALS.has(error);
}

async function answerOf(asked: Promise<unknown>): Promise<unknown> {
  return asked.catch((error: Error) => error);
}

/** Of a command that got no answer because there is no connection (any more). */
export function isAway(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === "MaxRetriesPerRequestError" ||
      error.name === "AbortError" ||
      NOT_SENT.test(error.message) ||
      error.message.startsWith("Connection is closed"))
  );
}

function inPlainWords(error: Error): Error {
  if (!isAway(error)) return error;
  const code = NOT_SENT.test(error.message) ? "BW_REDIS_AWAY" : "BW_REDIS_NO_ANSWER";
  return new BellwetherError(code, {}, { cause: error });
}
