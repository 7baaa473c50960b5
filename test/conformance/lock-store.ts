import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Claim, LockStore } from "../../src/locks/lock-store.ts";

/** What a store's suite needs to look behind it and to play several processes. */
export interface LockStoreFixture {
  /** Another process's view of the same locks, over connections of its own. */
  open(holder?: string): Promise<LockStore>;
  /** Resolves when the lock has no holder any more because its time to live ended. */
  untilExpired(name: string): Promise<void>;
  dispose(): Promise<void>;
}

export interface LockStoreTraits {
  /** The shortest that the store takes. */
  readonly shortTtlMs: number;
}

const LONG_TTL_MS = 60_000;

let claims = 0;

function claimOf(name = "lock", ttlMs = LONG_TTL_MS): Claim {
  claims += 1;
  return { name, token: `token-${claims}-${Math.random().toString(36).slice(2)}`, ttlMs };
}

/** The promises of LockStore; every implementation passes the same ones. */
export function lockStoreSuite(
  name: string,
  setup: () => Promise<LockStoreFixture>,
  { shortTtlMs }: LockStoreTraits,
): void {
  describe(`lock store on ${name}`, () => {
    let fixture: LockStoreFixture;
    let a: LockStore;
    let b: LockStore;

    beforeEach(async () => {
      fixture = await setup();
      [a, b] = await Promise.all([fixture.open("a"), fixture.open("b")]);
    });
    afterEach(() => fixture.dispose());

    async function granted(store: LockStore, claim: Claim): Promise<number> {
      const outcome = await store.acquire(claim);
      if (outcome.outcome !== "granted") throw new Error(`held by ${outcome.holder}`);
      return outcome.fence;
    }

    it("grants a free lock with a fence", async () => {
      expect(await granted(a, claimOf())).toBeGreaterThan(0);
    });

    it("refuses a lock that is held, says by whom and when to ask again", async () => {
      await granted(a, claimOf());
      const outcome = await b.acquire(claimOf());
      expect(outcome).toMatchObject({ outcome: "held", holder: "a" });
      if (outcome.outcome === "held") expect(outcome.askAgainInMs).toBeGreaterThan(0);
    });

    it("refuses a second claim of the process that holds it", async () => {
      await granted(a, claimOf());
      expect(await a.acquire(claimOf())).toMatchObject({ outcome: "held", holder: "a" });
    });

    it("grants a claim again with the same fence when it is repeated", async () => {
      const claim = claimOf();
      const fence = await granted(a, claim);
      expect(await granted(a, claim)).toBe(fence);
      expect(await granted(a, claim)).toBe(fence);
    });

    it("grants one of many claims that are made at once", async () => {
      const stores = await Promise.all(Array.from({ length: 6 }, (_, i) => fixture.open(`p${i}`)));
      const outcomes = await Promise.all(stores.map(store => store.acquire(claimOf())));
      expect(outcomes.filter(outcome => outcome.outcome === "granted")).toHaveLength(1);
    });

    it("keeps locks of different names apart, also where one name begins with the other", async () => {
      await granted(a, claimOf("report"));
      await granted(b, claimOf("report.eu"));
      await granted(b, claimOf("rep"));
    });

    it("gives each holder of a name a greater fence than the one before", async () => {
      const fences: number[] = [];
      for (let i = 0; i < 6; i++) {
        const claim = claimOf();
        fences.push(await granted(i % 2 ? a : b, claim));
        await (i % 2 ? a : b).release(claim, false);
      }
      expect(fences).toEqual([...new Set(fences)].toSorted((x, y) => x - y));
    });

    it("gives a greater fence after the lock expired", async () => {
      const first = await granted(a, claimOf("lock", shortTtlMs));
      await fixture.untilExpired("lock");
      expect(await granted(b, claimOf())).toBeGreaterThan(first);
    });

    it("gives a claim that expired a greater fence when it is made again", async () => {
      const claim = claimOf("lock", shortTtlMs);
      const first = await granted(a, claim);
      await fixture.untilExpired("lock");
      expect(await granted(a, claim)).toBeGreaterThan(first);
    });

    it("renews the lock of its holder", async () => {
      const claim = claimOf();
      await granted(a, claim);
      expect(await a.renew(claim)).toBe("renewed");
      expect(await b.acquire(claimOf())).toMatchObject({ outcome: "held" });
    });

    it("refuses to renew a lock that expired, also when nobody took it", async () => {
      const claim = claimOf("lock", shortTtlMs);
      await granted(a, claim);
      await fixture.untilExpired("lock");
      expect(await a.renew(claim)).toBe("lost");
    });

    it("refuses to renew a lock that somebody else took, and leaves it alone", async () => {
      const old = claimOf("lock", shortTtlMs);
      await granted(a, old);
      await fixture.untilExpired("lock");
      const next = claimOf();
      await granted(b, next);
      expect(await a.renew(old)).toBe("lost");
      await a.release(old, false);
      expect(await b.renew(next)).toBe("renewed");
    });

    it("refuses to renew what was never granted", async () => {
      expect(await a.renew(claimOf())).toBe("lost");
    });

    it("frees a lock at once when it is given back", async () => {
      const claim = claimOf();
      await granted(a, claim);
      await a.release(claim, false);
      await granted(b, claimOf());
    });

    it("may be given back twice, and without having been granted", async () => {
      const claim = claimOf();
      await a.release(claimOf(), false);
      await granted(a, claim);
      await a.release(claim, false);
      await a.release(claim, false);
      await granted(b, claimOf());
    });

    it("wakes a waiter when the lock is given back", async () => {
      const holding = claimOf();
      await granted(a, holding);
      const waiting = claimOf();
      await b.acquire(waiting);
      const changes = changesOf(b, waiting);
      await changes.next();
      expect(await b.acquire(waiting)).toMatchObject({ outcome: "held" });
      await a.release(holding, false);
      while ((await b.acquire(waiting)).outcome === "held") await changes.next();
      changes.end();
    });

    it("refuses everything once it is closed", async () => {
      await a.close();
      await a.close();
      await expect(a.acquire(claimOf())).rejects.toThrow();
    });

    it("serves waiters in the order in which they came, where it says so", async () => {
      if (!a.isFair) return;
      const holding = claimOf();
      await granted(a, holding);
      const line = [claimOf(), claimOf(), claimOf()];
      for (const claim of line) await b.acquire(claim);
      await a.release(holding, false);
      for (const [place, claim] of line.entries()) {
        for (const later of line.slice(place + 1).toReversed()) {
          expect(await b.acquire(later)).toMatchObject({ outcome: "held" });
        }
        await granted(b, claim);
        await b.release(claim, false);
      }
    });

    it("lets a waiter leave the line", async () => {
      const holding = claimOf();
      await granted(a, holding);
      const leaving = claimOf();
      const staying = claimOf();
      await b.acquire(leaving);
      await b.acquire(staying);
      await b.release(leaving, false);
      await a.release(holding, false);
      await granted(b, staying);
    });
  });
}

/** Wakeups as promises. */
function changesOf(store: LockStore, claim: Claim) {
  let pending = Promise.withResolvers<void>();
  const end = store.onChange(claim, () => pending.resolve());
  return {
    end,
    async next() {
      await pending.promise;
      pending = Promise.withResolvers<void>();
    },
  };
}
