import { Redis, type RedisOptions } from "ioredis";
import { within } from "../clock/within.ts";
import type { HostAndPort } from "../config/redis-address.ts";
import { BellwetherError } from "../errors.ts";
import { mustFit } from "../supported-packages.ts";
import { type ConnectionDemand, readAnswers, replicaProblem, type ServerFacts } from "./server-facts.ts";

/** How long a server has for its answers about a new connection. */
const CHECK_LIMIT_MS = 5_000;

/** ioredis's words for a command that found no connection. */
const NOT_SENT = /^Stream isn't writeable/;
const REFUSALS = new WeakSet<Error>();

type Answer = (error: Error | null, info?: object) => void;
type Command = Parameters<Redis["sendCommand"]>[0];

/** What of ioredis this class replaces; not all of it is among what ioredis promises to keep. */
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

/** What ioredis keeps for itself and this class needs; tests hold each part. */
interface Internals {
  _readyCheck(answer: Answer): void;
  readonly connector: { readonly reached?: HostAndPort | null; readonly refusal?: Error | null };
}

export interface CheckedOptions {
  readonly demand: ConnectionDemand;
  /** True: ioredis's errors of a missing connection become BW_REDIS_AWAY or BW_REDIS_NO_ANSWER. BullMQ expects ioredis's own. */
  readonly hasPlainErrors: boolean;
  /** Called with each connection, those that BullMQ makes from this one too. */
  readonly onOpened: (redis: CheckedRedis) => void;
}

/**
 * A connection that is ready only when the server has shown that database, user and role match the configuration.
 * ioredis alone reports a SELECT that is refused, and goes on in database 0. The check is made again for each
 * connection, before ioredis lets through any command other than its handshake.
 */
export class CheckedRedis extends Redis {
  readonly #checked: CheckedOptions;
  #facts: ServerFacts | null = null;
  #refusal: Error | null = null;

  constructor(options: RedisOptions & { replyMapping: "legacy" }, checked: CheckedOptions) {
    super(options);
    this.#checked = checked;
    // Nothing of what is replaced here is called before the socket exists, which takes a turn of the event loop.
    const internals: Pick<Internals, "_readyCheck"> = { _readyCheck: answer => void this.#check(answer) };
    Object.assign(this, internals);
    Object.assign(this, { info: (...sections: string[]) => this.#info(sections) });
    this.on("connecting", () => {
      this.#refusal = null;
    });
    checked.onOpened(this);
  }

  /** What the server that answers now, or answered last, says of itself. */
  get facts(): ServerFacts | null {
    return this.#facts;
  }

  /** Why the server, or the check of it, refused this attempt to connect; null when nothing was refused. */
  get refusal(): Error | null {
    return this.#refusal ?? this.#connector.refusal ?? null;
  }

  /** The machine that the newest attempt to connect has reached. */
  get reached(): HostAndPort | null {
    return this.#connector.reached ?? null;
  }

  get #connector(): Internals["connector"] {
    return (this as unknown as Internals).connector;
  }

  /** BullMQ makes its blocking connections by this. */
  override duplicate(override?: Partial<RedisOptions>): never {
    const options = { ...this.options, ...override } as ConstructorParameters<typeof CheckedRedis>[0];
    return new CheckedRedis(options, this.#checked) as never;
  }

  /** ioredis calls it for each error that the server answers with; nothing else reports errors of the handshake. */
  override handleReconnection(error: Error, item: Parameters<Redis["handleReconnection"]>[1]): void {
    if (this.status === "connect" && item.command.name !== "client") this.#refusal ??= error;
    super.handleReconnection(error, item);
  }

  override sendCommand(command: Command, stream?: Parameters<Redis["sendCommand"]>[1]): unknown {
    if (this.#checked.hasPlainErrors) {
      const { reject } = command;
      command.reject = error => reject(inPlainWords(error));
    }
    return super.sendCommand(command, stream);
  }

  /**
   * ioredis calls it when the handshake fails. It would end every command that waits with the refusal, and BullMQ takes that
   * for the failure of a run; a worker's commands wait for the next connection instead.
   */
  override recoverFromFatalError(...args: Parameters<Redis["recoverFromFatalError"]>): void {
    if (this.#checked.hasPlainErrors || this.status !== "connect") super.recoverFromFatalError(...args);
    else this.#giveUp(args[1]);
  }

  async #check(answer: Answer): Promise<void> {
    const { demand } = this.#checked;
    const { stream } = this;
    try {
      const answers = await within(this.#ask(demand.db), CHECK_LIMIT_MS, null);
      if (answers === null) throw new Error("Socket timeout");
      const facts = readAnswers(answers, demand);
      if (this.stream !== stream) return;
      const problem = replicaProblem(facts, demand);
      // Behind sentinels the connector searches for another server when it learns the role.
      if (problem !== null && !this.options.sentinels) throw problem;
      this.#refusal = problem;
      this.#facts = facts;
      answer(null, facts.role === null ? {} : { role: facts.role });
    } catch (error) {
      if (this.stream === stream && this.status === "connect") this.#giveUp(error as Error);
    }
  }

  /** ioredis emits a SELECT that is refused, and goes on; the check of the connection says the same, and what to do. */
  override silentEmit(name: string, arg?: unknown): boolean {
    if (name === "error" && arg instanceof Error && arg === this.#connector.refusal) REFUSALS.add(arg);
    const isSelect =
      this.status === "connect" && (arg as { command?: { name: string } })?.command?.name === "select";
    return name === "error" && isSelect ? false : super.silentEmit(name, arg);
  }

  #giveUp(error: Error): void {
    this.#refusal = error;
    REFUSALS.add(error);
    this.silentEmit("error", error);
    this.disconnect(true);
  }

  async #ask(db: number) {
    // One after the other on the wire, in one round trip.
    const [select, hello, info, clientInfo] = await Promise.all([
      db === 0 ? null : answerOf(this.select(db)),
      answerOf(this.call("hello")),
      answerOf(this.call("info")),
      answerOf(this.call("client", "info")),
    ]);
    return { select, hello, info, clientInfo };
  }

  /** Where INFO is refused, what is known: BullMQ reads its version from it, and never works without. */
  async #info(sections: readonly string[]): Promise<string> {
    try {
      return String(await this.call("info", ...sections));
    } catch (error) {
      const isRefused = error instanceof Error && /^(NOPERM|ERR)\b/.test(error.message);
      if (!isRefused || !this.#facts?.version) throw error;
      return `redis_version:${this.#facts.version}\r\n`;
    }
  }
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
