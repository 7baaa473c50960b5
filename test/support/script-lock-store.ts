import type { Claim, ClaimOutcome, LockStore } from "../../src/locks/lock-store.ts";

type Answer<T> = T | "no answer" | "silence";

/** A lock store that answers what the test says, so that timing can be tested on a clock that the test moves. */
export class ScriptLockStore implements LockStore {
  readonly kind = "redis";
  readonly holder = "me";
  isFair = false;
  readonly claims: Claim[] = [];
  readonly renewals: Claim[] = [];
  readonly releases: (Claim & { readonly isInDoubt: boolean })[] = [];
  readonly forgotten: Claim[] = [];
  isClosed = false;
  onAcquire: (claim: Claim, count: number) => Answer<ClaimOutcome> = (_, count) => granted(count);
  onRenew: (claim: Claim, count: number) => Answer<"renewed" | "lost"> = () => "renewed";
  onRelease: (claim: Claim, count: number) => Answer<"done"> = () => "done";
  readonly #listeners = new Set<() => void>();

  acquire(claim: Claim): Promise<ClaimOutcome> {
    this.claims.push(claim);
    return answer(this.onAcquire(claim, this.claims.length));
  }

  renew(claim: Claim): Promise<"renewed" | "lost"> {
    this.renewals.push(claim);
    return answer(this.onRenew(claim, this.renewals.length));
  }

  async release(claim: Claim, isInDoubt: boolean): Promise<void> {
    this.releases.push({ ...claim, isInDoubt });
    await answer(this.onRelease(claim, this.releases.length));
  }

  onChange(_: Claim, wake: () => void): () => void {
    this.#listeners.add(wake);
    return () => this.#listeners.delete(wake);
  }

  forget(claim: Claim): void {
    this.forgotten.push(claim);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  announceChange(): void {
    for (const wake of this.#listeners) wake();
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

function answer<T>(value: Answer<T>): Promise<T> {
  if (value === "silence") return new Promise(() => undefined);
  return value === "no answer" ? Promise.reject(new Error("no answer")) : Promise.resolve(value as T);
}

export function granted(fence: number): ClaimOutcome {
  return { outcome: "granted", fence };
}

export function held(holder = "other", askAgainInMs = 1_000): ClaimOutcome {
  return { outcome: "held", holder, askAgainInMs };
}
