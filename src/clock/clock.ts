/**
 * Time, as the parts that wait or plan see it. Everything that needs time takes a Clock, so that tests move
 * time by hand and a step of the machine's wall clock changes nothing.
 */
export interface Clock {
  /**
   * Milliseconds that only grow, from an arbitrary start. Deadlines and trust windows use this and nothing
   * else; it goes on while the process is stopped, so a paused leader finds its deadline passed.
   */
  monotonicMs(): number;

  /** Scheduler time in epoch milliseconds: the store's time, not this machine's (docs/architecture.md, "Time"). */
  nowMs(): number;

  /** Resolves after `ms` on the monotonic clock, or immediately when `signal` aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
