import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Bid, type Election, fenceOf, type Presence } from "../../src/election/election.ts";
import type { TermRegisterOptions } from "../../src/election/term-register.ts";
import { type RedisKeys, redisKeys } from "../../src/redis/keys.ts";
import { RedisPresence } from "../../src/redis/presence.ts";
import { readTimeMs } from "../../src/redis/time.ts";
import { type OpenElection, openElection, openRedis } from "../support/open-election.ts";
import { namespace } from "../support/redis-server.ts";

/** What a store's suite needs to look behind it and to play several replicas. */
export interface ElectionFixture {
  /** Another replica's view of the same election, over connections of its own; it can be seen to be there. */
  open(replica: string): Promise<Election>;
  /** A replica that cannot be seen yet: its commands were faster than its subscription. */
  openUnseen(replica: string): Promise<{ readonly store: Election; appear(): Promise<void> }>;
  /** Ends the connections of the store's replica to Redis, as the kernel does when a process dies. */
  vanish(store: Election): void;
  /** Ends only what shows others that the store's replica is there. */
  hide(store: Election): void;
  /** The value of `{ns}/term` now. */
  readFence(): Promise<string | null>;
  /** What an operator may do by hand. */
  deleteRecord(): Promise<unknown>;
  /** For how long leaders do not yield to the generation because its leaders failed. */
  backOffMs(generation: number): Promise<number>;
  /** Ends that, as time would. */
  endBackOff(generation: number): Promise<void>;
  /** Lets all bids of the generation be long ago. */
  forgetBids(generation: number): Promise<void>;
  /** Lets the last bids of all watchers be long ago, as when they are frozen. */
  freezeWatchers(): Promise<unknown>;
  /** How many commands Redis carries out meanwhile, those inside of scripts too. */
  countCommands(work: () => Promise<unknown>): Promise<number>;
  /** What a replica puts back of the terms before Redis lost its data. */
  putBackTerm(term: number): Promise<unknown>;
  /** Resolves when no lease is held any more because its time to live ended. */
  untilExpired(): Promise<void>;
  dispose(): Promise<void>;
}

const LONG_TTL_MS = 60_000;
const SHORT_TTL_MS = 50;

function bidOf(replica: string, ttlMs = LONG_TTL_MS, generation = 0): Bid {
  return { replica, token: `${replica}-${Math.random().toString(36).slice(2)}`, ttlMs, generation };
}

/** The promises of Election; every implementation passes the same ones. */
export function electionSuite(name: string, setup: () => Promise<ElectionFixture>): void {
  describe(`lease store on ${name}`, () => {
    let fixture: ElectionFixture;
    let a: Election;
    let b: Election;

    beforeEach(async () => {
      fixture = await setup();
      [a, b] = await Promise.all([fixture.open("a"), fixture.open("b")]);
    });
    afterEach(() => fixture.dispose());

    it("grants the first bid as term 1 with nobody before it", async () => {
      const outcome = await a.campaign(bidOf("a"));
      expect(outcome).toEqual({
        outcome: "elected",
        term: 1,
        sinceMs: expect.any(Number),
        reason: "vacant",
        previous: null,
        cause: { cause: "first" },
        vacantMs: null,
      });
    });

    it("opens a term that is newer than any that the replica knows of, also where the store knows of none", async () => {
      expect(await a.campaign({ ...bidOf("a"), knownTerm: 7 })).toMatchObject({
        outcome: "elected",
        term: 8,
      });
      await a.withdraw();
    });

    it("goes on from a term that another replica has put back, without touching the one in force", async () => {
      const first = bidOf("a");
      expect(await a.campaign(first)).toMatchObject({ outcome: "elected", term: 1 });
      await fixture.putBackTerm(41);
      expect(await a.renew({ ...first, isProven: false })).toBe("renewed");
      expect(await fixture.readFence()).toBe(fenceOf(1, first.token));
      await a.release(first, "resigned");
      const second = bidOf("b");
      expect(await b.campaign(second)).toMatchObject({ outcome: "elected", term: 42 });
      await b.release(second, "resigned");
      await fixture.putBackTerm(41);
      expect(await a.campaign(bidOf("a"))).toMatchObject({ outcome: "elected", term: 43 });
    });

    it("opens the term before it answers", async () => {
      const bid = bidOf("a");
      await a.campaign(bid);
      expect(await fixture.readFence()).toBe(fenceOf(1, bid.token));
    });

    it("refuses a bid while the lease is held, and says who holds it", async () => {
      await a.campaign(bidOf("a"));
      const outcome = await b.campaign(bidOf("b"));
      expect(outcome).toMatchObject({ outcome: "held", leader: { replica: "a", term: 1 } });
      if (outcome.outcome === "held") expect(outcome.endsInMs).toBeGreaterThan(0);
    });

    it("leaves term and fence alone when it refuses a bid", async () => {
      const bid = bidOf("a");
      await a.campaign(bid);
      await b.campaign(bidOf("b"));
      expect(await fixture.readFence()).toBe(fenceOf(1, bid.token));
    });

    it("grants a repeated bid again, in the same term", async () => {
      const bid = bidOf("a");
      const first = await a.campaign(bid);
      expect(await a.campaign(bid)).toEqual(first);
      expect(await fixture.readFence()).toBe(fenceOf(1, bid.token));
    });

    it("grants one of many bids that are made at once", async () => {
      const stores = await Promise.all(Array.from({ length: 8 }, (_, i) => fixture.open(`r${i}`)));
      const outcomes = await Promise.all(stores.map((store, i) => store.campaign(bidOf(`r${i}`))));
      expect(outcomes.filter(outcome => outcome.outcome === "elected")).toHaveLength(1);
    });

    it("counts terms upwards, whoever wins", async () => {
      for (let term = 1; term <= 5; term++) {
        const bid = bidOf(term % 2 ? "a" : "b");
        expect(await a.campaign(bid)).toMatchObject({ outcome: "elected", term });
        await a.release(bid, "resigned");
      }
    });

    it("tells the next leader who resigned before it", async () => {
      const bid = bidOf("a");
      await a.campaign(bid);
      await a.release(bid, "resigned");
      const outcome = await b.campaign(bidOf("b"));
      expect(outcome).toMatchObject({ outcome: "elected", reason: "resigned", previous: "a" });
      if (outcome.outcome === "elected") expect(outcome.vacantMs).toBeGreaterThanOrEqual(0);
    });

    it("tells the next leader and its followers the same of how the term before ended", async () => {
      const bid = bidOf("a");
      await a.campaign(bid);
      const cause = { cause: "stepdown", by: "ann" } as const;
      await a.release(bid, "resigned", { cause, wasAble: true });
      const outcome = await b.campaign(bidOf("b"));
      if (outcome.outcome !== "elected") throw new Error("the bid was not granted");
      const { outcome: _, term, sinceMs, ...began } = outcome;
      expect(began).toMatchObject({ reason: "resigned", previous: "a", cause });
      expect(await a.campaign(bidOf("a"))).toMatchObject({
        outcome: "held",
        leader: { replica: "b", term, sinceMs, began },
      });
    });

    it("counts a vacancy from the last sign of life of a leader that could launch nothing when it resigned", async () => {
      const bid = bidOf("a");
      const first = await a.campaign(bid);
      if (first.outcome !== "elected") throw new Error("the bid was not granted");
      const startMs = performance.now();
      while (performance.now() - startMs < 50) await b.campaign(bidOf("b"));
      await a.release(bid, "resigned", { cause: { cause: "no-progress" }, wasAble: false });
      const outcome = await b.campaign(bidOf("b"));
      if (outcome.outcome !== "elected") throw new Error("the bid was not granted");
      expect(outcome.vacantMs).toBe(outcome.sinceMs - first.sinceMs);
      expect(outcome.vacantMs).toBeGreaterThanOrEqual(40);
    });

    it("tells the next leader that the lease before it expired", async () => {
      await a.campaign(bidOf("a", SHORT_TTL_MS));
      await fixture.untilExpired();
      expect(await b.campaign(bidOf("b"))).toMatchObject({
        outcome: "elected",
        reason: "expired",
        previous: "a",
      });
    });

    it("renews the lease of its holder", async () => {
      const bid = bidOf("a");
      await a.campaign(bid);
      expect(await a.renew(bid)).toBe("renewed");
    });

    it("extends the lease by a renewal", async () => {
      const bid = bidOf("a", LONG_TTL_MS);
      await a.campaign(bid);
      const endsInMs = async () => {
        const outcome = await b.campaign(bidOf("b"));
        if (outcome.outcome !== "held") throw new Error("the lease was not held");
        return outcome.endsInMs;
      };
      const beforeMs = await endsInMs();
      while ((await endsInMs()) > beforeMs - 20);
      const sentMs = performance.now();
      await a.renew(bid);
      const afterMs = await endsInMs();
      expect(afterMs).toBeGreaterThan(LONG_TTL_MS - (performance.now() - sentMs) - 10);
    });

    it("refuses to renew a lease that expired, also when nobody took it", async () => {
      const bid = bidOf("a", SHORT_TTL_MS);
      await a.campaign(bid);
      await fixture.untilExpired();
      expect(await a.renew(bid)).toBe("lost");
    });

    it("refuses to renew a lease that somebody else took", async () => {
      const old = bidOf("a", SHORT_TTL_MS);
      await a.campaign(old);
      await fixture.untilExpired();
      await b.campaign(bidOf("b"));
      expect(await a.renew(old)).toBe("lost");
      expect(await b.current()).toMatchObject({ replica: "b", term: 2 });
    });

    it("refuses to renew a lease that somebody else took, also for a replica that bids with its token again", async () => {
      const old = bidOf("a", SHORT_TTL_MS);
      await a.campaign(old);
      await fixture.untilExpired();
      await b.campaign(bidOf("b"));
      expect(await a.campaign(old)).toMatchObject({ outcome: "held" });
      expect(await a.renew(old)).toBe("lost");
    });

    it("does not let an old leader release its successor's lease", async () => {
      const old = bidOf("a");
      await a.campaign(old);
      expect(await a.release(old, "resigned")).toBe("ended");
      await b.campaign(bidOf("b"));
      expect(await a.release(old, "resigned")).toBe("replaced");
      expect(await a.current()).toMatchObject({ replica: "b", term: 2 });
    });

    it("names nobody while the lease is free", async () => {
      expect(await a.current()).toBeNull();
      const bid = bidOf("a");
      await a.campaign(bid);
      expect(await b.current()).toMatchObject({ replica: "a", term: 1 });
      await a.release(bid, "resigned");
      expect(await b.current()).toBeNull();
    });

    it("gives two processes of one name two terms", async () => {
      await a.campaign(bidOf("same"));
      expect(await b.campaign(bidOf("same"))).toMatchObject({ outcome: "held" });
    });

    /** Bids until the holder's presence is as expected. */
    async function untilPresence(store: Election, presence: Presence) {
      for (;;) {
        const outcome = await store.campaign(bidOf("b"));
        if (outcome.outcome !== "held") throw new Error("the lease was not held");
        if (outcome.presence === presence) return outcome;
      }
    }

    it("sees whether the holder's process is there", async () => {
      const holder = await fixture.open("holder");
      await holder.campaign(bidOf("holder"));
      await untilPresence(b, "there");
      fixture.vanish(holder);
      await untilPresence(b, "gone");
    });

    it("accuses nobody right after it has come back itself", async ({ onTestFinished }) => {
      const settled = vi.spyOn(RedisPresence.prototype, "isSettled").mockReturnValue(true);
      onTestFinished(() => settled.mockRestore());
      const holder = await fixture.open("holder");
      await holder.campaign(bidOf("holder"));
      fixture.vanish(holder);
      await untilPresence(b, "gone");
      settled.mockReturnValue(false);
      expect(await b.campaign(bidOf("b"))).toMatchObject({ outcome: "held", presence: "there" });
    });

    it("answers bids when somebody deleted the leader's record, which a renewal began again", async () => {
      const bid = bidOf("a");
      await a.campaign(bid);
      await fixture.deleteRecord();
      expect(await a.renew(bid)).toBe("renewed");
      expect(await b.campaign(bidOf("b"))).toMatchObject({ outcome: "held" });
    });

    it("lets the lease of a holder that is gone be taken over at once", async () => {
      const holder = await fixture.open("holder");
      await holder.campaign(bidOf("holder"));
      fixture.vanish(holder);
      await untilPresence(b, "gone");
      const outcome = await b.campaign({ ...bidOf("b"), takeOver: 1 });
      expect(outcome).toMatchObject({ outcome: "elected", term: 2, reason: "crashed", previous: "holder" });
    });

    it("sees the end of a holder that was elected before it could be seen, once it has renewed", async () => {
      const { store: holder, appear } = await fixture.openUnseen("holder");
      const bid = bidOf("holder");
      await holder.campaign(bid);
      await untilPresence(b, "unknown");
      await appear();
      await holder.renew(bid);
      await untilPresence(b, "there");
      fixture.vanish(holder);
      await untilPresence(b, "gone");
    });

    it("refuses a takeover while the holder is there", async () => {
      const holder = await fixture.open("holder");
      await holder.campaign(bidOf("holder"));
      await untilPresence(b, "there");
      expect(await b.campaign({ ...bidOf("b"), takeOver: 1 })).toMatchObject({ outcome: "held" });
    });

    it("refuses a takeover that means an earlier term", async () => {
      const holder = await fixture.open("holder");
      const first = bidOf("holder");
      await holder.campaign(first);
      await holder.release(first, "resigned");
      await holder.campaign(bidOf("holder"));
      fixture.vanish(holder);
      await untilPresence(b, "gone");
      expect(await b.campaign({ ...bidOf("b"), takeOver: 1 })).toMatchObject({ outcome: "held" });
    });

    describe("and those who watch the leader", () => {
      /** Bids of this many followers, in this order, and whether each of them watches. */
      async function follow(count: number, generation = 0, prefix = "f") {
        const ids = Array.from({ length: count }, (_, i) => `${prefix}${i}`);
        const stores = await Promise.all(ids.map(id => fixture.open(id)));
        const areWatchers: boolean[] = [];
        for (const [i, store] of stores.entries()) {
          areWatchers.push(await isWatcher(store, ids[i] ?? "", generation));
        }
        return { stores, areWatchers };
      }

      async function isWatcher(store: Election, replica: string, generation = 0) {
        const outcome = await store.campaign(bidOf(replica, LONG_TTL_MS, generation));
        if (outcome.outcome !== "held") throw new Error("the lease was not held");
        return outcome.isWatcher;
      }

      it("are two, and stay the same ones while they bid", async () => {
        await a.campaign(bidOf("a"));
        const { stores, areWatchers } = await follow(5);
        expect(areWatchers).toEqual([true, true, false, false, false]);
        const again: boolean[] = [];
        for (const [i, store] of [...stores.entries()].toReversed())
          again.unshift(await isWatcher(store, `f${i}`));
        expect(again).toEqual(areWatchers);
      });

      it("are others for each generation, so that it is known which ones are there", async () => {
        await a.campaign(bidOf("a", LONG_TTL_MS, 5));
        expect((await follow(3, 5)).areWatchers).toEqual([true, true, false]);
        expect((await follow(3, 4, "old")).areWatchers).toEqual([true, true, false]);
      });

      it("are replaced by the next bid when their process has exited", async () => {
        await a.campaign(bidOf("a"));
        const { stores } = await follow(3);
        const [first, , third] = stores;
        if (!first || !third) throw new Error("three followers were opened");
        fixture.vanish(first);
        while (!(await isWatcher(third, "f2")));
        expect(await isWatcher(await fixture.open("f3"), "f3")).toBe(false);
      });

      it("are replaced by the next bid when they have not bid for a while, and wait when they do again", async () => {
        await a.campaign(bidOf("a"));
        const { stores } = await follow(3);
        const [first, second, third] = stores;
        if (!first || !second || !third) throw new Error("three followers were opened");
        await fixture.freezeWatchers();
        expect(await isWatcher(third, "f2")).toBe(true);
        expect(await isWatcher(second, "f1")).toBe(true);
        expect(await isWatcher(first, "f0")).toBe(false);
      });

      it("make room for others when one of them leads", async () => {
        const bid = bidOf("a");
        await a.campaign(bid);
        const { stores } = await follow(3);
        await a.release(bid, "resigned");
        const [first, , third] = stores;
        if (!first || !third) throw new Error("three followers were opened");
        expect(await first.campaign(bidOf("f0"))).toMatchObject({ outcome: "elected" });
        expect(await isWatcher(third, "f2")).toBe(true);
      });

      it("are not those that cannot be seen, which bid often until there are two", async () => {
        await a.campaign(bidOf("a"));
        const { store: unseen } = await fixture.openUnseen("unseen");
        expect(await isWatcher(unseen, "unseen")).toBe(true);
        expect((await follow(3)).areWatchers).toEqual([true, true, false]);
        expect(await isWatcher(unseen, "unseen")).toBe(false);
      });

      it("see with one command whether the leader's process is there", async ({ onTestFinished }) => {
        const holder = await fixture.open("holder");
        await holder.campaign(bidOf("holder"));
        const { leader } = await untilPresence(b, "there");
        if (leader === null) throw new Error("the holder has opened its term");
        expect(await b.presenceOf(leader)).toBe("there");
        expect(await fixture.countCommands(() => b.presenceOf(leader))).toBe(1);
        const { store: unseen } = await fixture.openUnseen("unseen");
        expect(await unseen.presenceOf(leader)).toBe("unknown");
        const settled = vi.spyOn(RedisPresence.prototype, "isSettled").mockReturnValue(true);
        onTestFinished(() => settled.mockRestore());
        fixture.vanish(holder);
        while ((await b.presenceOf(leader)) !== "gone");
        settled.mockReturnValue(false);
        expect(await b.presenceOf(leader)).toBe("there");
      });

      it("cost Redis few commands by their bids, and the others fewer", async () => {
        await a.campaign(bidOf("a"));
        const { stores } = await follow(3);
        const [first, , third] = stores;
        if (!first || !third) throw new Error("three followers were opened");
        expect(await fixture.countCommands(() => isWatcher(first, "f0"))).toBeLessThanOrEqual(13);
        expect(await fixture.countCommands(() => isWatcher(third, "f2"))).toBeLessThanOrEqual(11);
      });
    });

    it("wakes at a release and at an election", async () => {
      const changes = changesOf(b);
      const bid = bidOf("a");
      const elected = changes.next();
      await a.campaign(bid);
      await elected;
      const released = changes.next();
      await a.release(bid, "resigned");
      await released;
      changes.end();
    });

    it("keeps on record how a term ended, also when a renewal was under way", async () => {
      const bid = bidOf("a");
      await a.campaign(bid);
      const renewing = a.renew(bid);
      await a.release(bid, "resigned");
      await renewing.catch(() => undefined);
      expect(await b.campaign(bidOf("b"))).toMatchObject({ outcome: "elected", reason: "resigned" });
    });

    describe("and the generation of the configuration", () => {
      /** The replica leads with its generation for long enough. */
      async function prove(store: Election, bid: Bid) {
        expect(await store.campaign(bid)).toMatchObject({ outcome: "elected" });
        expect(await store.renew({ ...bid, isProven: true })).toBe("renewed");
      }

      /** The replica is elected and dies; another one, which takes over, finds it gone. */
      async function crash(generation: number, successor: Election, bid: Bid) {
        const name = `crashes-${Math.random()}`;
        const store = await fixture.open(name);
        const outcome = await store.campaign(bidOf(name, LONG_TTL_MS, generation));
        if (outcome.outcome !== "elected") throw new Error(`not elected: ${JSON.stringify(outcome)}`);
        fixture.vanish(store);
        for (;;) {
          const found = await successor.campaign(bid);
          if (found.outcome === "held" && found.presence === "gone") break;
        }
        return { ...bid, takeOver: outcome.term };
      }

      it("tells a leader that a replica of a newer one wishes to lead", async () => {
        const old = bidOf("a", LONG_TTL_MS, 1);
        await a.campaign(old);
        expect(await a.renew(old)).toBe("renewed");
        expect(await b.campaign(bidOf("b", LONG_TTL_MS, 2))).toMatchObject({ outcome: "held" });
        expect(await a.renew(old)).toBe("outdated");
      });

      it("gives a lease that an older one gave back to the newer one that wishes it", async () => {
        const old = bidOf("a", LONG_TTL_MS, 1);
        await a.campaign(old);
        await b.campaign(bidOf("b", LONG_TTL_MS, 2));
        await a.renew(old);
        await a.release(old, "resigned");
        expect((await a.campaign(bidOf("a", LONG_TTL_MS, 1))).outcome).not.toBe("elected");
        expect(await b.campaign(bidOf("b", LONG_TTL_MS, 2))).toMatchObject({ outcome: "elected", term: 2 });
      });

      it("grants older ones no lease any more once a newer one is proven, whoever is there", async () => {
        const newer = bidOf("b", LONG_TTL_MS, 2);
        await prove(b, newer);
        await b.release(newer, "resigned");
        await b.withdraw();
        expect(await a.campaign(bidOf("a", LONG_TTL_MS, 1))).toEqual({ outcome: "outdated", newest: 2 });
        expect(await a.campaign(bidOf("a", LONG_TTL_MS, 2))).toMatchObject({ outcome: "elected", term: 2 });
      });

      it("lets an older one lead again after a newer one that was not proven", async () => {
        const newer = bidOf("b", LONG_TTL_MS, 2);
        await b.campaign(newer);
        await b.renew(newer);
        await b.release(newer, "resigned");
        await b.withdraw();
        expect(await a.campaign(bidOf("a", LONG_TTL_MS, 1))).toMatchObject({ outcome: "elected", term: 2 });
      });

      it("makes a leader yield to a newer one that failed only after a while, each time twice as long", async () => {
        const old = bidOf("a", LONG_TTL_MS, 1);
        await prove(a, old);
        await a.release(old, "resigned");
        const backOffs: number[] = [];
        for (let failure = 1; failure <= 5; failure++) {
          const takeOver = await crash(2, a, bidOf("a", LONG_TTL_MS, 1));
          expect(await a.campaign(takeOver)).toMatchObject({ outcome: "elected", reason: "crashed" });
          expect(await b.campaign(bidOf("b", LONG_TTL_MS, 2))).toMatchObject({ outcome: "held" });
          expect(await a.renew(takeOver)).toBe("renewed");
          backOffs.push(await fixture.backOffMs(2));
          await fixture.endBackOff(2);
          expect(await a.renew(takeOver)).toBe("outdated");
          await a.release(takeOver, "resigned");
          await b.withdraw();
        }
        expect(backOffs.map(ms => Math.ceil(ms / 10_000) * 10)).toEqual([30, 60, 120, 240, 300]);
      });

      it("passes a failed generation over while another one is there, and lets it lead when none is", async () => {
        const old = bidOf("a", LONG_TTL_MS, 1);
        await prove(a, old);
        await a.release(old, "resigned");
        const takeOver = await crash(2, a, bidOf("a", LONG_TTL_MS, 1));
        await a.campaign(takeOver);
        const third = await fixture.open("third");
        await third.campaign(bidOf("third", LONG_TTL_MS, 1));
        await a.release(takeOver, "resigned");
        await third.withdraw();
        const again = bidOf("b", LONG_TTL_MS, 2);
        expect(await b.campaign(again)).toMatchObject({ outcome: "passed over", inFavourOf: 1 });
        await fixture.forgetBids(1);
        expect(await b.campaign(again)).toMatchObject({ outcome: "elected" });
      });

      it("leaves the lease of a leader that is gone to the one that goes before its own", async () => {
        const takeOver = await crash(2, b, bidOf("b", LONG_TTL_MS, 2));
        const other = { ...bidOf("a", LONG_TTL_MS, 1), takeOver: takeOver.takeOver };
        await a.campaign({ ...other, takeOver: 0 });
        expect((await b.campaign(takeOver)).outcome).not.toBe("elected");
        expect(await a.campaign(other)).toMatchObject({ outcome: "elected", term: 2, reason: "crashed" });
        expect(await fixture.backOffMs(2)).toBeGreaterThan(0);
      });

      it("counts a newer one that a leader yielded to, and that did not come, as failed", async () => {
        const old = bidOf("a", LONG_TTL_MS, 1);
        await a.campaign(old);
        await b.campaign(bidOf("b", LONG_TTL_MS, 2));
        expect(await a.renew(old)).toBe("outdated");
        await a.release(old, "resigned");
        await b.withdraw();
        await fixture.forgetBids(2);
        const next = bidOf("a", LONG_TTL_MS, 1);
        expect(await a.campaign(next)).toMatchObject({ outcome: "elected" });
        await b.campaign(bidOf("b", LONG_TTL_MS, 2));
        expect(await a.renew(next)).toBe("renewed");
        expect(await fixture.backOffMs(2)).toBeGreaterThan(0);
      });

      it("forgets failures when the generation is proven after all", async () => {
        const takeOver = await crash(2, b, bidOf("b", LONG_TTL_MS, 2));
        await prove(b, takeOver);
        expect(await fixture.backOffMs(2)).toBe(0);
        await b.release(takeOver, "resigned");
        expect(await a.campaign(bidOf("a", LONG_TTL_MS, 1))).toEqual({ outcome: "outdated", newest: 2 });
      });

      it("lets an older one see who leads, and not take over from a leader that is gone", async () => {
        await prove(b, bidOf("b", LONG_TTL_MS, 2));
        fixture.vanish(b);
        const old = bidOf("a", LONG_TTL_MS, 1);
        expect(await a.campaign(old)).toMatchObject({ outcome: "held", leader: { replica: "b", term: 1 } });
        const takeOver = { ...old, takeOver: 1 };
        for (let i = 0; i < 3; i++) {
          expect(await a.campaign(takeOver)).toMatchObject({
            outcome: "held",
            leader: { replica: "b", term: 1 },
          });
        }
      });

      it("wakes the leader when a newer one is announced", async () => {
        await a.campaign(bidOf("a", LONG_TTL_MS, 1));
        const woken = new Promise<void>(resolve => a.onChange(resolve));
        await b.campaign(bidOf("b", LONG_TTL_MS, 2));
        await woken;
      });

      it("grants the same generation to anybody", async () => {
        const first = bidOf("a", LONG_TTL_MS, 7);
        await a.campaign(first);
        await a.release(first, "resigned");
        expect(await b.campaign(bidOf("b", LONG_TTL_MS, 7))).toMatchObject({ outcome: "elected", term: 2 });
      });
    });
  });
}

export interface FixtureOptions {
  readonly redisUrl: string;
  readonly name?: string;
  /** One replica's election; its connections to Redis are closed by the fixture. */
  readonly create: (parts: TermRegisterOptions) => Election;
  /** Whether any replica holds the lease. */
  readonly isHeld: (redis: Redis, keys: RedisKeys) => Promise<boolean>;
  readonly close?: () => void;
}

/** The fixture of an election whose terms are in a real Redis. */
export async function electionFixture(options: FixtureOptions) {
  const { redisUrl, name = namespace(), create, isHeld, close } = options;
  const keys = redisKeys(name);
  const plain = await openRedis(redisUrl, "plain");
  const replicas = new Map<Election, OpenElection>();
  const openUnseen = async (replica: string) => {
    const opened = await openElection({ redisUrl, namespace: name, replica, create });
    replicas.set(opened.store, opened);
    return opened;
  };
  return {
    keys,
    plain,
    openUnseen,
    async open(replica: string) {
      const { store, appear } = await openUnseen(replica);
      await appear();
      return store;
    },
    vanish: (store: Election) => replicas.get(store)?.close(),
    hide: (store: Election) => replicas.get(store)?.hide(),
    readFence: () => plain.get(keys.term),
    deleteRecord: () => plain.del(keys.leader),
    putBackTerm: (term: number) => plain.hset(keys.lineage, "term", term),
    async backOffMs(generation: number) {
      const [, ends] = ((await plain.hget(keys.generations, `failed:${generation}`)) ?? "0 0").split(" ");
      return Math.max(Number(ends) - (await readTimeMs(plain)), 0);
    },
    async endBackOff(generation: number) {
      const [count] = ((await plain.hget(keys.generations, `failed:${generation}`)) ?? "").split(" ");
      await plain.hset(keys.generations, `failed:${generation}`, `${count} 0`);
    },
    async forgetBids(generation: number) {
      await plain.hdel(keys.generations, `seen:${generation}`);
    },
    async freezeWatchers() {
      const text = (await plain.get(keys.watchers)) ?? "";
      await plain.set(
        keys.watchers,
        text.replace(/^\d+/gm, at => String(Number(at) - 2_500)),
      );
    },
    async countCommands(work: () => Promise<unknown>) {
      await plain.config("RESETSTAT");
      await work();
      const stats = await plain.info("commandstats");
      const calls = [...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)];
      const counted = calls.filter(([, name]) => !/^(config|info|ping|client)\b/.test(name ?? ""));
      return counted.reduce((sum, [, , count]) => sum + Number(count), 0);
    },
    async untilExpired() {
      while (await isHeld(plain, keys));
    },
    async dispose() {
      for (const opened of replicas.values()) opened.close();
      close?.();
      plain.disconnect();
    },
  };
}

/** Wakeups as promises. */
function changesOf(store: Election) {
  let wake: () => void = () => undefined;
  let pending = Promise.withResolvers<void>();
  const end = store.onChange(() => {
    pending.resolve();
    wake();
  });
  return {
    end,
    async next() {
      await pending.promise;
      pending = Promise.withResolvers<void>();
      wake = pending.resolve;
    },
  };
}
