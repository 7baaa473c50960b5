import type { Clock } from "../clock/clock.ts";
import type { Claim, LockStore } from "./lock-store.ts";

export interface GiveBackOptions {
  readonly store: LockStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly claim: Claim;
}

const RETRY_MS = 100;
/** A lock that cannot be given back runs out by itself; a store that is away must not hold up its work. */
const LIMIT_MS = 1_000;

/** Gives back a lock, or a place in the line, if the store can be told within a second. Never rejects. */
export async function giveBack({ store, clock, random, claim }: GiveBackOptions): Promise<void> {
  const over = new AbortController();
  const telling = async () => {
    while (!over.signal.aborted) {
      const isTold = await store.release(claim).then(
        () => true,
        () => false,
      );
      if (isTold) return;
      await clock.sleep(RETRY_MS * (0.5 + random()), over.signal);
    }
  };
  await Promise.race([telling(), clock.sleep(LIMIT_MS, over.signal)]);
  over.abort();
}
