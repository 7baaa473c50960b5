import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Elector } from "../../src/election/elector.ts";
import type { Term } from "../../src/election/term.ts";
import { leaderAbsence } from "../support/leader-absence.ts";
import { realClock } from "../support/real-clock.ts";
import { Recorder } from "../support/recorder.ts";
import type { ElectionFixture } from "./election.ts";

/** Long enough that nothing expires by accident on a busy machine; tests wait for events, not for it. */
const TTL_MS = 6_000;

/** The promises of the elector over real stores, with several replicas at the same time. */
export function electorSuite(name: string, setup: () => Promise<ElectionFixture>): void {
  describe(`elector on ${name}`, () => {
    let fixture: ElectionFixture;
    let electors: Elector[];

    beforeEach(async () => {
      fixture = await setup();
      electors = [];
    });
    afterEach(async () => {
      await Promise.all(electors.map(elector => elector.stop()));
      await fixture.dispose();
    });

    async function replica(id: string, leaseTtlMs = TTL_MS, generation = 0) {
      const recorder = new Recorder();
      const terms: Term[] = [];
      const store = await fixture.open(id);
      const clock = realClock();
      const elector = new Elector({
        store,
        clock,
        absence: leaderAbsence(clock, recorder.events, leaseTtlMs),
        events: recorder.events,
        replica: id,
        generation,
        leaseTtlMs,
        runTerm: term => {
          terms.push(term);
          return new Promise(resolve => term.signal.addEventListener("abort", () => resolve("ended")));
        },
      });
      electors.push(elector);
      elector.start();
      return { id, elector, store, recorder, terms };
    }

    /** Three replicas, the first of which leads. */
    async function startGroup({ leaseTtlMs = TTL_MS } = {}) {
      const leader = await replica("a", leaseTtlMs);
      await leader.recorder.when("leader.elected");
      const followers = [await replica("b", leaseTtlMs), await replica("c", leaseTtlMs)];
      await Promise.all(followers.map(follower => follower.recorder.when("leader.observed")));
      return { leader, followers };
    }

    it("elects one of three, and the others name it", async () => {
      const { leader, followers } = await startGroup();
      expect(leader.recorder.of("leader.elected")).toMatchObject([
        { term: 1, reason: "vacant", reasonCode: "vacant" },
      ]);
      for (const follower of followers) {
        expect(follower.recorder.of("leader.observed")).toMatchObject([
          { leader: "a", term: 1, cause: "first" },
        ]);
        expect(follower.recorder.of("leader.elected")).toEqual([]);
      }
    });

    it("hands over when the leader stops; the successor knows from whom and why", async () => {
      const { leader, followers } = await startGroup();
      const successor = Promise.race(followers.map(follower => follower.recorder.when("leader.elected")));
      await leader.elector.stop();
      expect(await successor).toMatchObject({
        term: 2,
        reason: "resigned",
        reasonCode: "resigned",
        previous: "a",
      });
      expect(leader.recorder.of("leader.resigned")).toMatchObject([
        { term: 1, reason: "shutdown", reasonCode: "shutdown" },
      ]);
    });

    it("replaces a leader whose process is gone long before its lease ends", async () => {
      const { leader, followers } = await startGroup({ leaseTtlMs: 60_000 });
      const successor = Promise.race(followers.map(follower => follower.recorder.when("leader.elected")));
      fixture.vanish(leader.store);
      expect(await successor).toMatchObject({
        term: 2,
        reason: "crashed",
        reasonCode: "crashed",
        previous: "a",
      });
    });

    it("aborts the term before the next one is opened, when the leader steps down", async () => {
      const { leader, followers } = await startGroup();
      const wasAborted = Promise.race(
        followers.map(async follower => {
          await follower.recorder.when("leader.elected");
          return leader.terms[0]?.signal.aborted;
        }),
      );
      leader.elector.stepDown("stepdown");
      expect(await wasAborted).toBe(true);
    });

    it("lets every follower name the new leader after a handoff", async () => {
      const { leader, followers } = await startGroup();
      await leader.elector.stop();
      const [b, c] = followers;
      if (!b || !c) throw new Error("three replicas were started");
      const winner = await Promise.race(
        [b, c].map(async one => {
          await one.recorder.when("leader.elected");
          return one;
        }),
      );
      const other = winner === b ? c : b;
      await other.recorder.when("leader.observed", event => event.leader === winner.id && event.term === 2);
    });

    it("never has two terms with one number, whatever the order of stops", async () => {
      const replicas = await Promise.all(["a", "b", "c", "d"].map(id => replica(id)));
      for (let handoff = 0; handoff < 3; handoff++) {
        const leading = await Promise.race(
          replicas
            .filter(one => electors.includes(one.elector))
            .map(async one => {
              await one.recorder.when("leader.elected");
              return one;
            }),
        );
        electors = electors.filter(elector => elector !== leading.elector);
        await leading.elector.stop();
      }
      const terms = replicas.flatMap(one => one.recorder.of("leader.elected").map(event => event.term));
      expect(new Set(terms).size).toBe(terms.length);
      for (const one of replicas) {
        const own = one.terms.map(term => term.number);
        expect(own).toEqual(own.toSorted((x, y) => x - y));
      }
    });

    it("keeps its term over several TTLs by renewing it", async () => {
      const { leader } = await startGroup();
      const store = await fixture.open("observer");
      const startedMs = performance.now();
      while (performance.now() - startedMs < 2 * TTL_MS) {
        expect(await store.current()).toMatchObject({ replica: "a", term: 1 });
        await new Promise(resolve => setImmediate(resolve));
      }
      expect(leader.recorder.of("leader.lost")).toEqual([]);
    });

    it("hands over to a newer configuration as soon as it is there, and back when that ends before it is proven", async () => {
      const old = await replica("old", TTL_MS, 1);
      await old.recorder.when("leader.elected");
      const newer = await replica("newer", TTL_MS, 2);
      const elected = await newer.recorder.when("leader.elected");
      expect(elected).toMatchObject({ reason: "resigned", previous: "old" });
      expect(await old.recorder.when("leader.resigned")).toMatchObject({
        term: 1,
        reason: "generation",
        reasonCode: "generation",
      });
      await old.recorder.when("leader.observed");
      fixture.vanish(newer.store);
      const again = await old.recorder.when("leader.elected", ({ term }) => term > 1);
      expect(again).toMatchObject({ reason: "crashed", previous: "newer" });
      expect(await fixture.backOffMs(2)).toBeGreaterThan(0);
    });

    it("lets an old replica lead again when it has been given the newer configuration", async () => {
      const old = await replica("old", TTL_MS, 1);
      await old.recorder.when("leader.elected");
      const newer = await replica("newer", TTL_MS, 2);
      await newer.recorder.when("leader.elected");
      old.elector.setGeneration(2);
      await newer.elector.stop();
      await old.recorder.when("leader.elected", ({ previous }) => previous === "newer");
    });
  });
}
