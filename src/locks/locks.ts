import type { Clock } from "../clock/clock.ts";
import { settlesWithin } from "../clock/settles-within.ts";
import { BellwetherError } from "../errors.ts";
import type { Events } from "../events.ts";
import { claimLock } from "./claim-lock.ts";
import { HeldLock } from "./held-lock.ts";
import type { Lock, LockFunction, LockOptions } from "./lock.ts";
import { parseLockRequest } from "./lock-request.ts";
import type { LockStore } from "./lock-store.ts";

export interface LocksOptions {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly events: Events;
  /** 0 ≤ n < 1; spreads retries so that waiters do not act in step. */
  readonly random?: () => number;
}

/** The surroundings of a lock that is taken in a run. */
export interface LockScope {
  readonly run: string;
  readonly signal: AbortSignal;
}

/** How long `stop` waits for work whose signal it has aborted. */
const STOP_LIMIT_MS = 1_000;

/** Locks of one process: waits for them, keeps them until their work ends, releases them. */
export class Locks {
  readonly #options: LocksOptions;
  readonly #random: () => number;
  readonly #stopping = new AbortController();
  readonly #held = new Set<HeldLock>();
  readonly #calls = new Set<Promise<unknown>>();
  #stopped: Promise<void> | null = null;

  constructor(options: LocksOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  /** @see LockFunction */
  lock<T>(name: string, options: LockOptions, work: (lock: Lock) => T | Promise<T>): Promise<T> {
    return this.#track(this.#lock(name, options, work, null));
  }

  /** The same for a run: its signal ends the waiting and aborts the lock's, and the events name it. */
  within(scope: LockScope): LockFunction {
    return (name, options, work) => this.#track(this.#lock(name, options, work, scope));
  }

  /**
   * Grants nothing any more, ends all waiting, aborts the signals of what is held and gives its work a second. Work
   * that still goes on then keeps its lock until the process exits or the TTL ends.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { clock, store } = this.#options;
    this.#stopping.abort(new BellwetherError("BW_LOCKS_STOPPED", {}));
    await settlesWithin(Promise.allSettled(this.#calls), STOP_LIMIT_MS, { clock });
    for (const held of this.#held) held.abandon();
    await store.close();
  }

  async #lock<T>(
    name: string,
    options: LockOptions,
    work: (lock: Lock) => T | Promise<T>,
    scope: LockScope | null,
  ): Promise<T> {
    const request = parseLockRequest(name, options);
    const signals = [this.#stopping.signal, scope?.signal, options.signal].filter(
      signal => signal !== undefined,
    );
    const { events, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    const parts = { ...this.#options, random: this.#random };
    const granted = await claimLock(parts, request, AbortSignal.any(signals));
    const run = scope?.run ?? null;
    const waitedMs = Math.round(clock.monotonicMs() - startedMs);
    const held = new HeldLock({ ...parts, ...granted, run, signals });
    events.emit("lock.acquired", { lock: name, fence: granted.fence, waitedMs, run });
    this.#held.add(held);
    held.start();
    try {
      const result = await work(held.lock);
      if (held.lost) throw held.lost;
      return result;
    } finally {
      await held.release();
      this.#held.delete(held);
    }
  }

  async #track<T>(call: Promise<T>): Promise<T> {
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }
}
