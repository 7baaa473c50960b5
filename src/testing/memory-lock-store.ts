import type { Claim, ClaimOutcome, LockStore } from "../locks/lock-store.ts";

/** Locks within one process, for tests of handlers. A lock never expires: its holder is in the same process. */
export class MemoryLockStore implements LockStore {
  readonly kind = "redis";
  readonly isFair = false;
  readonly holder = "test";
  readonly #tokens = new Map<string, { readonly token: string; readonly fence: number }>();
  readonly #wakers = new Set<() => void>();
  #fence = 0;

  async acquire({ name, token }: Claim): Promise<ClaimOutcome> {
    const held = this.#tokens.get(name);
    if (held && held.token !== token) {
      return { outcome: "held", holder: this.holder, askAgainInMs: Number.POSITIVE_INFINITY };
    }
    const fence = held?.fence ?? ++this.#fence;
    this.#tokens.set(name, { token, fence });
    return { outcome: "granted", fence };
  }

  async renew({ name, token }: Claim): Promise<"renewed" | "lost"> {
    return this.#tokens.get(name)?.token === token ? "renewed" : "lost";
  }

  async release({ name, token }: Claim): Promise<void> {
    if (this.#tokens.get(name)?.token === token) this.#tokens.delete(name);
    for (const wake of this.#wakers) wake();
  }

  /** A claim that is not held leaves nothing behind. */
  forget(): void {
    return;
  }

  onChange(_: Claim, wake: () => void): () => void {
    this.#wakers.add(wake);
    wake();
    return () => this.#wakers.delete(wake);
  }

  async close(): Promise<void> {
    this.#tokens.clear();
  }
}
