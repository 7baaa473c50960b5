/** What users see of locks: `run.lock` in handlers, `createLocks` elsewhere (docs/locks.md). */

export interface LockOptions {
  /**
   * How long the lock outlives a holder that no longer renews it: `"30s"`, or milliseconds; 1 s to 1 h. It does not
   * limit the work: the lock is renewed every third of it until the work ends.
   */
  readonly ttl: string | number;
  /**
   * How long to wait for the lock: `"30s"`, or milliseconds; up to 24 h, 30 s by default. 0 tries once. After this
   * time: BW_LOCK_TIMEOUT.
   */
  readonly wait?: string | number;
  /** Ends the waiting, and aborts `lock.signal`. In a run, the run's own signal does so anyway. */
  readonly signal?: AbortSignal;
}

export interface Lock {
  readonly name: string;
  /**
   * Greater than that of every earlier acquisition of this name, also after expiry and restarts. Hand it to the
   * resource, which refuses what is smaller than the greatest it has seen: that alone keeps a late holder out.
   */
  readonly fence: number;
  /**
   * Aborts when the lock can no longer be trusted (lost, expired, store unreachable, released), and when the
   * surrounding run's signal does. Reading it checks the clock, so `lock.signal.aborted` is right also in a process
   * that has just resumed, before its timers have run.
   */
  readonly signal: AbortSignal;
}

/**
 * Calls `work` while the lock is held, releases the lock when `work` has ended, and resolves with its result.
 *
 * Not re-entrant: the same name within `work` waits for itself, and times out.
 *
 * Rejects with what `work` threw, or with the reason of the signal that ended the waiting. Its own errors are:
 * BW_LOCK_INVALID (name or options), BW_LOCK_TIMEOUT (another holder had it for the whole wait), BW_LOCK_UNREACHABLE (the
 * store gave no answer) and BW_LOCKS_STOPPED. It rejects with BW_LOCK_LOST when `work` returned but was not protected to
 * its end.
 */
export type LockFunction = <T>(
  name: string,
  options: LockOptions,
  work: (lock: Lock) => T | Promise<T>,
) => Promise<T>;
