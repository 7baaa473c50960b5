import type { Redis } from "ioredis";
import { LEASE_TTL, mustHold } from "../clock/timing.ts";

export interface RedisPresenceOptions {
  /** A connection of its own (`connectRedis`, purpose "subscriber"). */
  readonly subscriber: Redis;
  /** This replica's own channel. Nothing is published there: the subscription is the message. */
  readonly channel: string;
  /** Where every replica learns that leadership may have changed. */
  readonly notices: string;
}

/** What control.lua publishes among the notices. */
const ORDERS = "orders";

/** Connections come back within some 500 ms of each other (`connectRedis`, purpose "subscriber"). */
const SETTLED_MS = 1_000;

/** Longer than the moment between two answers of one server. */
const STALE_MS = 500;
mustHold({ "a stale answer about a presence is shorter than any lease": STALE_MS < LEASE_TTL.minMs });

/**
 * Shows others that this process lives. When it dies the kernel closes its sockets and Redis drops the
 * subscription, milliseconds later; a lease that says the same takes its whole time to live.
 */
export class RedisPresence {
  readonly #options: RedisPresenceOptions;
  readonly #wakers = new Set<() => void>();
  readonly #orderWakers = new Set<() => void>();
  #announcedMs: number | null = null;

  constructor(options: RedisPresenceOptions) {
    this.#options = options;
  }

  /** This replica's own. */
  get channel(): string {
    return this.#options.channel;
  }

  start(): void {
    const { subscriber, notices } = this.#options;
    subscriber.on("ready", this.#announce);
    subscriber.on("close", this.#withdraw);
    subscriber.on("message", (channel, message) => {
      if (channel === notices) wakeAll(message === ORDERS ? this.#orderWakers : this.#wakers);
    });
    if (subscriber.status === "ready") this.#announce();
  }

  /** For how long others have been able to see this replica without a break, or null while they cannot. */
  announcedForMs(): number | null {
    return this.#announcedMs === null ? null : performance.now() - this.#announcedMs;
  }

  /**
   * The server that holds the lease does not see this replica. A subscription that is not new is then on another
   * server, since a demoted server keeps its subscribers: make it again.
   */
  announceAgain(): void {
    if ((this.announcedForMs() ?? 0) < STALE_MS) return;
    this.#withdraw();
    this.#options.subscriber.disconnect(true);
  }

  /**
   * After a restart of Redis no replica is subscribed for a moment. A replica that has just reconnected must not report
   * others as gone.
   */
  isSettled(): boolean {
    return (this.announcedForMs() ?? 0) >= SETTLED_MS;
  }

  /**
   * Calls `wake` when leadership may have changed, and when this replica can be seen (again). It may have missed notices
   * before that. Returns the end of it.
   */
  onNotice(wake: () => void): () => void {
    this.#wakers.add(wake);
    return () => this.#wakers.delete(wake);
  }

  /** The same for the controls. */
  onOrders(wake: () => void): () => void {
    this.#orderWakers.add(wake);
    return () => this.#orderWakers.delete(wake);
  }

  #announce = () => {
    const { subscriber, channel, notices } = this.#options;
    subscriber.subscribe(channel, notices).then(
      () => {
        this.#announcedMs = performance.now();
        wakeAll(this.#wakers);
        wakeAll(this.#orderWakers);
      },
      // The connection broke again: the next "ready" tries again. Refused (an ACL): others wait for the lease.
      () => this.#withdraw(),
    );
  };

  #withdraw = () => {
    this.#announcedMs = null;
  };
}

function wakeAll(wakers: ReadonlySet<() => void>): void {
  for (const wake of wakers) wake();
}
