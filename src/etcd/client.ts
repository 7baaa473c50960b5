import { readFileSync } from "node:fs";
import type { ComparatorBuilder, Etcd3, IOptions } from "etcd3";
import { sleep } from "../clock/sleep.ts";
import { keepingOf, LEASE_TTL, mustHold } from "../clock/timing.ts";
import { within } from "../clock/within.ts";
import type { EtcdAddress } from "../config/config.ts";
import type { Events } from "../events.ts";
import { describeFailure, isAnswer, isRefusal, isStaleToken } from "./failure.ts";
import { cockatiel, etcd3 } from "./packages.ts";

/** What a call gets: a client for one host, and the options that give the call its deadline. */
export type EtcdWork<T> = (etcd: Etcd3, options: { readonly deadline: number }) => Promise<T>;

export interface EtcdClientOptions {
  readonly address: EtcdAddress;
  /** How long one host has for one call. */
  readonly callLimitMs: number;
  readonly events: Events;
  /** Called with how long each answer took, also one that is an error. */
  readonly onAnswer?: (tookMs: number) => void;
}

/** A busy etcd gets the time that it needs. */
export function etcdCallLimitMs(leaseTtlMs: number): number {
  const limitMs = Math.min(Math.max(leaseTtlMs / 6, 250), 2_000);
  const { renewMs } = keepingOf(leaseTtlMs, LEASE_TTL);
  mustHold({ "a call to etcd ends before the next renewal is due": limitMs < renewMs });
  return limitMs;
}

/** A wrong password costs etcd a slow hash each time that it is tried. */
const REFUSED_PAUSE_MS = 5_000;
/** How often a call is sent again with a new token, and after how long. */
const TOKEN_TRIES = 3;
const TOKEN_PAUSE_MS = 50;
const WATCH_RETRY_MS = 250;
/** The client's own deadline has this long to show before the call is given up from outside. */
const LATE_MS = 100;

/**
 * Calls to etcd that end in time. etcd3 alone hangs for ever on a silent connection and multiplies a deadline by its
 * retries. Its circuit breaker goes on failing for seconds after etcd recovers. So there is one etcd3 client for one
 * host, without retries and breaker, and each call has a deadline. After a failure a new client takes the next host,
 * over a connection of its own. A call may therefore reach etcd twice: only send what can be repeated.
 */
export class EtcdClient {
  readonly #options: EtcdClientOptions;
  #connection: Connection | null = null;
  #host = 0;
  #told: "connected" | "unreachable" | null = null;
  #refused: { readonly error: Error; readonly untilMs: number } | null = null;
  #isClosed = false;

  constructor(options: EtcdClientOptions) {
    this.#options = options;
    // Here, where nothing waits yet, rather than in the middle of the first call.
    etcd3();
  }

  /**
   * Tries each host once. Rejects with etcd's answer when that is an error, or else with the last failure in words for
   * people.
   */
  async call<T>(work: EtcdWork<T>): Promise<T> {
    if (this.#refused && performance.now() < this.#refused.untilMs) throw this.#refused.error;
    let failure: unknown;
    let tokens = 0;
    for (let tries = 0; tries < this.#options.address.hosts.length && !this.#isClosed; tries++) {
      try {
        const result = await this.#try(work);
        this.#tellConnected();
        return result;
      } catch (error) {
        if (isAnswer(error)) {
          this.#tellConnected();
          throw error;
        }
        failure = error;
        if (!isStaleToken(error) || tokens === TOKEN_TRIES) continue;
        tokens += 1;
        tries -= 1;
        await sleep(TOKEN_PAUSE_MS);
      }
    }
    if (failure === undefined) throw new Error("the etcd client is closed");
    const { address, callLimitMs } = this.#options;
    const error = new Error(describeFailure(failure, { address, callLimitMs }), { cause: failure });
    if (isRefusal(failure)) this.#refused = { error, untilMs: performance.now() + REFUSED_PAUSE_MS };
    this.#tellUnreachable(error.message);
    throw error;
  }

  /** Carries out what `build` makes in one transaction. */
  transact(build: (etcd: Etcd3) => ComparatorBuilder) {
    return this.call((etcd, options) => build(etcd).options(options).commit());
  }

  /**
   * Calls `wake` when the watch is set up, also again after a break, and at each change below the prefix. Changes can
   * be missed while it is down. Returns the function that ends it.
   */
  watch(prefix: string, wake: () => void): () => void {
    const ending = new AbortController();
    this.#keepWatching(prefix, wake, ending.signal).catch(() => undefined);
    return () => ending.abort();
  }

  /** Safe to call twice. Calls that are under way fail. */
  close(): void {
    this.#isClosed = true;
    this.#drop(this.#connection);
  }

  async #try<T>(work: EtcdWork<T>): Promise<T> {
    const { address, callLimitMs, onAnswer } = this.#options;
    this.#connection ??= new Connection(address, this.#host, callLimitMs);
    const connection = this.#connection;
    const sentMs = performance.now();
    try {
      const result = await connection.call(work);
      onAnswer?.(performance.now() - sentMs);
      return result;
    } catch (error) {
      if (isAnswer(error)) onAnswer?.(performance.now() - sentMs);
      else this.#drop(connection);
      throw error;
    }
  }

  #drop(connection: Connection | null): void {
    connection?.close();
    if (connection === null || this.#connection !== connection) return;
    this.#connection = null;
    this.#host = (this.#host + 1) % this.#options.address.hosts.length;
  }

  async #keepWatching(prefix: string, wake: () => void, ending: AbortSignal): Promise<void> {
    while (!ending.aborted && !this.#isClosed) {
      const { address, callLimitMs } = this.#options;
      try {
        // A refused password is tried again by the calls only.
        if (this.#told !== "unreachable") {
          this.#connection ??= new Connection(address, this.#host, callLimitMs);
          await this.#connection.watch(prefix, wake, ending);
        }
      } catch {
        // The calls find out and tell why.
      }
      await sleep(WATCH_RETRY_MS, ending);
    }
  }

  #tellConnected(): void {
    if (this.#told === "connected" || this.#isClosed) return;
    this.#told = "connected";
    this.#refused = null;
    this.#options.events.emit("etcd.connected", { address: this.#hosts });
  }

  #tellUnreachable(error: string): void {
    if (this.#told === "unreachable" || this.#isClosed) return;
    this.#told = "unreachable";
    this.#options.events.emit("etcd.unreachable", { address: this.#hosts, error });
  }

  get #hosts(): string {
    return this.#options.address.hosts.join(", ");
  }
}

/** One etcd3 client for one host. */
class Connection {
  readonly #etcd: Etcd3;
  readonly #callLimitMs: number;
  readonly #closing = new AbortController();

  constructor(address: EtcdAddress, host: number, callLimitMs: number) {
    this.#callLimitMs = callLimitMs;
    this.#etcd = new (etcd3().Etcd3)(clientOptions(address, host, callLimitMs));
  }

  call<T>(work: EtcdWork<T>): Promise<T> {
    return inTime(work(this.#etcd, { deadline: deadlineIn(this.#callLimitMs) }), this.#callLimitMs + LATE_MS);
  }

  /** Resolves or rejects when the watch has ended. */
  async watch(prefix: string, wake: () => void, ending: AbortSignal): Promise<void> {
    const start = Buffer.from(prefix);
    const opening = this.#etcd.watchClient.watch();
    const stream = await inTime(opening, this.#callLimitMs + LATE_MS).catch(error => {
      opening.then(cancelStream, () => undefined);
      throw error;
    });
    const over = AbortSignal.any([ending, this.#closing.signal]);
    const ended = Promise.withResolvers<void>();
    // Cancelling the stream is an error of it, which may come when nothing waits any more.
    ended.promise.catch(() => undefined);
    const onOver = () => ended.resolve();
    over.addEventListener("abort", onOver);
    try {
      stream.on("error", ended.reject);
      stream.on("end", ended.resolve);
      stream.on("data", change => {
        if (change.canceled) ended.reject(new Error(change.cancel_reason));
        else wake();
      });
      if (over.aborted) ended.resolve();
      stream.write({ create_request: { key: start, range_end: prefixEnd(start) } });
      await ended.promise;
    } finally {
      // The signal lives as long as what is watched, a watch only until it breaks.
      over.removeEventListener("abort", onOver);
      cancelStream(stream);
    }
  }

  close(): void {
    this.#closing.abort();
    this.#etcd.close();
  }
}

function clientOptions(address: EtcdAddress, host: number, callLimitMs: number): IOptions {
  const { hosts, tls, credentials } = address;
  const { noop } = cockatiel();
  const callOptions = () => ({ deadline: deadlineIn(callLimitMs) });
  const read = (file: string) => readFileSync(file);
  return {
    hosts: [hosts[host % hosts.length] ?? ""],
    faultHandling: { global: noop, host: () => noop },
    grpcOptions: {
      // Otherwise a new client would be given the broken connection of the old one.
      "grpc.use_local_subchannel_pool": 1,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1_000,
    },
    ...(tls && {
      credentials: {
        // Without a CA of its own the system's are used, which etcd3's types do not know.
        rootCertificate: (tls.ca === undefined ? null : read(tls.ca)) as Buffer,
        ...(tls.cert !== undefined && { certChain: read(tls.cert) }),
        ...(tls.key !== undefined && { privateKey: read(tls.key) }),
      },
    }),
    ...(credentials && { auth: { ...credentials, callOptions } }),
  };
}

/** gRPC counts deadlines on the wall clock, but reads it once, as the call begins. */
function deadlineIn(ms: number): number {
  return Date.now() + ms;
}

/** Rejects with `NoAnswer` when the work takes longer. */
async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  const answer = await within(work, limitMs, LATE);
  if (answer === LATE) throw new NoAnswer();
  return answer;
}

const LATE = Symbol("late");

class NoAnswer extends Error {}

type WatchStream = Awaited<ReturnType<Etcd3["watchClient"]["watch"]>>;

function cancelStream(stream: WatchStream): void {
  stream.on("error", () => undefined);
  stream.cancel();
}

/** The first key after all keys with the prefix. */
function prefixEnd(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  end[end.length - 1] = (end.at(-1) ?? 0) + 1;
  return end;
}
