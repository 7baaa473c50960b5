import type { Redis } from "ioredis";

/** How often each connection is looked at. */
const BEAT_MS = 250;
/** A connection that has received nothing for this long, and has nothing to ask, asks whether the server is there. */
const PING_AFTER_MS = 2_000;
/** A server that has accepted a connection has this long for each answer until the connection can be used. */
const HANDSHAKE_LIMIT_MS = 5_000;

export interface SilenceLimits {
  /** How long an answer may take. */
  readonly answerLimitMs: number;
  /** How long a connection may hear nothing and ask nothing before it asks whether the server is there; 2 s by default. */
  readonly pingAfterMs?: number | undefined;
  /** The server also sends messages without a request: only answers count. */
  readonly isSubscriber?: boolean;
}

/**
 * Ends a connection whose server is silent; ioredis then makes it again. A peer that is frozen, or behind a
 * network that drops everything, closes nothing, and a socket that is not written to never finds out.
 *
 * ioredis's own `socketTimeout` asks nothing by itself, so an idle connection stays silent for ever. It also counts
 * time in which this process did not run. After a handler that kept the event loop busy it would end connections with
 * answers that were not read yet. Time is counted here in turns of the event loop.
 */
export class SilenceWatch {
  readonly #redis: Redis;
  readonly #limits: SilenceLimits;
  readonly #family: SilentConnections;
  #timer: NodeJS.Timeout | null = null;
  #beatMs = 0;
  #stream: Redis["stream"] | null = null;
  #bytesRead = 0;
  /** The command whose answer comes next. */
  #head: unknown;
  /** Since the last sign of life. */
  #quietMs = 0;
  /** Of that, with a command that waits for its answer. */
  #waitingMs = 0;
  /** Since the last sign of life of a connection that could be used. */
  #unheardMs = 0;

  constructor(redis: Redis, limits: SilenceLimits, family: SilentConnections = new SilentConnections()) {
    this.#redis = redis;
    this.#limits = limits;
    this.#family = family;
    redis.on("connecting", () => this.#start());
    redis.on("end", () => this.#stop());
    this.#start();
  }

  #start(): void {
    if (this.#timer !== null) return;
    this.#beatMs = performance.now();
    this.#timer = setInterval(() => this.#beat(), BEAT_MS).unref();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #beat(): void {
    const nowMs = performance.now();
    // A turn that took longer says nothing about the server.
    const elapsedMs = Math.min(nowMs - this.#beatMs, 2 * BEAT_MS);
    this.#beatMs = nowMs;
    this.#unheardMs += elapsedMs;
    if (this.#redis.status === "connect" || this.#redis.status === "ready") this.#look(elapsedMs);
    if (this.#unheardMs >= this.#limits.answerLimitMs) {
      this.#family.silent(this.#redis, Math.round(this.#unheardMs));
    }
  }

  #look(elapsedMs: number): void {
    const { status, stream, commandQueue } = this.#redis;
    const head = commandQueue.peekFront();
    if (this.#hasHeard(stream, head)) {
      this.#quietMs = 0;
      this.#waitingMs = 0;
      if (status === "ready") {
        this.#unheardMs = 0;
        this.#family.heard(this.#redis);
      }
    } else {
      this.#quietMs += elapsedMs;
      this.#waitingMs = head === undefined ? 0 : this.#waitingMs + elapsedMs;
    }
    this.#head = head;
    const limitMs = status === "ready" ? this.#limits.answerLimitMs : HANDSHAKE_LIMIT_MS;
    if (this.#waitingMs >= limitMs) {
      stream.destroy(new Error(`Socket timeout: no answer within ${Math.round(limitMs)} ms`));
    } else if (
      status === "ready" &&
      head === undefined &&
      this.#quietMs >= (this.#limits.pingAfterMs ?? PING_AFTER_MS)
    ) {
      // That it is refused is an answer too.
      this.#redis.ping().catch(() => undefined);
      this.#head = commandQueue.peekFront();
    }
  }

  #hasHeard(stream: Redis["stream"], head: unknown): boolean {
    const isNew = stream !== this.#stream;
    const hasRead = stream.bytesRead !== this.#bytesRead;
    const isAnswered = this.#head !== undefined && head !== this.#head;
    this.#stream = stream;
    this.#bytesRead = stream.bytesRead;
    return isNew || isAnswered || (hasRead && !this.#limits.isSubscriber);
  }
}

/** Called when the first of some connections is silent, and when all of them answer again. */
export interface SilenceListener {
  /** `connection`: its name in CLIENT LIST. */
  onSilent(connection: string, forMs: number): void;
  onHeard(): void;
}

/** Those that are silent now, of a connection and its duplicates. */
export class SilentConnections {
  readonly #silent = new Set<Redis>();
  #listener: SilenceListener | null = null;

  /** One listener; null ends it. */
  listen(listener: SilenceListener | null): void {
    this.#listener = listener;
  }

  silent(redis: Redis, forMs: number): void {
    if (this.#silent.has(redis)) return;
    this.#silent.add(redis);
    if (this.#silent.size === 1) this.#listener?.onSilent(redis.options.connectionName ?? "", forMs);
  }

  heard(redis: Redis): void {
    if (this.#silent.delete(redis) && this.#silent.size === 0) this.#listener?.onHeard();
  }
}
