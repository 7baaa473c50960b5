import type { Clock } from "../clock/clock.ts";
import { settlesWithin } from "../clock/within.ts";
import type { Claim, LockStore } from "./lock-store.ts";

export interface LockParts {
  readonly store: LockStore;
  readonly clock: Clock;
  /** 0 ≤ n < 1; spreads tries so that holders and waiters do not act in step. */
  readonly random: () => number;
}

export interface TryReleaseOptions extends LockParts {
  readonly claim: Claim;
  /** True when an acquire of this claim was not answered: it may still arrive. */
  readonly isInDoubt: boolean;
}

const RETRY_MS = 100;
/** A lock that cannot be released expires by itself; its work must not wait for an unreachable store. */
const LIMIT_MS = 1_000;

/** Releases a lock, or a place in the line, if the store answers within a second. Never rejects. */
export async function tryRelease(options: TryReleaseOptions): Promise<void> {
  const { store, clock, random, claim, isInDoubt } = options;
  const over = new AbortController();
  const telling = async () => {
    while (!over.signal.aborted) {
      try {
        await store.release(claim, isInDoubt);
        break;
      } catch {
        await clock.sleep(RETRY_MS * (0.5 + random()), over.signal);
      }
    }
    store.forget(claim);
  };
  await settlesWithin(telling(), LIMIT_MS, { clock });
  over.abort();
}
